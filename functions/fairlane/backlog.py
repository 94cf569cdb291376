"""Places in the backlog are given back where a task's end was committed, by whoever committed it.

Not where an end is met or told again: else a place would be given back twice. A process that dies between the
commit and this leaves the count too high, which the janitor puts right.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from fairlane.cache import CachedRegistry
from fairlane.domain.admission import SubmitLimits
from fairlane.domain.catalog import TENANTS
from fairlane.ports.admission import AdmissionStore
from fairlane.ports.running import Clock


@dataclass(frozen=True)
class Backlog:
    """The use case, for every function that ends tasks. Costs nothing for a tenant without a backlog limit."""

    store: AdmissionStore
    registry: CachedRegistry
    now: Clock
    logger: Logger

    def ended(self, tenants: Iterable[str]) -> None:
        """One task of each has just ended (the same tenant as often as tasks): one write a tenant. Never raises."""
        for tenant, places in Counter(tenants).items():
            try:
                self._give_back(tenant, places)
            except Exception:  # the end is committed; too much stays counted until it is put right
                self.logger.exception("not given back", extra={"action": "give_back_failed", "tenant": tenant})

    def _give_back(self, tenant: str, places: int) -> None:
        if self._limits(tenant) is not None:
            self.store.give_back(tenant, places=places, now=self.now())

    def _limits(self, tenant: str) -> SubmitLimits | None:
        """None when its backlog has no limit: then nobody counts."""
        entry = self.registry.get(TENANTS, tenant)
        limits = SubmitLimits.of(entry.doc) if entry else None
        return None if limits is None or limits.backlog is None else limits
