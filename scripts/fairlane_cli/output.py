"""What a command prints: tables for people, tab-separated lines for pipes, JSON for machines.

Results go to stdout; notes, progress and errors to stderr. With `--json`, stdout has JSON only, and stderr only
what failed.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fairlane_cli.failures import CliError

Columns = Mapping[str, Callable[[Any], object]]
"""Titles, and what stands under each for an item."""

STATUS_STYLES = {
    "scheduled": "blue",
    "queued": "blue",
    "running": "cyan",
    "waiting": "cyan",
    "retrying": "yellow",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "magenta",
    "expired": "magenta",
    "active": "green",
    "provisioning": "yellow",
    "draining": "yellow",
    "paused": "yellow",
}


#: Columns that are of no use in pieces.
_NARROW = frozenset({"id", "status", "attempt", "try", "age", "waited", "ran", "at", "tenant", "keyid", "lane"})


class Output:
    """Where one command prints to. Rich leaves colours out where NO_COLOR says so or nobody is looking."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        for stream in (sys.stdout, sys.stderr):
            _print_anything(stream)
        self.console = Console(highlight=False, soft_wrap=False)
        self.errors = Console(stderr=True, highlight=False, soft_wrap=True)

    @property
    def for_people(self) -> bool:
        """Whether somebody looks at stdout."""
        return not self.as_json and self.console.is_terminal

    @property
    def shows_progress(self) -> bool:
        return not self.as_json and self.errors.is_terminal

    def can_print(self, text: str) -> bool:
        """Whether stdout's encoding has these characters."""
        try:
            text.encode(self.console.encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def json(self, document: object) -> None:
        """One document, over several lines."""
        sys.stdout.write(json.dumps(document, indent=2) + "\n")

    def json_line(self, document: object) -> None:
        """One document of a stream, at once."""
        sys.stdout.write(json.dumps(document, separators=(",", ":")) + "\n")
        sys.stdout.flush()

    def note(self, text: str) -> None:
        if not self.as_json:
            self.errors.print(Text(text))

    def line(self, *values: object) -> None:
        """One line of a stream, at once."""
        sys.stdout.write("\t".join(plain(value) for value in values) + "\n")
        sys.stdout.flush()

    def items(self, items: Sequence[Mapping[str, Any]], columns: Columns, *, empty: str, **more: object) -> None:
        """A list. `more` goes beside the items into the JSON document."""
        if self.as_json:
            self.json({"items": items, **more})
        elif not self.console.is_terminal:
            self.line(*columns)
            for item in items:
                self.line(*(read(item) for read in columns.values()))
        elif items:
            self.console.print(table(items, columns))
        else:
            self.note(empty)

    def document(self, document: Mapping[str, Any]) -> None:
        """One object, field by field."""
        if self.as_json:
            self.json(document)
            return
        width = max(map(len, document), default=0)
        for name, value in document.items():
            text = plain(value)
            styled = Text(text, style=STATUS_STYLES.get(text, "") if name == "status" else "")
            self.console.print(Text(f"{name:<{width}}  ", style="dim").append_text(styled), soft_wrap=True)

    def failure(self, failure: CliError) -> None:
        if self.as_json:
            sys.stderr.write(json.dumps(failure.document()) + "\n")
            return
        self.errors.print(
            Text("error: ", style="bold red").append(plain(failure.message, lines=True), style="not bold")
        )
        for hint in failure.hints:
            self.errors.print(Text(f"  {hint}"))


def table(items: Iterable[Mapping[str, Any]], columns: Columns) -> Table:
    """Without the columns that would be empty."""
    drawn = Table(box=None, pad_edge=False, header_style="dim")
    rows = [[_cell(title, read(item)) for title, read in columns.items()] for item in items]
    kept = [n for n in range(len(columns)) if any(row[n] for row in rows)]
    for title in [title for n, title in enumerate(columns) if n in kept]:
        drawn.add_column(title, no_wrap=title in _NARROW, overflow="fold")
    for row in rows:
        drawn.add_row(*(row[n] for n in kept))
    return drawn


def plain(value: object, *, lines: bool = False) -> str:
    """A value on one line (or with its own lines), without anything that a terminal would obey."""
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() or (lines and c == "\n") else c.encode("unicode_escape").decode() for c in text)


def _cell(title: str, value: object) -> Text:
    text = plain(value)
    return Text(text, style=STATUS_STYLES.get(text, "") if title == "status" else "")


def _print_anything(stream: TextIO) -> None:
    """Rather escape a character that the terminal's encoding lacks than fail half-way."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")
