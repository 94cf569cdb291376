"""`fairlane lanes`: a tenant's queues, and what is in them."""

from typing import Annotated

import typer

from fairlane_cli.command import command
from fairlane_cli.output import Columns
from fairlane_cli.session import Access, Session

app = typer.Typer(help="The tenant's queues, and what is in them.", no_args_is_help=True)

COLUMNS: Columns = {
    "lane": lambda lane: lane["lane"],
    "status": lambda lane: lane["status"],
    "depth": lambda lane: lane["depth"],
    "running": lambda lane: lane["running"],
    "oldest (s)": lambda lane: lane["oldest_age"],
    "concurrency": lambda lane: lane.get("concurrency"),
}


@command(app, "list", Access.TENANT)
def list_lanes(session: Session) -> None:
    """All lanes of the tenant."""
    session.output.items(list(session.client.list_lanes()), COLUMNS, empty="No lanes.")


@command(app, "show", Access.TENANT)
def show(session: Session, lane: Annotated[str, typer.Argument(metavar="LANE")] = "default") -> None:
    """One lane, in full."""
    session.output.document(session.client.get_lane(lane))
