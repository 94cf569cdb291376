"""Documents of the registry, with what every kind has: times, versions, pages, 404."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fairlane.domain.errors import FieldError, Refused
from fairlane.domain.times import rfc3339
from fairlane.ports.registry import Entry, Registry
from fairlane.ports.running import Clock

DEFAULT_LIMIT, LARGEST_LIMIT = 20, 100
_LONGEST_CURSOR = 400
_ITEM = re.compile(r"[A-Za-z0-9._#-]{1,200}")


@dataclass(frozen=True)
class Documents:
    """The registry as the controller's use cases see it."""

    registry: Registry
    now: Clock

    def find(self, partition: str, item: str) -> Entry | None:
        """The document, or None."""
        return self.registry.get(partition, item)

    def get(self, partition: str, item: str, what: str) -> Entry:
        """The document. Raises Refused (404)."""
        entry = self.find(partition, item)
        if entry is None:
            raise Refused("not-found", f"There is no {what}.")
        return entry

    def save(self, partition: str, item: str, doc: Mapping[str, Any], old: Entry | None) -> Entry:
        """Write over `old`. Raises Refused (409) when somebody else wrote meanwhile."""
        now = rfc3339(self.now())
        created = old.doc["created_at"] if old else now
        version = old.version if old else 0
        entry = Entry(partition, item, {**doc, "created_at": created, "updated_at": now}, version + 1)
        self.registry.put(entry, expected=version)
        return entry

    def delete(self, partition: str, item: str) -> None:
        """Remove; nothing happens where there is nothing."""
        self.registry.delete(partition, item)

    def delete_all(self, partition: str, prefix: str) -> None:
        """Remove every document with that prefix."""
        for entry in list(self.each(partition, prefix)):
            self.delete(partition, entry.item)

    def each(self, partition: str, prefix: str) -> Iterator[Entry]:
        """Every document with that prefix."""
        after = None
        while entries := self.registry.query(partition, prefix, limit=LARGEST_LIMIT, after=after):
            yield from entries
            after = entries[-1].item

    def page(
        self, partition: str, prefix: str, parameters: Mapping[str, str], shown: Callable[[Entry], Any]
    ) -> dict[str, Any]:
        """`{"items", "cursor"}` by name. Raises Refused (400) for a wrong parameter."""
        limit, after = _limit(parameters), _after(parameters, prefix)
        entries = self.registry.query(partition, prefix, limit=limit + 1, after=after)
        items = [shown(entry) for entry in entries[:limit]]
        more = len(entries) > limit
        return {"items": items, "cursor": _cursor(entries[limit - 1].item) if more else None}


def _limit(parameters: Mapping[str, str]) -> int:
    unknown = sorted(set(parameters) - {"limit", "cursor"})
    if unknown:
        raise _wrong(unknown[0], "is not a parameter here; there are cursor and limit")
    text = parameters.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= LARGEST_LIMIT and len(text) <= 3):  # noqa: PLR2004
        raise _wrong("limit", f"must be 1 to {LARGEST_LIMIT}")
    return int(text)


def _cursor(item: str) -> str:
    return urlsafe_b64encode(json.dumps(item).encode()).decode().rstrip("=")


def _after(parameters: Mapping[str, str], prefix: str) -> str | None:
    cursor = parameters.get("cursor")
    if cursor is None:
        return None
    try:
        item = json.loads(urlsafe_b64decode(cursor[:_LONGEST_CURSOR] + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        item = None
    if not isinstance(item, str) or not _ITEM.fullmatch(item) or not item.startswith(prefix):
        raise _wrong("cursor", "must be the cursor of the page before, unchanged")
    return item


def _wrong(name: str, detail: str) -> Refused:
    return Refused("malformed", f"{name} {detail}.", (FieldError(f"#/query/{name}", detail),))
