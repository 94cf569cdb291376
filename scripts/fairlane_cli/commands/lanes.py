"""`fairlane lanes`: a tenant's queues, their flow control, and what is in them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from fairlane_cli.command import command
from fairlane_cli.inputs import given, merged
from fairlane_cli.output import Columns
from fairlane_cli.session import Access, Session

if TYPE_CHECKING:
    from fairlane_client.models import LaneSpec

app = typer.Typer(help="The tenant's queues, their flow control, and what is in them.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="LANE", help="Lower-case letters, digits and -, up to 63.")]

COLUMNS: Columns = {
    "lane": lambda lane: lane["lane"],
    "status": lambda lane: lane["status"],
    "depth": lambda lane: lane["depth"],
    "running": lambda lane: lane["running"],
    "oldest (s)": lambda lane: lane["oldest_age"],
    "concurrency": lambda lane: lane.get("concurrency"),
    "rate (1/s)": lambda lane: lane.get("rate"),
    "burst": lambda lane: lane.get("burst"),
    "weight": lambda lane: lane.get("weight"),
    "ordered": lambda lane: "yes" if lane.get("ordered") else None,
}


@command(app, "list", Access.TENANT)
def list_lanes(session: Session) -> None:
    """All lanes of the tenant."""
    session.output.items(list(session.client.list_lanes()), COLUMNS, empty="No lanes.")


@command(app, "show", Access.TENANT)
def show(session: Session, lane: Name = "default") -> None:
    """One lane, in full."""
    session.output.document(session.client.get_lane(lane))


@command(app, "put", Access.TENANT)
def put(  # noqa: PLR0913 - every parameter is an option of the command
    session: Session,
    lane: Name,
    *,
    concurrency: Annotated[int | None, typer.Option(help="Most attempts at once. Default: no limit.")] = None,
    rate: Annotated[float | None, typer.Option(metavar="N", help="Starts per second. Default: no limit.")] = None,
    burst: Annotated[int | None, typer.Option(help="Starts at once before the rate applies.")] = None,
    weight: Annotated[float | None, typer.Option(metavar="N", help="Its share where capacity is short.")] = None,
    ordered: Annotated[
        bool, typer.Option("--ordered", help="Tasks of one partitionkey one after the other, in order.")
    ] = False,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="The whole document as JSON; - is stdin.")] = None,
) -> None:
    """Make a lane, or replace its settings: what is left out gets its default."""
    fields = given(concurrency=concurrency, rate=rate, burst=burst, weight=weight, ordered=ordered or None)
    session.output.document(session.client.put_lane(lane, cast("LaneSpec", merged(file, fields))))


@command(app, "delete", Access.TENANT)
def delete(session: Session, lane: Name) -> None:
    """Delete a lane: what is in it runs, new tasks are refused."""
    left = session.client.delete_lane(lane)
    session.output.document(left or {"lane": lane, "status": "deleted"})


@command(app, "pause", Access.TENANT)
def pause(session: Session, lane: Name) -> None:
    """Start no more tasks of a lane. Submitting goes on."""
    session.output.document(session.client.pause_lane(lane))


@command(app, "resume", Access.TENANT)
def resume(session: Session, lane: Name) -> None:
    """Go on with a lane."""
    session.output.document(session.client.resume_lane(lane))
