"""`fairlane usage`: a tenant's limits, and what is used of them."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer

from fairlane_cli.command import command
from fairlane_cli.output import Columns
from fairlane_cli.session import Access, Session
from fairlane_client.models import Usage, Used

BAR_CELLS = 20
#: Full and empty cell, and what stands for them where the terminal's encoding lacks them.
CELLS, PLAIN_CELLS = ("█", "░"), ("#", ".")


def usage(session: Session) -> None:
    """Limits of the tenant, and what is used of them. What has no limit is not counted."""
    document = session.client.get_usage()
    if session.output.as_json:
        session.output.json(document)
        return
    cells = CELLS if session.output.can_print("".join(CELLS)) else PLAIN_CELLS
    columns: Columns = {
        "what": lambda row: row["what"],
        "used": lambda row: row["used"],
        "limit": lambda row: row["limit"],
        "note": lambda row: row["note"],
    }
    if session.output.for_people:
        columns = {**columns, "": lambda row: _bar(row, cells)}
    session.output.items(list(_rows(document)), columns, empty="Nothing is limited.")


def add_command(app: typer.Typer) -> None:
    """Put it into the command line."""
    command(app, "usage", Access.TENANT)(usage)


def _rows(document: Usage) -> Iterator[dict[str, Any]]:
    used = document["usage"]
    submit = used["submit"]
    burst, available = submit["burst"], submit["available"]
    tokens = None if burst is None or available is None else burst - available
    yield _row("submit", {"limit": burst, "used": tokens}, _rate(submit["rate"]))
    yield _row("backlog", used["backlog"])
    yield _row("concurrency", used["concurrency"])
    for name, lane in used["lanes"].items():
        share = lane["share"]
        notes = [_rate(lane["rate"]), None if share is None else f"share {share}"]
        yield _row(f"lane {name}", lane["concurrency"], ", ".join(note for note in notes if note) or None)
    for name, function in used["functions"].items():
        pressure = function["pressure"]
        note = None if pressure is None else f"back-pressure: {pressure} at once"
        yield _row(f"function {name}", function["concurrency"], note)


def _row(what: str, used: Used, note: str | None = None) -> dict[str, Any]:
    return {"what": what, "used": used["used"], "limit": used["limit"], "note": note}


def _rate(rate: float | None) -> str | None:
    return None if rate is None else f"{rate:g} a second"


def _bar(row: Mapping[str, Any], cells: tuple[str, str]) -> str:
    if not row["limit"] or row["used"] is None:
        return ""
    filled: int = min(BAR_CELLS, round(BAR_CELLS * row["used"] / row["limit"]))
    full, free = cells
    return full * filled + free * (BAR_CELLS - filled)
