"""Duty: the platform's capacity is divided over the lanes that have work, while there is not enough for all.

What is written are ceilings (`SlotStore.set_shares`); dispatchers enforce them. Every round starts from what is
there, so one that dies half-way is finished by the next. A lane that was idle is looked at each fifth round
only, as asking SQS costs; until it is found, no ceiling binds it. Lanes of pooled tenants are left out: how much
of a shared queue is whose, SQS does not tell.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from zlib import crc32

from aws_lambda_powertools import Logger

from fairlane.domain.allocation import Demand, LaneKey, allocate, ceilings
from fairlane.domain.catalog import lane_item
from fairlane.domain.slots import lane_scope
from fairlane.domain.times import to_ms
from fairlane.ports.admission import Depths
from fairlane.ports.registry import Entry, RegistryReader
from fairlane.ports.running import Clock
from fairlane.ports.slots import SlotStore
from janitor.backlogs import every_tenant
from janitor.duties import Allowance

#: An idle lane is looked at each so many rounds.
IDLE_ROUNDS = 5
ROUND_MS = 60_000
MOST_LANES = 1_000


@dataclass
class _Known:
    """What this instance remembers between rounds; a new one looks at everything."""

    busy: set[LaneKey] = field(default_factory=set)
    #: Tenants that may have shares; None: unknown.
    shared: set[str] | None = None


@dataclass(frozen=True)
class AllocateShares:
    """The duty. `capacity` is how many attempts the platform can run at once; 0: it is never short."""

    slots: SlotStore
    depths: Depths
    registry: RegistryReader
    capacity: int
    now: Clock
    logger: Logger
    name: str = "shares"
    _known: _Known = field(default_factory=_Known)

    def __call__(self, allowance: Allowance) -> int:
        """How many shares were changed."""
        if self.capacity <= 0:
            return 0
        limits: dict[str, int | None] = {}
        demands: list[Demand] = []
        for page in allowance.pages(every_tenant(self.registry)):
            for entry in page:
                limits[entry.item] = entry.doc["limits"].get("concurrency")
                demands += self._demands(entry)
        allocation = allocate(self.capacity, demands, limits)
        if allocation.overcommitted:
            about = {"action": "overcommitted", "lanes": len(demands), "capacity": self.capacity}
            self.logger.warning("more lanes with work than capacity", extra=about)
        wanted: dict[str, dict[str, int]] = {}
        for (tenant, lane), ceiling in ceilings(allocation, demands).items():
            wanted.setdefault(tenant, {})[lane] = ceiling
        self._known.busy = {demand.key for demand in demands}
        return self._write(wanted, set(limits))

    def _demands(self, tenant: Entry) -> Iterator[Demand]:
        if tenant.doc.get("isolation") == "pooled" or tenant.doc.get("paused"):
            return
        for entry in self.registry.query(tenant.item, lane_item(""), limit=MOST_LANES):
            lane, doc = entry.item.partition("#")[2], entry.doc
            if doc.get("paused") or not doc.get("queue_url") or not self._is_turn((tenant.item, lane)):
                continue
            depth = self.depths.of(str(doc["queue_url"]))
            work = depth.visible + depth.in_flight
            if work:
                yield Demand(tenant.item, lane, work, doc.get("weight") or 1.0, doc.get("concurrency"))

    def _is_turn(self, lane: LaneKey) -> bool:
        """Whether to look at it: each round when it was busy, else by turns."""
        if lane in self._known.busy or self._known.shared is None:
            return True
        minute = to_ms(self.now()) // ROUND_MS
        return (crc32("/".join(lane).encode()) + minute) % IDLE_ROUNDS == 0

    def _write(self, wanted: Mapping[str, Mapping[str, int]], tenants: set[str]) -> int:
        """Bring every tenant's shares to what is wanted; how many lanes' were changed."""
        may_have = tenants if self._known.shared is None else self._known.shared
        changed = sum(self._write_one(tenant, wanted.get(tenant, {})) for tenant in sorted(may_have | set(wanted)))
        self._known.shared = set(wanted)
        return changed

    def _write_one(self, tenant: str, wanted: Mapping[str, int]) -> int:
        held = self.slots.look(tenant).shares
        changes: dict[str, int | None] = {
            lane: ceiling for lane, ceiling in wanted.items() if held.get(lane_scope(lane)) != ceiling
        }
        kept = {lane_scope(lane) for lane in wanted}
        gone = [scope for scope in held if scope not in kept]
        if gone:
            names = {lane_scope(lane): lane for lane in self._lanes(tenant)}
            changes |= {names.get(scope, scope.partition(".")[2]): None for scope in gone}
        if changes:
            self.slots.set_shares(tenant, changes)
            self.logger.info("shares", extra={"action": "shares_set", "tenant": tenant, "shares": changes})
        return len(changes)

    def _lanes(self, tenant: str) -> list[str]:
        return [entry.item.partition("#")[2] for entry in self.registry.query(tenant, lane_item(""), limit=MOST_LANES)]
