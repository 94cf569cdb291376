"""Bringing AWS to what the documents of lanes say, from wherever it is.

Called by the request that has written what it wants, by GET of what is on its way, and by the
schedule for all that is marked. Two at once do no harm: whoever maps last has read what was written last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger

from controller import bodies
from controller.lane_queues import Doc, LaneQueues
from controller.marks import Mark, Marks
from controller.registry import Documents
from fairlane.domain import catalog
from fairlane.domain.errors import Refused
from fairlane.domain.times import rfc3339
from fairlane.ports.registry import Entry
from fairlane.ports.running import Clock

PREFIX = "lane#"
FUNCTIONS = "function#"
#: A gateway may send by a cached lane, and SQS may delay by 15 minutes: only then is empty empty.
LONGEST_DELAY = timedelta(minutes=15)
#: Somebody else may write while we are at it; then it is done again with what they wrote, or by the schedule.
TRIES = 3
#: What a lane has that is not there yet.
NEW: Doc = {"long": False, "status": "provisioning"}


def name_of(entry: Entry) -> str:
    """The lane's name."""
    return entry.item.removeprefix(PREFIX)


@dataclass(frozen=True)
class LaneConvergence:
    """Lanes as they are on AWS."""

    documents: Documents
    queues: LaneQueues
    marks: Marks
    now: Clock
    registry_cache: timedelta
    logger: Logger

    # --- one lane ---------------------------------------------------------------------------

    def step(self, tenant: str, lane: str) -> bool:
        """For the schedule: one step; whether nothing is left to do."""
        entry = self.documents.find(tenant, catalog.lane_item(lane))
        if entry is None:
            return True
        return self._converge(entry)[1]

    def marked(self, entry: Entry, mark: Mark) -> Entry | None:
        """After the entry was written: bring AWS to it; the mark goes when nothing is left to do."""
        moved, done = self.quietly(entry)
        if done:
            self.marks.remove(mark)
        return moved

    def quietly(self, entry: Entry) -> tuple[Entry | None, bool]:
        """One step; what AWS refuses now is left to the schedule, as the intent is written."""
        try:
            return self._converge(entry)
        except Exception:
            about = {"action": "converge_failed", "tenant": entry.partition, "lane": entry.item}
            self.logger.exception("not converged", extra=about)
            return self.documents.find(entry.partition, entry.item), False

    # --- all lanes of a tenant ------------------------------------------------------------------

    def each(self, tenant: str) -> list[Entry]:
        """All lanes of a tenant."""
        return list(self.documents.each(tenant, PREFIX))

    def refitted(self, tenant: str, before: Sequence[Doc], after: Sequence[Doc]) -> list[Entry]:
        """The lanes whose mappings change when the tenant's functions do."""
        owner = self._owner(tenant)
        named = {doc["lane"] for doc in (*before, *after)}
        found = [self.documents.find(tenant, catalog.lane_item(lane)) for lane in sorted(named)]
        return [entry for entry in found if entry and self._differs(entry, owner, before, after)]

    def mark_all(self, tenant: str, lanes: Sequence[Entry]) -> list[Mark]:
        """Before something is written that these lanes' mappings follow."""
        return [self.marks.put(tenant, name_of(entry)) for entry in lanes]

    def follow(self, marks: Sequence[Mark]) -> None:
        """After it is written."""
        for mark in marks:
            entry = self.documents.find(mark.tenant, catalog.lane_item(mark.lane or ""))
            if entry is not None:
                self.marked(entry, mark)

    def provision(self, owner: Entry) -> bool:
        """Bring all lanes of a tenant to what documents say; whether everything is in force."""
        tenant = owner.item
        default = self.documents.find(tenant, catalog.lane_item(catalog.DEFAULT_LANE))
        if default is None:
            doc = {**bodies.LaneBody().load({}), **NEW}
            self.documents.save(tenant, catalog.lane_item(catalog.DEFAULT_LANE), doc, None)
        done = [self.quietly(entry)[1] for entry in self.each(tenant)]
        return all(done)

    def is_empty(self, tenant: str) -> bool:
        """Whether nothing waits or runs."""
        return all(self.queues.is_empty(entry.doc.get("queue_url")) for entry in self.each(tenant))

    def remove_all(self, tenant: str) -> None:
        """Remove mappings, queues and documents of a drained tenant's lanes."""
        for entry in self.each(tenant):
            self.queues.remove(tenant, name_of(entry), entry.doc)
            self.documents.delete(tenant, entry.item)

    # --- steps ------------------------------------------------------------------------------

    def _converge(self, entry: Entry) -> tuple[Entry | None, bool]:
        """Bring AWS to what the documents say; the lane as it then is (None: gone), and whether that is all."""
        lane = name_of(entry)
        for _ in range(TRIES):
            owner = self._owner(entry.partition)
            functions = self._functions(entry.partition)
            if entry.doc["status"] == "removing":
                return self._remove(entry)
            if entry.doc["status"] == "draining":
                return self._drain(entry, owner, functions)
            doc = self.queues.made(entry.partition, lane, entry.doc, owner.doc)
            plan = self.queues.plan(lane, doc, owner.doc, functions)
            in_force = self.queues.map(doc, plan)
            if in_force and doc["status"] == "provisioning":
                doc["status"] = "active"
            saved = self._saved(entry, doc)
            if saved is None:
                return None, True
            # whoever maps last has seen what was written last
            owner = self._owner(entry.partition)
            now = self.queues.plan(lane, saved.doc, owner.doc, self._functions(entry.partition))
            if saved.doc == doc and now == plan:
                return saved, in_force
            entry = saved
        return entry, False

    def _saved(self, entry: Entry, doc: dict[str, Any]) -> Entry | None:
        """The lane after our write, or as somebody else has written it meanwhile; None: gone."""
        if doc != entry.doc:
            try:
                written = self.documents.save(entry.partition, entry.item, doc, entry)
            except Refused:
                return self.documents.find(entry.partition, entry.item)
            doc |= written.doc  # the times
            return written
        return self.documents.find(entry.partition, entry.item)

    def _drain(self, entry: Entry, owner: Entry, functions: Sequence[Doc]) -> tuple[Entry | None, bool]:
        """Remove the lane once it has been empty for so long that nothing can be on its way to it."""
        lane, now = name_of(entry), self.now()
        if not self.queues.is_empty(entry.doc.get("queue_url")):
            self.queues.map(entry.doc, self.queues.plan(lane, entry.doc, owner.doc, functions))
            return self._note_drained(entry, None), False
        since = entry.doc.get("drained_since")
        if since is None:
            return self._note_drained(entry, now), False
        if now - datetime.fromisoformat(since) < LONGEST_DELAY + self.registry_cache:
            return entry, False
        return self._remove(entry)

    def _remove(self, entry: Entry) -> tuple[Entry | None, bool]:
        if entry.doc["status"] != "removing":  # from here on no PUT can revive it
            entry = self.documents.save(entry.partition, entry.item, {**entry.doc, "status": "removing"}, entry)
        self.queues.remove(entry.partition, name_of(entry), entry.doc)
        self.documents.delete(entry.partition, entry.item)
        return None, True

    def _note_drained(self, entry: Entry, since: datetime | None) -> Entry:
        noted = rfc3339(since)
        if entry.doc.get("drained_since") == noted:
            return entry
        return self.documents.save(entry.partition, entry.item, {**entry.doc, "drained_since": noted}, entry)

    def _owner(self, tenant: str) -> Entry:
        return self.documents.get(catalog.TENANTS, tenant, f"tenant {tenant}")

    def _functions(self, tenant: str) -> list[Doc]:
        return [entry.doc for entry in self.documents.each(tenant, FUNCTIONS)]

    def _differs(self, entry: Entry, owner: Entry, before: Sequence[Doc], after: Sequence[Doc]) -> bool:
        lane = name_of(entry)
        plans = [self.queues.plan(lane, entry.doc, owner.doc, functions) for functions in (before, after)]
        return plans[0] != plans[1]
