"""Events out of files, standard input and options, each with the line it came from.

A source is JSON lines when its first line is a JSON object by itself; else it is one JSON value: an event or an
array of them. JSON lines are read as they come; a bad line does not stop the ones after it.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from fairlane_cli.failures import CliError
from fairlane_cli.inputs import json_value
from fairlane_client.models import Event, Problem

#: Space, and the byte order mark that some editors put before everything.
_BLANK = " \t\r\n\ufeff"


@dataclass(frozen=True)
class Entry:
    """One event of a source, or why there is none."""

    #: Of the line (JSON lines) or of the place in the array, from 1 on.
    number: int
    event: Event | None
    problem: Problem | None = None

    @property
    def event_id(self) -> object:
        return self.event.get("id") if self.event else None


def entries(lines: Iterable[str], name: str) -> Iterator[Entry]:
    """The events of a source. Raises CliError when it is neither JSON lines nor one JSON value."""
    numbered = enumerate(lines, start=1)
    number, first = next(((n, line) for n, line in numbered if line.strip(_BLANK)), (1, ""))
    first = first.lstrip(_BLANK)
    if isinstance(_parsed(first), dict):
        yield from _from_lines(chain([(number, first)], numbered))
        return
    value = json_value(first + "".join(line for _, line in numbered), name)
    for place, element in enumerate(value if isinstance(value, list) else [value], start=1):
        yield _entry(place, element, "This is no JSON object.")


def completed(event: Event, defaults: Mapping[str, object]) -> Event:
    """The event with what it leaves out: `defaults`, and a random `id`."""
    return {"specversion": "1.0", "id": str(uuid.uuid4()), **defaults, **event}


def attributes(pairs: Iterable[str]) -> dict[str, str]:
    """`name=value` pairs. Raises CliError."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise CliError(f"{pair!r} is no attribute.", "Say --attr name=value.")
        found[name] = value
    return found


def _from_lines(lines: Iterable[tuple[int, str]]) -> Iterator[Entry]:
    for number, line in lines:
        if line.strip():
            yield _entry(number, _parsed(line), "The line is no JSON object.")


def _entry(number: int, value: object, problem: str) -> Entry:
    if isinstance(value, dict):
        return Entry(number, value)
    return Entry(number, None, _malformed(problem))


def _parsed(text: str) -> object:
    """None where `text` is no JSON."""
    try:
        return json_value(text, "The line")
    except CliError:
        return None


def _malformed(detail: str) -> Problem:
    """As the service would say it, had it been sent."""
    return {"type": "urn:fairlane:problem:malformed", "title": "Not sent", "status": 400, "detail": detail}
