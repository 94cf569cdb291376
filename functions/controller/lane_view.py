"""Lanes as the API shows them: their documents, and what is in their queues.

Costs: one GetQueueAttributes a lane; for a page one GetMetricData of its lanes that are not empty, and at
most one ReceiveMessage each (see `fairlane.aws.ages`); one read of the tenant's slots where a lane has a limit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fairlane.domain.slots import lane_scope
from fairlane.ports.control import Provisioner, QueueAges
from fairlane.ports.queues import Depth
from fairlane.ports.registry import Entry
from fairlane.ports.running import Clock
from fairlane.ports.slots import SlotStore

FIELDS = ("concurrency", "rate", "burst", "ordered", "weight")
NOTHING = Depth(0, 0, 0)


@dataclass(frozen=True)
class LaneView:
    """Shows lanes."""

    provisioning: Provisioner
    ages: QueueAges
    slots: SlotStore
    now: Clock
    #: Whether the platform's capacity is divided among lanes, which is where their weights count.
    is_shared: bool

    def __call__(self, entry: Entry, owner: Entry) -> dict[str, Any]:
        """One lane of that tenant."""
        return self.all([entry], owner)[0]

    def all(self, entries: Sequence[Entry], owner: Entry) -> list[dict[str, Any]]:
        """A page of lanes."""
        depths = {entry.item: self._depth(entry.doc) for entry in entries}
        filled = [entry.doc["queue_url"] for entry in entries if not depths[entry.item].is_empty]
        ages = self.ages.oldest({url.rpartition("/")[2]: url for url in filled})
        running = self._running(entries, owner.item)
        return [
            {
                **_shown(entry, owner, depths[entry.item], ages, running.get(entry.item, depths[entry.item].in_flight)),
                "not_enforced": not_enforced(entry.doc, is_shared=self.is_shared),
            }
            for entry in entries
        ]

    def _depth(self, doc: Mapping[str, Any]) -> Depth:
        return self.provisioning.depth(doc["queue_url"]) if "queue_url" in doc else NOTHING

    def _running(self, entries: Sequence[Entry], tenant: str) -> dict[str, int]:
        """Exact where a lane's attempts are counted, that is where it has a limit."""
        counted = [entry for entry in entries if entry.doc["concurrency"] is not None]
        if not counted:
            return {}
        slots, now = self.slots.look(tenant), self.now()
        live = [lease for lease in slots.leases.values() if lease.until >= now]
        scopes = {entry.item: lane_scope(entry.item.removeprefix("lane#")) for entry in counted}
        return {item: sum(lease.counts.get(scope, 0) for lease in live) for item, scope in scopes.items()}


def _shown(
    entry: Entry, owner: Entry, depth: Depth, ages: Mapping[str, timedelta | None], running: int
) -> dict[str, Any]:
    doc = entry.doc
    pausing = doc if doc.get("paused") else owner.doc if owner.doc.get("paused") else {}
    age = timedelta() if depth.is_empty else ages.get(doc["queue_url"].rpartition("/")[2])
    return {
        "lane": entry.item.removeprefix("lane#"),
        **{name: doc[name] for name in FIELDS},
        "status": "paused" if pausing and doc["status"] == "active" else doc["status"],
        "paused_at": pausing.get("paused_at"),
        "paused_by": ("lane" if pausing is doc else "tenant") if pausing else None,
        "depth": depth.visible + depth.delayed,
        "running": running,
        "oldest_age": None if age is None else round(age.total_seconds(), 3),
        "created_at": doc["created_at"],
        "updated_at": doc["updated_at"],
    }


def not_enforced(doc: Mapping[str, Any], *, is_shared: bool) -> list[str]:
    """Which of the lane's settings have no effect."""
    names = ["weight"] if doc["weight"] != 1 and not is_shared else []
    return [*names, "burst"] if doc["burst"] is not None and doc["rate"] is None else names
