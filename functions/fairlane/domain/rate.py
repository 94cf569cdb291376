"""Start rates: the generic cell rate algorithm (ITU-T I.371), with one number for each lane as its state.

The state is the *theoretical arrival time*: when all starts so far would have been made at the plain
rate. It is in whole microseconds since the epoch, so that no rounding adds a start.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from fairlane.domain.times import EPOCH

SECOND_US = 1_000_000


def to_us(at: datetime) -> int:
    """Microseconds since the epoch."""
    return (at - EPOCH) // timedelta(microseconds=1)


def from_us(us: int) -> datetime:
    """The time of so many microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=us)


@dataclass(frozen=True)
class Rate:
    """In any window of t seconds at most `burst` + `per_s` x t starts."""

    per_s: float
    burst: int

    @classmethod
    def of(cls, per_s: float | None, burst: float | None) -> "Rate | None":
        """As a lane has it; without a burst, what comes in a second (1 at least)."""
        return None if per_s is None else cls(per_s, max(1, math.floor(per_s if burst is None else burst)))

    @property
    def step_us(self) -> int:
        """From one start to the next; rounded up, so never faster than the rate."""
        return max(1, math.ceil(SECOND_US / self.per_s))

    def available(self, arrival_us: int | None, now: datetime) -> int:
        """How many may start now."""
        now_us = to_us(now)
        debt_us = max(0, self._clamped(arrival_us, now_us) - now_us)
        return (self.burst * self.step_us - debt_us) // self.step_us

    def after(self, starts: int, arrival_us: int | None, now: datetime) -> int:
        """The state when so many start now."""
        now_us = to_us(now)
        return max(now_us, self._clamped(arrival_us, now_us)) + starts * self.step_us

    def next_at(self, arrival_us: int | None, now: datetime) -> datetime:
        """When one may start."""
        now_us = to_us(now)
        return from_us(max(now_us, self._clamped(arrival_us, now_us) - (self.burst - 1) * self.step_us))

    def must_clamp(self, arrival_us: int | None, now: datetime) -> bool:
        """Whether the state comes from a slower rate, and would keep the lane waiting for that."""
        now_us = to_us(now)
        return arrival_us is not None and arrival_us != self._clamped(arrival_us, now_us)

    def _clamped(self, arrival_us: int | None, now_us: int) -> int:
        """A changed rate or burst binds at once: nobody waits longer than for an empty bucket."""
        return now_us if arrival_us is None else min(arrival_us, now_us + self.burst * self.step_us)
