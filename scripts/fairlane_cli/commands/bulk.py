"""`fairlane tasks bulk` and `fairlane operations`: cancel or redo all tasks that match."""

from typing import Annotated, cast

import typer

from fairlane_cli.command import command
from fairlane_cli.failures import ExitCode
from fairlane_cli.inputs import given
from fairlane_cli.moments import in_past
from fairlane_cli.session import Access, Session
from fairlane_client.models import Operation, OperationAction, OperationFilter, TaskStatus

bulk = typer.Typer(help="Cancel or redo all tasks that match.", no_args_is_help=True)
operations = typer.Typer(help="What was started for all tasks that match.", no_args_is_help=True)

#: Seconds between two looks.
LOOK_S = 1.0

StatusOption = Annotated[TaskStatus | None, typer.Option(metavar="STATUS", help="Only tasks of this status.")]
TypeOption = Annotated[str | None, typer.Option("--type", help="Only tasks of this type.")]
LaneOption = Annotated[str | None, typer.Option(help="Only tasks of this lane.")]
SourceOption = Annotated[str | None, typer.Option(help="Only tasks of events of this source.")]
Since = Annotated[str | None, typer.Option(metavar="WHEN", help="Created after: 10m, 2h, 1d, or a time.")]
Until = Annotated[str | None, typer.Option(metavar="WHEN", help="Created before.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it is done, and show how far it is.")]
Id = Annotated[str, typer.Argument(metavar="ID")]


@command(bulk, "cancel", Access.TENANT)
def cancel(  # noqa: PLR0913 - every parameter is an option of the command
    session: Session,
    *,
    status: StatusOption = None,
    task_type: TypeOption = None,
    lane: LaneOption = None,
    source: SourceOption = None,
    since: Since = None,
    until: Until = None,
    wait: Wait = False,
) -> None:
    """Cancel every task that has not ended and matches."""
    where = _filter(session, since, until, status=status, type=task_type, lane=lane, source=source)
    _start(session, "cancel", where, wait=wait)


@command(bulk, "redo", Access.TENANT)
def redo(  # noqa: PLR0913 - every parameter is an option of the command
    session: Session,
    *,
    status: StatusOption = None,
    task_type: TypeOption = None,
    lane: LaneOption = None,
    source: SourceOption = None,
    since: Since = None,
    until: Until = None,
    wait: Wait = False,
) -> None:
    """Run the events of ended tasks that match again; without --status of those that failed."""
    where = _filter(session, since, until, status=status, type=task_type, lane=lane, source=source)
    _start(session, "redo", where, wait=wait)


@command(operations, "show", Access.TENANT)
def show(session: Session, operation_id: Id, *, wait: Wait = False) -> None:
    """One operation, and how far it is."""
    _show(session, session.client.get_operation(operation_id), wait=wait)


@command(operations, "cancel", Access.TENANT)
def stop(session: Session, operation_id: Id) -> None:
    """Stop an operation; what it has done stays done."""
    session.output.document(session.client.cancel_operation(operation_id))


def _filter(session: Session, since: str | None, until: str | None, **conditions: str | None) -> OperationFilter:
    now = session.wiring.now()
    times = given(created_after=since and in_past(since, now), created_before=until and in_past(until, now))
    return cast("OperationFilter", given(**conditions) | times)


def _start(session: Session, action: OperationAction, where: OperationFilter, *, wait: bool) -> None:
    _show(session, session.client.start_operation(action, where), wait=wait)


def _show(session: Session, operation: Operation, *, wait: bool) -> None:
    """Exit code 6 when it was waited for and something could not be done."""
    while wait and operation["status"] == "running":
        session.output.note(f"{operation['matched']} found, {operation['done']} done, {operation['failed']} not")
        session.wiring.sleep(LOOK_S)
        operation = session.client.get_operation(operation["id"])
    session.output.document(operation)
    if wait and (operation["status"] != "done" or operation["failed"]):
        raise typer.Exit(ExitCode.UNSUCCESSFUL)
