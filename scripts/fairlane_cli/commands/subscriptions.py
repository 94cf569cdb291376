"""`fairlane subscriptions`: who is told how tasks end."""

from pathlib import Path
from typing import Annotated, cast

import typer

from fairlane_cli.command import command
from fairlane_cli.commands.sample_functions import lambda_name, sample_names
from fairlane_cli.failures import CliError
from fairlane_cli.inputs import json_object, merged
from fairlane_cli.output import Columns
from fairlane_cli.session import Access, Session
from fairlane_client.models import ENDS, SubscriptionSpec

app = typer.Typer(help="Who is told how tasks end.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME")]


def _target_text(value: object) -> str:
    return str(next(iter(value.values())) if isinstance(value, dict) else value)


COLUMNS: Columns = {
    "name": lambda subscription: subscription["name"],
    "status": lambda subscription: subscription.get("status"),
    "target": lambda subscription: " ".join(map(_target_text, subscription["target"].values())),
    "pattern": lambda subscription: subscription["pattern"],
}


@command(app, "list", Access.TENANT)
def list_subscriptions(session: Session) -> None:
    """All subscriptions of the tenant."""
    empty = "No subscriptions yet: fairlane subscriptions put NAME --sqs ARN"
    session.output.items(list(session.client.list_subscriptions()), COLUMNS, empty=empty)


@command(app, "show", Access.TENANT)
def show(session: Session, name: Name) -> None:
    """One subscription, in full."""
    session.output.document(session.client.get_subscription(name))


@command(app, "put", Access.TENANT)
def put(  # noqa: PLR0913 - every parameter is an option of the command
    session: Session,
    name: Name,
    *,
    sqs: Annotated[str | None, typer.Option(metavar="ARN", help="Send results to this queue.")] = None,
    function: Annotated[
        str | None, typer.Option("--lambda", metavar="NAME", help="Or to this Lambda function.")
    ] = None,
    event_bus: Annotated[str | None, typer.Option(metavar="ARN", help="Or to this event bus.")] = None,
    webhook: Annotated[str | None, typer.Option(metavar="URL", help="Or post them there, signed.")] = None,
    task_type: Annotated[
        str | None, typer.Option("--task", metavar="TYPE", help="Or let each submit a task of that type.")
    ] = None,
    sample: Annotated[
        str | None, typer.Option(help="Or to a sample of the local stack.", autocompletion=sample_names)
    ] = None,
    on: Annotated[
        list[str] | None, typer.Option(metavar="END", help="succeeded, failed ... May be repeated. Default: every end.")
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(metavar="JSON", help="An EventBridge event pattern over detail-type and detail.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="The whole document as JSON; - is stdin.")] = None,
) -> None:
    """Subscribe to result events, or replace a subscription."""
    spec = merged(file, {})
    called = lambda_name(session, function, sample)
    url = {"url": webhook} if webhook else None
    given = {
        "sqs": sqs,
        "lambda": called,
        "event_bus": event_bus,
        "webhook": url,
        "task": {"type": task_type} if task_type else None,
    }
    targets = {kind: value for kind, value in given.items() if value}
    if len(targets) > 1:
        raise CliError("A subscription has one target: give one of them.")
    if targets:
        spec["target"] = targets
    if "target" not in spec:
        raise CliError(
            "Where are results to be sent?", "--sqs ARN, --lambda NAME, --event-bus ARN, --webhook URL, or --file"
        )
    if pattern or on or "pattern" not in spec:
        spec["pattern"] = ending_pattern(pattern, on)
    made = session.client.put_subscription(name, cast("SubscriptionSpec", spec))
    session.output.document(made)
    if "secret" in made:
        session.output.note("The secret signs what is posted. It is not shown again: rotate makes a new one.")


@command(app, "test", Access.TENANT)
def test(session: Session, name: Name) -> None:
    """Send a sample event to the subscription, the way of the results."""
    session.output.document(session.client.test_subscription(name))


@command(app, "rotate", Access.TENANT)
def rotate(session: Session, name: Name) -> None:
    """Give a webhook a new signing secret. The old one signs too for 24 hours."""
    session.output.document(session.client.rotate_subscription(name))
    session.output.note("The secret is not shown again.")


@command(app, "resume", Access.TENANT)
def resume(session: Session, name: Name) -> None:
    """Post to a paused or disabled webhook again."""
    session.output.document(session.client.resume_subscription(name))


@command(app, "delete", Access.TENANT)
def delete(session: Session, name: Name) -> None:
    """Send no more results there."""
    left = session.client.delete_subscription(name)
    session.output.document(left or {"name": name, "status": "deleted"})


def ending_pattern(text: str | None, ends: list[str] | None, task_types: list[str] | None = None) -> dict[str, object]:
    """The pattern of the options: any, or of certain ends and task types."""
    if text and (ends or task_types):
        raise CliError("--on and --pattern both say which results: give one of them.")
    if text:
        return json_object(text, "--pattern")
    unknown = [end for end in ends or () if end not in ENDS]
    if unknown:
        raise CliError(f"No task ends as {unknown[0]!r}.", f"Ends are {', '.join(sorted(ENDS))}.")
    pattern: dict[str, object] = {"detail-type": [f"fairlane.task.{end}" for end in ends or sorted(ENDS)]}
    return {**pattern, "detail": {"tasktype": task_types}} if task_types else pattern
