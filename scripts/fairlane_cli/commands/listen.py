"""`fairlane listen`: results as they come, in this terminal, through a webhook of its own."""

import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty
from typing import Annotated, Any

import typer
from rich.text import Text

from fairlane_cli.command import command
from fairlane_cli.commands.subscriptions import ending_pattern
from fairlane_cli.failures import CliError
from fairlane_cli.output import STATUS_STYLES, plain
from fairlane_cli.receiver import Receiver, Refused
from fairlane_cli.session import Access, Session
from fairlane_client import FairlaneError, NotFoundError

_LOOK_S = 0.2


def add_command(app: typer.Typer) -> None:
    command(app, "listen", Access.TENANT)(listen)


def listen(  # noqa: PLR0913 - every parameter is an option of the command
    session: Session,
    *,
    on: Annotated[
        list[str] | None, typer.Option(metavar="END", help="succeeded, failed ... May be repeated. Default: every end.")
    ] = None,
    task_type: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="Only tasks of this type. May be repeated.")
    ] = None,
    pattern: Annotated[str | None, typer.Option(metavar="JSON", help="Any EventBridge event pattern instead.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Local port; 0 is any that is free.")] = 0,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the service reaches that port: a tunnel's address.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The subscription's name. Default: a new one.")] = None,
    count: Annotated[int | None, typer.Option("--count", "-n", min=1, help="End after so many results.")] = None,
) -> None:
    """Show results as they come. Ends with Ctrl-C, and removes its subscription."""
    wanted = ending_pattern(pattern, on, task_type)
    if url is None and not session.place.local:
        raise CliError(
            "The service does not reach this machine.", "Open a tunnel to a port, and give --port and --url."
        )
    subscription = name or f"listen-{secrets.token_hex(3)}"
    with Receiver("127.0.0.1", port, session.wiring.now) as receiver, _stopped_by_signals():
        target = url or f"http://127.0.0.1:{receiver.port}/"
        with _subscribed(session, receiver, subscription, {"pattern": wanted, "target": {"webhook": {"url": target}}}):
            session.output.note(f"listening at {target} as subscription {subscription}; Ctrl-C ends it")
            _show(session, receiver, count)


@contextmanager
def _subscribed(session: Session, receiver: Receiver, name: str, spec: Any) -> Iterator[None]:
    """The subscription, for as long as this takes."""
    if _is_there(session, name):
        raise CliError(f"There is a subscription {name} already.", "Choose another --name, or none.")
    try:
        made = session.client.put_subscription(name, spec)
        # an answer that was lost and repeated shows no secret any more
        receiver.secrets.append(made.get("secret") or session.client.rotate_subscription(name)["secret"])
        yield
    finally:
        _unsubscribe(session, name)


def _is_there(session: Session, name: str) -> bool:
    try:
        session.client.get_subscription(name)
    except NotFoundError:
        return False
    return True


def _unsubscribe(session: Session, name: str) -> None:
    try:
        session.client.delete_subscription(name)
    except NotFoundError:
        return
    except FairlaneError as error:
        session.output.note(f"The subscription is still there ({error}): fairlane subscriptions delete {name}")


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """TERM ends it as Ctrl-C does, which is not a failure here."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)


def _show(session: Session, receiver: Receiver, count: int | None) -> None:
    seen: set[str] = set()
    while count is None or len(seen) < count:
        try:
            received = receiver.received.get(timeout=_LOOK_S)
        except Empty:
            continue
        if isinstance(received, Refused):
            session.output.note(f"refused a request: {received.reason}")
            continue
        repeated = received["id"] in seen
        seen.add(received["id"])
        _print(session, received, repeated=repeated)


def _print(session: Session, event: dict[str, Any], *, repeated: bool) -> None:
    if session.output.as_json:
        session.output.json_line(event)
        return
    data = event.get("data")
    task: dict[str, Any] = data.get("task", {}) if isinstance(data, dict) else {}
    status = task.get("status") or str(event["type"]).rpartition(".")[2]
    error = task.get("error") or {}
    said = f"{error.get('type')}: {error.get('message')}" if error else task.get("result")
    mark = "again" if repeated else "test" if event.get("test") else ""
    columns = [event["time"], status, event.get("tasktype"), event.get("subject"), said, mark]
    if not session.output.for_people:
        session.output.line(*columns)
        return
    line = Text(f"{plain(event['time'])[11:19]}  ", style="dim")
    line.append(f"{plain(status):<10}", style=STATUS_STYLES.get(plain(status), ""))
    line.append(f" {plain(event.get('tasktype'))}  {plain(event.get('subject'))}  ")
    session.output.console.print(line.append(f"{plain(said)[:200]} {mark}", style="dim"), soft_wrap=True)
