"""`fairlane functions`: what runs the tasks of a type."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from fairlane_cli.command import command
from fairlane_cli.commands.sample_functions import lambda_name, sample_names
from fairlane_cli.failures import CliError
from fairlane_cli.inputs import given, merged
from fairlane_cli.output import Columns
from fairlane_cli.session import Access, Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlane_client.models import FunctionSpec, FunctionTarget

app = typer.Typer(help="What runs the tasks of a type.", no_args_is_help=True)

TaskType = Annotated[str, typer.Argument(metavar="TYPE", help="The type of the events that it is for.")]

COLUMNS: Columns = {
    "type": lambda function: function["type"],
    "target": lambda function: _told(function["target"]),
    "timeout": lambda function: function["timeout"],
    "attempts": lambda function: function["retry"].get("max_attempts"),
    "lane": lambda function: function.get("lane"),
    "concurrency": lambda function: function.get("concurrency"),
    "paused": lambda function: function.get("paused_at"),
    "updated": lambda function: function["updated_at"],
}


@command(app, "list", Access.TENANT)
def list_functions(session: Session) -> None:
    """All functions of the tenant."""
    empty = "No functions yet: fairlane functions put TYPE --lambda NAME, or --http URL"
    session.output.items(list(session.client.list_functions()), COLUMNS, empty=empty)


@command(app, "show", Access.TENANT)
def show(session: Session, task_type: TaskType) -> None:
    """One function, in full."""
    session.output.document(session.client.get_function(task_type))


@command(app, "put", Access.TENANT)
def put(  # noqa: PLR0913 - every parameter is an option of the command
    session: Session,
    task_type: TaskType,
    *,
    function: Annotated[
        str | None, typer.Option("--lambda", metavar="NAME", help="Lambda function, name or ARN.")
    ] = None,
    http: Annotated[
        str | None, typer.Option("--http", metavar="URL", help="An endpoint that is sent the event by POST.")
    ] = None,
    state_machine: Annotated[
        str | None, typer.Option("--state-machine", metavar="ARN", help="A Step Functions state machine.")
    ] = None,
    sample: Annotated[
        str | None, typer.Option(help="A sample of the local stack, such as echo.", autocompletion=sample_names)
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="S", help="Seconds. Default: the Lambda's own; 30 for HTTP.")
    ] = None,
    deferred: Annotated[
        bool, typer.Option("--deferred", help="It is only started, and calls back when it is done.")
    ] = False,
    heartbeat_timeout: Annotated[
        float | None, typer.Option(metavar="S", help="Deferred: without a heartbeat for so long it is over.")
    ] = None,
    max_attempts: Annotated[int | None, typer.Option(help="Including the first. Default: 3.")] = None,
    retry_base: Annotated[
        float | None, typer.Option(metavar="S", help="Backoff of the first retry, in seconds.")
    ] = None,
    retry_cap: Annotated[float | None, typer.Option(metavar="S", help="The longest backoff, in seconds.")] = None,
    non_retryable: Annotated[
        list[str] | None, typer.Option(metavar="ERROR", help="An error type that ends a task at once. May be repeated.")
    ] = None,
    lane: Annotated[str | None, typer.Option(help="The lane of its tasks. Default: default.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="Most attempts at once. Default: no limit.")] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="The whole document as JSON; - is stdin.")] = None,
) -> None:
    """Register what runs a task type, or replace it: what is left out gets its default."""
    mode = "deferred" if deferred else None
    options = given(timeout=timeout, lane=lane, mode=mode, heartbeat_timeout=heartbeat_timeout, concurrency=concurrency)
    spec = merged(file, options)
    target = _target(lambda_name(session, function, sample), http, state_machine)
    if target:
        spec["target"] = target
    if "target" not in spec:
        remedy = "--lambda NAME, --http URL, --state-machine ARN, --sample NAME (local stack), or --file with a target"
        raise CliError("What is to run it?", remedy)
    retry = given(max_attempts=max_attempts, base=retry_base, cap=retry_cap, non_retryable=non_retryable)
    if retry:
        spec["retry"] = {**spec.get("retry", {}), **retry}
    session.output.document(session.client.put_function(task_type, cast("FunctionSpec", spec)))


def _target(function: str | None, url: str | None, machine: str | None) -> "FunctionTarget | None":
    targets: list[FunctionTarget] = []
    if function:
        targets.append({"lambda": function})
    if url:
        targets.append({"http": {"url": url}})
    if machine:
        targets.append({"state_machine": machine})
    if len(targets) > 1:
        raise CliError("A function has one target.", "--lambda NAME, --sample NAME, --http URL or --state-machine ARN")
    return targets[0] if targets else None


def _told(target: "Mapping[str, Any]") -> object:
    return target.get("lambda") or target.get("http", {}).get("url") or target.get("state_machine") or target


@command(app, "delete", Access.TENANT)
def delete(session: Session, task_type: TaskType) -> None:
    """Forget what runs a task type: events of that type are refused from then on."""
    left = session.client.delete_function(task_type)
    session.output.document(left or {"type": task_type, "status": "deleted"})


@command(app, "pause", Access.TENANT)
def pause(session: Session, task_type: TaskType) -> None:
    """Start no more tasks of a type. Submitting goes on."""
    session.output.document(session.client.pause_function(task_type))


@command(app, "resume", Access.TENANT)
def resume(session: Session, task_type: TaskType) -> None:
    """Go on with a type."""
    session.output.document(session.client.resume_function(task_type))
