"""Limits on submitting: meters, and the depth of queues."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fairlane.domain.admission import Drift, Meter, SubmitLimits
from fairlane.ports.queues import Depth


@dataclass(frozen=True)
class Taken:
    """The permits are taken; the meter as it is now."""

    meter: Meter


@dataclass(frozen=True)
class Short:
    """Nothing was taken; the meter as it was (None: there is none)."""

    meter: Meter | None


class AdmissionStore(Protocol):
    """One meter a tenant in the Quotas table. A crash in between counts too much, never too little."""

    def look(self, tenant: str) -> Meter | None:
        """The meter, read consistently."""

    def start(self, tenant: str, meter: Meter, *, instead_of: Meter | None, now: datetime) -> Meter | None:
        """Write `meter` in place of the one that was read; whichever is there afterwards."""

    def take(self, tenant: str, limits: SubmitLimits, count: int, *, now: datetime, is_full: bool) -> Taken | Short:
        """Take `count` permits if there are as many; `is_full`: whether the bucket is believed to be."""

    def give_back(self, tenant: str, *, places: int, tokens_ns: int = 0, now: datetime) -> None:
        """Take less off the backlog (never below 0), and give tokens back. Never done twice, perhaps not at all."""

    def correct(self, tenant: str, seen: Meter, *, by: int, drift: Drift | None, now: datetime) -> bool:
        """Add `by` to the backlog and note `drift`, if the drift noted so far is still the one that was seen."""


class Depths(Protocol):
    """How much lies in a tenant's lane queues."""

    def unended(self, tenant: str) -> int:
        """Messages in all of them, in any state."""

    def of(self, queue_url: str) -> "Depth":
        """What is in one queue; zeros when it is gone."""
