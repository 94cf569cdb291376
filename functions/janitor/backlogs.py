"""Duty: counted backlogs are put right by what lies in the queues and waits elsewhere."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from fairlane.domain.admission import SubmitLimits
from fairlane.domain.attention import WITHOUT_MESSAGE
from fairlane.domain.catalog import TENANTS
from fairlane.healing import Healing
from fairlane.ports.admission import AdmissionStore, Depths
from fairlane.ports.attention import AttentionIndex
from fairlane.ports.registry import Entry, RegistryReader
from fairlane.ports.running import Clock
from janitor.duties import Allowance

#: Which tenants have a backlog limit is asked for this often.
LOOK_AT_TENANTS = timedelta(minutes=5)
#: Beyond all times for which a task may wait.
FARTHEST = timedelta(days=400)
PAGE = 1_000


@dataclass
class _Known:
    """What this instance remembers between rounds."""

    tenants: list[tuple[str, SubmitLimits]] = field(default_factory=list)
    at: datetime | None = None


@dataclass(frozen=True)
class HealBacklogs:
    """The duty."""

    store: AdmissionStore
    depths: Depths
    attention: AttentionIndex
    registry: RegistryReader
    now: Clock
    logger: Logger
    name: str = "backlogs"
    _known: _Known = field(default_factory=_Known)

    def __call__(self, allowance: Allowance) -> int:
        """How many were corrected."""
        waiting: list[Counter[str]] = []

        def elsewhere(tenant: str) -> int:
            if not waiting:  # once a round, and only when a count is above what lies in the queues
                waiting.append(self._waiting())
            return waiting[0][tenant]

        healing = Healing(self.store, self.depths, elsewhere, self.now, self.logger)
        corrected = 0
        for page in allowance.pages(iter(self._limited())):
            for tenant, limits in page:
                corrected += self._heal(healing, tenant, limits)
        return corrected

    def _heal(self, healing: Healing, tenant: str, limits: SubmitLimits) -> bool:
        try:
            return healing.heal(tenant, limits)
        except Exception:  # the other tenants' counts have to be right all the same
            self.logger.exception("not healed", extra={"action": "heal_failed", "tenant": tenant})
            return False

    def _limited(self) -> list[tuple[str, SubmitLimits]]:
        now = self.now()
        if self._known.at is None or now - self._known.at >= LOOK_AT_TENANTS:
            found = ((entry.item, SubmitLimits.of(entry.doc)) for entry in every_tenant(self.registry))
            self._known.tenants = [
                (tenant, limits) for tenant, limits in found if limits is not None and limits.backlog is not None
            ]
            self._known.at = now
        return self._known.tenants

    def _waiting(self) -> Counter[str]:
        until = self.now() + FARTHEST
        return Counter(noted.tenant for kind in WITHOUT_MESSAGE for noted in self.attention.noted(kind, until=until))


def every_tenant(registry: RegistryReader) -> Iterator[Entry]:
    """All tenants' documents, by name."""
    after: str | None = None
    while True:
        page = registry.query(TENANTS, "", limit=PAGE, after=after)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].item
