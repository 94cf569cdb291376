"""Tenants: created, changed, drained and removed.

Provisioning is idempotent and resumable: the registry is told the intent first (`provisioning`,
`draining`), and `converge` brings AWS to it however often it is called (by PUT, GET, DELETE and
the schedule), so a controller that dies anywhere loses nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger

from controller import bodies
from controller.keys import Keys
from controller.lanes import Lanes
from controller.registry import Documents
from controller.subscriptions import Subscriptions
from fairlane.domain import catalog
from fairlane.domain.admission import backlog_since
from fairlane.domain.errors import Refused
from fairlane.domain.times import rfc3339
from fairlane.ports import AttentionIndex, Clock, Entry

#: A gateway may send by a cached tenant, and SQS may delay by 15 minutes: only then is empty empty.
LONGEST_DELAY = timedelta(minutes=15)
#: Names of deleted tenants, and how long a task of theirs may still lie in the table.
FORMER = "#former-tenants"
LONGEST_RETENTION = timedelta(days=366)


@dataclass(frozen=True)
class Tenants:
    """The use case."""

    documents: Documents
    lanes: Lanes
    keys: Keys
    subscriptions: Subscriptions
    attention: AttentionIndex
    now: Clock
    registry_cache: timedelta
    logger: Logger

    def put(self, tenant: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Create or change; (status, tenant)."""
        wanted = bodies.checked(bodies.TenantBody, body)
        if wanted["isolation"] == "pooled":
            raise bodies.not_available("#/isolation", "pooled isolation")
        if (wanted["limits"].get("concurrency") or 2) < 2:  # noqa: PLR2004 - a mapping's least
            raise bodies.not_available("#/limits/concurrency", "a concurrency of 1")
        self._check_unused(tenant)
        old = self.documents.find(catalog.TENANTS, tenant)
        if old is not None and old.doc["status"] == "draining":
            raise Refused("conflict", f"The tenant {tenant} is being deleted: wait until it is gone.")
        since = backlog_since(old.doc if old else None, wanted, rfc3339(self.now()))
        wanted |= {"backlog_since": since}
        status = old.doc["status"] if old else "provisioning"
        entry = self.documents.save(catalog.TENANTS, tenant, wanted | {"status": status}, old)
        entry = self.converge(entry, changed=True)
        if entry.doc["status"] == "provisioning":
            return 202, shown(entry)
        return (200 if old else 201), shown(entry)

    def get(self, tenant: str) -> dict[str, Any]:
        """The tenant; what is on its way is moved on first."""
        entry = self.documents.get(catalog.TENANTS, tenant, f"tenant {tenant}")
        try:
            return shown(self.converge(entry))
        except Refused:  # somebody else is moving it on, or AWS is busy: show how far it is
            return shown(self.documents.find(catalog.TENANTS, tenant) or entry)

    def page(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """`{"items", "cursor"}`."""
        return self.documents.page(catalog.TENANTS, "", parameters, shown)

    def delete(self, tenant: str) -> dict[str, Any]:
        """Start draining, or go on with it."""
        entry = self.documents.get(catalog.TENANTS, tenant, f"tenant {tenant}")
        if entry.doc["status"] != "draining":
            entry = self.documents.save(catalog.TENANTS, tenant, {**entry.doc, "status": "draining"}, entry)
        return shown(self.converge(entry))

    def converge_all(self) -> int:
        """Move on every tenant that is on its way; how many there were. For the schedule."""
        moved = 0
        for entry in self.documents.each(catalog.TENANTS, ""):
            if entry.doc["status"] == "active":
                continue
            try:
                self.converge(entry)
                moved += 1
            except Exception:  # one tenant's trouble must not keep the others waiting; the next run tries again
                self.logger.exception("not converged", extra={"action": "converge_failed", "tenant": entry.item})
        return moved

    def converge(self, entry: Entry, *, changed: bool = False) -> Entry:
        """Bring AWS to what the document says, one step further; the document as it then is."""
        if entry.doc["status"] == "draining":
            return self._drain(entry)
        if entry.doc["status"] == "active" and not changed:
            return entry
        ready = self.lanes.provision(entry.item, tenant_concurrency=entry.doc["limits"].get("concurrency"))
        if ready and entry.doc["status"] != "active":
            return self.documents.save(catalog.TENANTS, entry.item, {**entry.doc, "status": "active"}, entry)
        return entry

    def _drain(self, entry: Entry) -> Entry:
        tenant, now = entry.item, self.now()
        if not self.lanes.is_empty(tenant) or self.attention.holds(tenant):  # a far due task is in no queue
            return self._note_drained(entry, None)
        since = entry.doc.get("drained_since")
        if since is None:
            return self._note_drained(entry, now)
        if now - datetime.fromisoformat(since) < LONGEST_DELAY + self.registry_cache:
            return entry
        self.subscriptions.delete_all(tenant)
        self.lanes.remove(tenant)
        self.documents.delete_all(tenant, "function#")
        self.keys.delete_all(tenant)
        former = self.documents.find(FORMER, tenant)
        self.documents.save(FORMER, tenant, {"until": rfc3339(now + LONGEST_RETENTION)}, former)
        self.documents.delete(catalog.TENANTS, tenant)
        return entry

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
        # a burst says how many a rate lets pass at once
        "not_enforced": ["limits.submit_burst"] if limits["submit_burst"] and not limits["submit_rate"] else [],
        "created_at": doc["created_at"],
        "updated_at": doc["updated_at"],
    }
