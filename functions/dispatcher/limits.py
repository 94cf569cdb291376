"""The limits that apply now, from the registry's documents: tenant, lane and function."""

from collections.abc import Mapping
from dataclasses import dataclass

from fairlane.cache import CachedRegistry
from fairlane.domain import catalog
from fairlane.domain.rate import Rate
from fairlane.domain.slots import MANY, TENANT, Terms, function_scope, lane_scope
from fairlane.ports.registry import Entry


@dataclass(frozen=True)
class Paused:
    """Nothing may start: `what` is paused."""

    what: str

    @property
    def is_of_function(self) -> bool:
        """Whether other functions of the lane go on."""
        return self.what == "function"


@dataclass(frozen=True)
class Limits:
    """Read with each attempt, through the cache: a change binds within its time."""

    registry: CachedRegistry
    #: Lanes without a limit are counted too, so that the platform's shares bind them.
    counts_every_lane: bool = False

    def of(self, tenant: str, lane: str, task_type: str) -> Terms | Paused:
        """What binds an attempt of that function in that lane."""
        owner = self.registry.get(catalog.TENANTS, tenant)
        queue = self.registry.get(tenant, catalog.lane_item(lane))
        function = self.registry.get(tenant, catalog.function_item(task_type))
        paused = self._pause({"tenant": owner, "lane": queue, "function": function})
        if paused is not None:
            return paused
        lane_doc = queue.doc if queue else {}
        lane_limit = lane_doc.get("concurrency")
        if lane_limit is None and self.counts_every_lane:
            lane_limit = MANY
        scope = lane_scope(lane)
        limits = {
            TENANT: owner.doc["limits"].get("concurrency") if owner else None,
            scope: lane_limit,
            function_scope(task_type): function.doc.get("concurrency") if function else None,
        }
        return Terms(limits, scope, Rate.of(lane_doc.get("rate"), lane_doc.get("burst")))

    def _pause(self, entries: Mapping[str, Entry | None]) -> Paused | None:
        return next((Paused(what) for what, entry in entries.items() if entry and entry.doc.get("paused")), None)

    def of_function(self, tenant: str, task_type: str) -> int | None:
        """The function's own concurrency."""
        entry = self.registry.get(tenant, catalog.function_item(task_type))
        limit: int | None = entry.doc.get("concurrency") if entry else None
        return limit
