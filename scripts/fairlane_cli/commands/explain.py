"""`fairlane explain`: why a task is where it is."""

from typing import Annotated

import typer
from rich.text import Text

from fairlane_cli.command import command
from fairlane_cli.output import STATUS_STYLES, Output, plain
from fairlane_cli.session import Access, Session
from fairlane_client.models import Explanation, Wait

_INDENT = "    "


def add_command(app: typer.Typer) -> None:
    command(app, "explain", Access.TENANT)(explain)


def explain(session: Session, task_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Why a task is where it is: what it waits for, since when, what would change that, and when it may go on."""
    found = session.client.explain_task(task_id)
    if session.output.as_json:
        session.output.json(found)
    else:
        _print(session.output, found)


def _print(output: Output, found: Explanation) -> None:
    status = found["status"]
    head = Text(plain(found["id"])).append("  ").append(plain(status), style=STATUS_STYLES.get(status, ""))
    lines = [head, Text(plain(found["summary"]), style="bold")]
    for wait in found["waits_for"]:
        lines += _wait(wait)
    end = found["end"]
    if end and end["remedy"]:
        lines.append(_remedy(end["remedy"]))
    lines += [Text(f"note: {plain(note)}", style="dim") for note in found["notes"]]
    estimate = _estimate(found)
    if estimate:
        lines.append(Text(estimate))
    for line in lines:
        output.console.print(line, soft_wrap=True)


def _wait(wait: Wait) -> list[Text]:
    line = Text("- ").append(plain(wait["kind"]), style="yellow").append(f": {plain(wait['what'])}")
    if wait["limit"] is not None and wait["used"] is not None:
        line.append(f" ({wait['used']:g} of {wait['limit']:g})", style="dim")
    for name in ("since", "until"):
        if wait[name]:
            line.append(f", {name} {plain(wait[name])}", style="dim")
    return [line, _remedy(wait["remedy"])] if wait["remedy"] else [line]


def _remedy(text: str) -> Text:
    return Text(_INDENT).append("-> ", style="green").append(plain(text))


def _estimate(found: Explanation) -> str | None:
    estimate = found["estimate"]
    if estimate is None:
        return None
    what = "next start" if estimate["of"] == "start" else "outcome"
    earliest, latest = estimate["earliest"], estimate["latest"]
    if earliest is None:
        return f"{what}: not known, {plain(estimate['basis'])}"
    until = f"to {plain(latest)}, {plain(estimate['basis'])}" if latest else f"or later: {plain(estimate['basis'])}"
    return f"{what}: from {plain(earliest)} {until}"
