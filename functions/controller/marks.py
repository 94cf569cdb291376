"""Marks: whose queues and mappings are under way, so that the schedule finds what a request left unfinished.

A request puts its mark before it writes what it wants, and removes it when AWS is as wanted. The
schedule works for every mark there is, but removes only those of requests that must have ended.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.registry import Documents
from fairlane.ports.running import Clock

MARKS = "#under-way"
#: The controller's timeout is 29 s: the request of an older mark has ended, finished or not.
LONGEST_REQUEST = timedelta(seconds=60)


@dataclass(frozen=True)
class Mark:
    """Something of a tenant (`lane` None) or of one of its lanes is under way."""

    item: str
    tenant: str
    lane: str | None
    made_at: datetime


@dataclass(frozen=True)
class Marks:
    """All that is under way."""

    documents: Documents
    now: Clock

    def put(self, tenant: str, lane: str | None = None) -> Mark:
        """Before anything is written."""
        item = f"{tenant}#{lane or ''}#{secrets.token_hex(6)}"
        self.documents.save(MARKS, item, {"tenant": tenant, "lane": lane}, None)
        return Mark(item, tenant, lane, self.now())

    def remove(self, mark: Mark) -> None:
        """When all is as wanted."""
        self.documents.delete(MARKS, mark.item)

    def each(self) -> Iterator[Mark]:
        """All of them, by tenant and lane."""
        for entry in self.documents.each(MARKS, ""):
            made_at = datetime.fromisoformat(entry.doc["created_at"])
            yield Mark(entry.item, entry.doc["tenant"], entry.doc["lane"], made_at)

    def is_old(self, mark: Mark) -> bool:
        """Whether its request has ended."""
        return self.now() - mark.made_at > LONGEST_REQUEST
