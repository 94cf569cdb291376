"""`fairlane submit`: one event from options, or many from a file or standard input."""

import mimetypes
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from fairlane_cli.command import command
from fairlane_cli.commands.submit_many import Tally, submit_many
from fairlane_cli.commands.task_view import print_task
from fairlane_cli.event_input import attributes, completed, entries
from fairlane_cli.failures import CliError, ExitCode
from fairlane_cli.inputs import STDIN, given, json_value, read_text
from fairlane_cli.moments import in_future
from fairlane_cli.session import Access, Session
from fairlane_client import new_event
from fairlane_client.events import BATCH_EVENTS
from fairlane_client.models import Event

SOURCE = "/fairlane-cli"


def submit(  # noqa: PLR0913 - every parameter is an option of the command
    session: Session,
    task_type: Annotated[str | None, typer.Argument(metavar="TYPE", help="The task type.")] = None,
    *,
    data: Annotated[str | None, typer.Option("--data", "-d", metavar="JSON", help="The event's data.")] = None,
    data_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The event's data: JSON, or any file.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", "-f", help="Events: one, an array, or JSON lines. - is stdin, as is a pipe without TYPE."
        ),
    ] = None,
    source: Annotated[str, typer.Option(help="The event's source.")] = SOURCE,
    event_id: Annotated[
        str | None, typer.Option("--id", help="The event's id: the same source and id are the same task.")
    ] = None,
    lane: Annotated[str | None, typer.Option(help="The lane. Default: the function's.")] = None,
    not_before: Annotated[str | None, typer.Option(metavar="WHEN", help="Not before: 10m, 2h, or a time.")] = None,
    expires: Annotated[str | None, typer.Option(metavar="WHEN", help="Give up if not started by then.")] = None,
    attr: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Another attribute of the event. May be repeated.")
    ] = None,
    batch: Annotated[
        int, typer.Option(min=1, max=BATCH_EVENTS, help="Events in a request. 1 sends each at once, for slow pipes.")
    ] = BATCH_EVENTS,
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Wait for the end; exit code 6 unless it succeeds.")
    ] = False,
) -> None:
    """Submit events: one from options, or many from a file or standard input.

    With many, options fill in what the events leave out.

    Submitting an event again is safe: the same source and id are the same task.
    """
    now = session.wiring.now()
    more = given(
        lane=lane,
        notbefore=not_before and in_future(not_before, now),
        expirytime=expires and in_future(expires, now),
    ) | attributes(attr or [])
    if file or task_type is None:
        if event_id or data or data_file:
            raise CliError("--id and --data are for a single event: TYPE without --file.")
        defaults = given(type=task_type, source=source) | more
        _submit_many(session, file, defaults, batch=batch, wait=wait)
        return
    event = _with_data(new_event(task_type, source=source, event_id=event_id, **more), data, data_file)
    _submit_one(session, event, wait=wait)


def add_command(app: typer.Typer) -> None:
    command(app, "submit", Access.TENANT)(submit)


def _submit_one(session: Session, event: Event, *, wait: bool) -> None:
    accepted = session.client.submit_event(event)
    if not wait:
        session.output.document({**accepted, "event_id": event["id"]})
        session.output.note(f"fairlane tasks show {accepted['id']}     says what becomes of it")
        return
    session.output.note(f"waiting for {accepted['id']}")
    task = session.client.wait_for_task(accepted["id"])
    print_task(session.output, task)
    if task["status"] != "succeeded":
        raise typer.Exit(ExitCode.UNSUCCESSFUL)


def _submit_many(session: Session, file: Path | None, defaults: dict[str, object], *, batch: int, wait: bool) -> None:
    name = "standard input" if file is None or str(file) == STDIN else str(file)
    with _lines(file) as lines:
        tally = submit_many(
            session, entries(lines, name), lambda event: completed(event, defaults), batch=batch, wait=wait
        )
    _report(session, tally)
    if tally.refused:
        raise typer.Exit(ExitCode.REFUSED)
    if tally.unsuccessful:
        raise typer.Exit(ExitCode.UNSUCCESSFUL)


def _report(session: Session, tally: Tally) -> None:
    every = tally.accepted + tally.duplicates + tally.refused
    parts = [f"{tally.accepted} new", f"{tally.duplicates} duplicates", f"{tally.refused} refused"]
    session.output.note(f"{every} submitted: {', '.join(parts)}")
    if tally.without_id:
        session.output.note(
            f"{tally.without_id} events had no id and got a random one: submitted again they would be new tasks"
        )


@contextmanager
def _lines(file: Path | None) -> Iterator[Iterable[str]]:
    """Raises CliError. Bytes that are not UTF-8 come out as surrogates, so that only their line is bad."""
    if file is None and sys.stdin.isatty():
        raise CliError(
            "What is to be submitted?",
            "fairlane submit TYPE --data '{...}'",
            "fairlane submit --file events.json      (or - for standard input)",
        )
    if file is None or str(file) == STDIN:
        yield _stdin()
        return
    try:
        with file.open(encoding="utf-8", errors="surrogateescape") as lines:
            yield lines
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error.strerror}.") from error


def _stdin() -> Iterable[str]:
    reconfigure = getattr(sys.stdin, "reconfigure", None)
    if reconfigure:
        reconfigure(encoding="utf-8", errors="surrogateescape")
    return sys.stdin


def _with_data(event: Event, data: str | None, file: Path | None) -> Event:
    if data is not None and file is not None:
        raise CliError("--data and --data-file both give the data: give one of them.")
    if data is not None:
        value = json_value(data, "--data")
        return {**event, "datacontenttype": "application/json", "data": value}
    return {**event, **_file_data(file)} if file else event


def _file_data(file: Path) -> Event:
    """JSON files as JSON, all others as bytes with the content type that their name tells."""
    content_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    if content_type == "application/json":
        return {"datacontenttype": content_type, "data": json_value(read_text(file), str(file))}
    return {"datacontenttype": content_type, "data_base64": b64encode(file.read_bytes()).decode()}
