"""Tenants: created, changed, drained and removed.

Provisioning is idempotent and resumable: the registry is told the intent first (`provisioning`,
`draining`), and `converge` brings AWS to it however often it is called (by PUT, GET, DELETE and
the schedule), so a controller that dies anywhere loses nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from controller import bodies
from controller.keys import Keys
from controller.lane_convergence import LONGEST_DELAY, LaneConvergence
from controller.lanes import with_pause
from controller.marks import Mark, Marks
from controller.registry import Documents
from controller.subscriptions import Subscriptions
from fairlane.domain import catalog
from fairlane.domain.admission import backlog_since
from fairlane.domain.errors import Refused
from fairlane.domain.times import rfc3339
from fairlane.ports.attention import AttentionIndex
from fairlane.ports.registry import Entry
from fairlane.ports.running import Clock

#: Names of deleted tenants, and how long a task of theirs may still lie in the table.
FORMER = "#former-tenants"
LONGEST_RETENTION = timedelta(days=366)


@dataclass(frozen=True)
class Tenants:
    """The use case."""

    documents: Documents
    lanes: LaneConvergence
    marks: Marks
    keys: Keys
    subscriptions: Subscriptions
    attention: AttentionIndex
    now: Clock
    registry_cache: timedelta

    def put(self, tenant: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Create or change; (status, tenant)."""
        wanted = bodies.checked(bodies.TenantBody, body)
        if wanted["isolation"] == "pooled":
            raise bodies.not_available("#/isolation", "pooled isolation")
        self._check_unused(tenant)
        old = self.documents.find(catalog.TENANTS, tenant)
        if old is not None and old.doc["status"] == "draining":
            raise Refused("conflict", f"The tenant {tenant} is being deleted: wait until it is gone.")
        since = backlog_since(old.doc if old else None, wanted, rfc3339(self.now()))
        wanted |= {"backlog_since": since}
        mark = self.marks.put(tenant)
        doc = {"status": "provisioning", **(old.doc if old else {}), **wanted}
        entry = self._converge_marked(self.documents.save(catalog.TENANTS, tenant, doc, old), mark)
        if entry.doc["status"] == "provisioning":
            return 202, shown(entry)
        return (200 if old else 201), shown(entry)

    def get(self, tenant: str) -> dict[str, Any]:
        """The tenant; what is on its way is moved on first."""
        entry = self.documents.get(catalog.TENANTS, tenant, f"tenant {tenant}")
        if entry.doc["status"] == "active":
            return shown(entry)
        try:
            return shown(self._converge(entry)[0])
        except Refused:  # somebody else is moving it on, or AWS is busy: show how far it is
            return shown(self.documents.find(catalog.TENANTS, tenant) or entry)

    def page(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """`{"items", "cursor"}`."""
        return self.documents.page(catalog.TENANTS, "", parameters, shown)

    def delete(self, tenant: str) -> dict[str, Any]:
        """Start draining, or go on with it."""
        entry = self.documents.get(catalog.TENANTS, tenant, f"tenant {tenant}")
        if entry.doc["status"] != "draining":
            self.marks.put(tenant)  # until it is gone
            entry = self.documents.save(catalog.TENANTS, tenant, {**entry.doc, "status": "draining"}, entry)
        return shown(self._converge(entry)[0])

    def pause(self, tenant: str, *, paused: bool) -> dict[str, Any]:
        """Stop or restart starting tasks of all lanes. The flag binds; the mappings follow."""
        entry = self.documents.get(catalog.TENANTS, tenant, f"tenant {tenant}")
        if bool(entry.doc.get("paused")) != paused:
            mark = self.marks.put(tenant)
            doc = with_pause(entry.doc, paused, self.now())
            entry = self._converge_marked(self.documents.save(catalog.TENANTS, tenant, doc, entry), mark)
        return shown(entry)

    def converge(self, tenant: str) -> bool:
        """For the schedule: one step; whether nothing is left to do."""
        entry = self.documents.find(catalog.TENANTS, tenant)
        return True if entry is None else self._converge(entry)[1]

    def _converge_marked(self, entry: Entry, mark: Mark) -> Entry:
        moved, done = self._converge(entry)
        if done:
            self.marks.remove(mark)
        return moved

    def _converge(self, entry: Entry) -> tuple[Entry, bool]:
        """Bring AWS to what the document says, one step further; the tenant as it then is, and whether that is all."""
        if entry.doc["status"] == "draining":
            return self._drain(entry)
        if "results_url" not in entry.doc:
            places = self.lanes.queues.results(entry.item)
            entry = self.documents.save(catalog.TENANTS, entry.item, {**entry.doc, **places}, entry)
        delivered = self.lanes.queues.map_results(entry.doc["results_arn"])
        done = self.lanes.provision(entry) and delivered
        if done and entry.doc["status"] == "provisioning":
            entry = self.documents.save(catalog.TENANTS, entry.item, {**entry.doc, "status": "active"}, entry)
        return entry, done

    def _drain(self, entry: Entry) -> tuple[Entry, bool]:
        tenant, now = entry.item, self.now()
        if not self._is_empty(entry) or self.attention.holds(tenant):  # a far due task is in no queue
            return self._note_drained(entry, None), False
        since = entry.doc.get("drained_since")
        if since is None:
            return self._note_drained(entry, now), False
        if now - datetime.fromisoformat(since) < LONGEST_DELAY + self.registry_cache:
            return entry, False
        self.subscriptions.delete_all(tenant)
        self.lanes.remove_all(tenant)
        self.lanes.queues.remove_results(tenant)
        self.documents.delete_all(tenant, "function#")
        self.keys.delete_all(tenant)
        former = self.documents.find(FORMER, tenant)
        self.documents.save(FORMER, tenant, {"until": rfc3339(now + LONGEST_RETENTION)}, former)
        self.documents.delete(catalog.TENANTS, tenant)
        return entry, True

    def _is_empty(self, entry: Entry) -> bool:
        """Whether nothing waits, runs or is on its way to the bus."""
        return self.lanes.is_empty(entry.item) and self.lanes.queues.is_empty(entry.doc.get("results_url"))

    def _check_unused(self, tenant: str) -> None:
        """A new tenant of an old name would read the old one's tasks: the name rests as long as they may live."""
        former = self.documents.find(FORMER, tenant)
        if former is not None and datetime.fromisoformat(former.doc["until"]) > self.now():
            raise Refused("conflict", f"A deleted tenant was named {tenant}: free again after {former.doc['until']}.")

    def _note_drained(self, entry: Entry, since: datetime | None) -> Entry:
        noted = rfc3339(since)
        if entry.doc.get("drained_since") == noted:
            return entry
        return self.documents.save(catalog.TENANTS, entry.item, {**entry.doc, "drained_since": noted}, entry)


def shown(entry: Entry) -> dict[str, Any]:
    """The tenant as the API shows it."""
    doc = entry.doc
    limits = {name: doc["limits"].get(name) for name in bodies.Limits().fields}
    limits["payload_bytes"] = limits["payload_bytes"] or catalog.DEFAULT_PAYLOAD_BYTES
    return {
        "tenant": entry.item,
        "isolation": doc["isolation"],
        "limits": limits,
        "targets": doc["targets"],
        "retention_days": doc["retention_days"],
        "status": doc["status"],
        "paused": bool(doc.get("paused")),
        "paused_at": doc.get("paused_at"),
        # a burst says how many a rate lets pass at once
        "not_enforced": ["limits.submit_burst"] if limits["submit_burst"] and not limits["submit_rate"] else [],
        "created_at": doc["created_at"],
        "updated_at": doc["updated_at"],
    }
