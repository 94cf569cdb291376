"""`fairlane tasks`: what became of events."""

from typing import Annotated, Any, cast

import typer

from fairlane_cli.command import command
from fairlane_cli.commands.task_view import COLUMNS, columns_for_people, print_task
from fairlane_cli.commands.watch import TaskSource, watch_tasks
from fairlane_cli.failures import CliError, ExitCode
from fairlane_cli.inputs import given
from fairlane_cli.moments import in_past
from fairlane_cli.session import Access, Session
from fairlane_client.models import Task, TaskFilter, TaskStatus

app = typer.Typer(help="What became of events.", no_args_is_help=True)

_PAGE = 100

Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many, at most.")]
StatusOption = Annotated[
    TaskStatus | None, typer.Option(metavar="STATUS", help="Only tasks of this status, such as queued or failed.")
]
TypeOption = Annotated[str | None, typer.Option("--type", help="Only tasks of this type.")]
LaneOption = Annotated[str | None, typer.Option(help="Only tasks of this lane.")]


@command(app, "list", Access.TENANT)
def list_tasks(  # noqa: PLR0913 - every parameter is an option of the command
    session: Session,
    *,
    status: StatusOption = None,
    task_type: TypeOption = None,
    lane: LaneOption = None,
    source: Annotated[str | None, typer.Option(help="Only tasks of events of this source.")] = None,
    since: Annotated[str | None, typer.Option(metavar="WHEN", help="Created after: 10m, 2h, 1d, or a time.")] = None,
    until: Annotated[str | None, typer.Option(metavar="WHEN", help="Created before.")] = None,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="Instead of newest first.")] = False,
    limit: Limit = 20,
    cursor: Annotated[str | None, typer.Option(help="Go on where an earlier list ended.")] = None,
) -> None:
    """Tasks, newest first."""
    now = session.wiring.now()
    filters = given(
        status=status,
        type=task_type,
        lane=lane,
        source=source,
        created_after=since and in_past(since, now),
        created_before=until and in_past(until, now),
        order="asc" if oldest_first else None,
    )
    found, following = _gather(session, cast("TaskFilter", filters), limit, cursor)
    columns = columns_for_people(now) if session.output.for_people else COLUMNS
    session.output.items(found, columns, empty="No such tasks.", cursor=following)
    if following and session.output.for_people:
        session.output.note(f"There are more: --cursor {following}, or --limit")


def _gather(session: Session, filters: TaskFilter, limit: int, cursor: str | None) -> tuple[list[Task], str | None]:
    """As many pages as `limit` needs, and the cursor after them. Never asks for more than it gives."""
    found: list[Task] = []
    while True:
        page = session.client.task_page(limit=min(_PAGE, limit - len(found)), cursor=cursor, **filters)
        found += page["items"]
        cursor = page["cursor"]
        if cursor is None or len(found) >= limit:
            return found, cursor


@command(app, "show", Access.TENANT)
def show(
    session: Session,
    task_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")] = False,
    timeout: Annotated[float | None, typer.Option(metavar="S", help="With --wait: at most so many seconds.")] = None,
) -> None:
    """One task, in full, with its timeline. With --wait: exit code 6 unless it succeeds."""
    if not wait:
        print_task(session.output, session.client.get_task(task_id))
        return
    task = session.client.wait_for_task(task_id, timeout_s=timeout)
    print_task(session.output, task)
    if task["status"] != "succeeded":
        raise typer.Exit(ExitCode.UNSUCCESSFUL)


@command(app, "cancel", Access.TENANT)
def cancel(session: Session, task_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """End a task as cancelled, now. What a running attempt comes to is discarded."""
    print_task(session.output, session.client.cancel_task(task_id))


@command(app, "redo", Access.TENANT)
def redo(
    session: Session,
    task_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    once: Annotated[str | None, typer.Option("--once", metavar="KEY", help="The same key redoes it only once.")] = None,
) -> None:
    """Run an ended task's event again, as a new task."""
    session.output.document(session.client.redo_task(task_id, idempotency_key=once))


@command(app, "watch", Access.TENANT)
def watch(  # noqa: PLR0913 - every parameter is an option of the command
    session: Session,
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Default: the newest tasks.")] = None,
    *,
    status: StatusOption = None,
    task_type: TypeOption = None,
    lane: LaneOption = None,
    limit: Limit = 20,
    interval: Annotated[float, typer.Option(metavar="S", min=0.1, help="Seconds between two looks.")] = 1.0,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="Stop when all that is shown has ended.")] = False,
) -> None:
    """Watch tasks live. Piped, or with --json: a line for each change.

    With ids it stops when they all have ended, with exit code 6 unless all have succeeded.
    """
    filters: dict[str, Any] = given(status=status, type=task_type, lane=lane)
    if ids and filters:
        raise CliError("Give either ids or filters.")
    if limit > _PAGE:
        raise CliError(f"At most {_PAGE} tasks can be watched.")
    source = TaskSource(session.client, ids or [], cast("TaskFilter", filters), limit)
    watched = watch_tasks(session, source, interval_s=interval, until_idle=until_idle or bool(ids))
    if ids and any(task["status"] != "succeeded" for task in watched):
        raise typer.Exit(ExitCode.UNSUCCESSFUL)
