"""What a tenant's limits are, and how much of them is used now.

What has no limit is not counted (that would cost a write a task): its `used` is null.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairlane.cache import CachedRegistry
from fairlane.domain import catalog
from fairlane.domain.admission import SubmitLimits, tokens
from fairlane.domain.errors import Refused
from fairlane.domain.slots import TENANT, Slots, function_scope, lane_scope
from fairlane.domain.times import rfc3339
from fairlane.ports.admission import AdmissionStore, Depths
from fairlane.ports.registry import RegistryReader
from fairlane.ports.running import Clock
from fairlane.ports.slots import SlotStore

#: Lanes or functions that are shown; who has more looks at them one by one.
MOST = 1_000
LIMITS = ("submit_rate", "submit_burst", "backlog", "concurrency", "payload_bytes")


@dataclass(frozen=True)
class ShowUsage:
    """The use case."""

    meters: AdmissionStore
    slots: SlotStore
    depths: Depths
    cached: CachedRegistry
    registry: RegistryReader
    now: Clock

    def __call__(self, tenant: str) -> dict[str, Any]:
        """Limits and usage, read consistently."""
        entry = self.cached.get(catalog.TENANTS, tenant)
        if entry is None:
            raise Refused("conflict", f"The tenant {tenant} does not exist any more.")
        limits = {name: entry.doc["limits"].get(name) for name in LIMITS}
        limits["payload_bytes"] = catalog.Tenant.of(entry.doc).payload_bytes
        used = self._in_use(tenant)
        return {
            "at": rfc3339(self.now()),
            "limits": limits,
            "usage": {
                **self._submitting(tenant, SubmitLimits.of(entry.doc)),
                "concurrency": _of(limits["concurrency"], used.used, TENANT),
                "lanes": self._lanes(tenant, used),
                "functions": self._functions(tenant, used),
            },
        }

    def _submitting(self, tenant: str, limits: SubmitLimits | None) -> dict[str, Any]:
        submit: dict[str, Any] = {"rate": None, "burst": None, "available": None}
        backlog: dict[str, Any] = {"limit": None, "used": None}
        if limits is None:
            return {"submit": submit, "backlog": backlog}
        meter = self.meters.look(tenant)
        counts = meter is not None and meter.counts_for(limits)
        if limits.rate is not None:
            left = max(0, tokens(limits, meter, self.now())) if meter is not None and counts else limits.burst
            submit = {"rate": limits.rate, "burst": limits.burst, "available": left}
        if limits.backlog is not None:
            # a limit that nobody has met yet begins with the queues' depth
            unended = meter.backlog if meter is not None and counts else self.depths.unended(tenant)
            backlog = {"limit": limits.backlog, "used": unended}
        return {"submit": submit, "backlog": backlog}

    def _in_use(self, tenant: str) -> Slots:
        """The slots without those whose holders died."""
        slots, now = self.slots.look(tenant), self.now()
        used = dict(slots.used)
        for lease in slots.expired(now).values():
            for scope, count in lease.counts.items():
                used[scope] = max(0, used.get(scope, 0) - count)
        return Slots(used=used, shares=slots.shares, pressures=slots.pressures)

    def _lanes(self, tenant: str, slots: Slots) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for entry in self.registry.query(tenant, catalog.lane_item(""), limit=MOST):
            name, scope = entry.item.partition("#")[2], lane_scope(entry.item.partition("#")[2])
            found[name] = {
                "concurrency": _of(entry.doc.get("concurrency"), slots.used, scope),
                "share": slots.shares.get(scope),
                "rate": entry.doc.get("rate"),
                "burst": entry.doc.get("burst"),
            }
        return found

    def _functions(self, tenant: str, slots: Slots) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for entry in self.registry.query(tenant, catalog.function_item(""), limit=MOST):
            name, scope = entry.item.partition("#")[2], function_scope(entry.item.partition("#")[2])
            pressure = slots.pressures.get(scope)
            presses = pressure is not None and not pressure.is_over(self.now())
            found[name] = {
                "concurrency": _of(entry.doc.get("concurrency"), slots.used, scope),
                "pressure": pressure.concurrency(self.now()) if pressure is not None and presses else None,
            }
        return found


def _of(limit: int | None, used: Mapping[str, int], scope: str) -> dict[str, Any]:
    """A limit and what is used of it; None where nobody counts."""
    counted = limit is not None or used.get(scope)
    return {"limit": limit, "used": used.get(scope, 0) if counted else None}
