"""Counted backlogs are put right by what lies in the queues (rules: `fairlane.domain.drift`)."""

from collections.abc import Callable
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from fairlane.domain.admission import Meter, SubmitLimits
from fairlane.domain.drift import judged
from fairlane.ports.admission import AdmissionStore, Depths
from fairlane.ports.running import Clock


@dataclass(frozen=True)
class Healing:
    """The use case. `elsewhere` tells how many of a tenant's tasks wait without a message."""

    store: AdmissionStore
    depths: Depths
    elsewhere: Callable[[str], int]
    now: Clock
    logger: Logger

    def heal(self, tenant: str, limits: SubmitLimits) -> bool:
        """Compare the count with the truth and note or correct a difference; whether it was corrected."""
        before = self.store.look(tenant)
        if before is None or not before.counts_for(limits) or (before.backlog == 0 and before.drift is None):
            return False  # idle: asking SQS would cost each minute
        truth = self._truth(tenant, before)
        # the count after the truth: who was admitted in between is too much in it, and known as such
        meter = self.store.look(tenant)
        correction = judged(meter, truth=truth, now=self.now()) if meter and meter.counts_for(limits) else None
        if meter is None or correction is None:
            return False
        done = self.store.correct(tenant, meter, by=correction.by, drift=correction.drift, now=self.now())
        if done and correction.by:
            reason = "too much was counted" if correction.by < 0 else "too little was counted"
            about = {"action": "backlog_corrected", "tenant": tenant, "by": correction.by, "reason": reason}
            self.logger.warning("backlog corrected", extra=about)
        return done and correction.by != 0

    def _truth(self, tenant: str, meter: Meter) -> int:
        lying = self.depths.unended(tenant)
        # reading who waits elsewhere costs more than a depth: only where the count is above what lies
        return lying + self.elsewhere(tenant) if (meter.backlog or 0) > lying else lying
