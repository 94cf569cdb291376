"""`fairlane deliveries`: results that a subscription did not take."""

from typing import Annotated

import typer

from fairlane_cli.command import command
from fairlane_cli.failures import CliError
from fairlane_cli.inputs import given
from fairlane_cli.output import Columns
from fairlane_cli.session import Access, Session
from fairlane_client.models import DeliveryFilter, Redrive, RedriveSpec

app = typer.Typer(help="Results that a subscription did not take.", no_args_is_help=True)

Of = Annotated[str | None, typer.Option("--subscription", metavar="NAME", help="Only this subscription's.")]
Task = Annotated[str | None, typer.Option(metavar="ID", help="Only this task's.")]

COLUMNS: Columns = {
    "id": lambda delivery: delivery["id"],
    "status": lambda delivery: delivery["status"],
    "attempts": lambda delivery: delivery["attempts"],
    "error": lambda delivery: delivery["error"],
}


@command(app, "list", Access.TENANT)
def list_deliveries(
    session: Session,
    *,
    subscription: Of = None,
    task: Task = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that were sent again.")] = False,
) -> None:
    """What was given up, the newest first."""
    filters: DeliveryFilter = _filter(subscription, task)
    if not every:
        filters["status"] = "failed"
    items = list(session.client.list_deliveries(**filters))
    session.output.items(items, COLUMNS, empty="Every subscription has taken its results.")


@command(app, "redrive", Access.TENANT)
def redrive(
    session: Session,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Certain ones.")] = None,
    *,
    subscription: Of = None,
    task: Task = None,
    every: Annotated[bool, typer.Option("--all", help="All that failed.")] = False,
) -> None:
    """Send again what was given up, to the one subscription alone."""
    filters = _filter(subscription, task)
    if sum(map(bool, (ids, filters, every))) != 1:
        raise CliError("Which ones? Give ids, or --subscription or --task, or --all.")
    spec: RedriveSpec = {"ids": ids} if ids else {"filter": filters}
    session.output.document(_until_done(session, spec))


def _filter(subscription: str | None, task: str | None) -> DeliveryFilter:
    filters: DeliveryFilter = given(subscription=subscription, task=task)  # type: ignore[assignment] # a subset of it
    return filters


def _until_done(session: Session, spec: RedriveSpec) -> Redrive:
    """One request sends what it has time for; the answer of all together."""
    total = session.client.redrive_page(spec)
    while total["status"] == "running":
        session.output.note(f"{total['done']} sent again")
        answer = session.client.redrive_page({**spec, "cursor": total["cursor"]})
        for name in ("matched", "done", "failed"):
            answer[name] += total[name]
        total = answer
    return total
