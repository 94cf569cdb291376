"""Back-pressure: how a function's effective concurrency shrinks by halves and recovers by ones, as TCP does it.

Only shrinking is written; the recovery follows from the time that has passed.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

SHRINK = 0.5
RECOVERS_PER_S = 1.0
#: Throttles that come together tell of one overload.
AT_MOST_EACH = timedelta(seconds=1)
#: A function without a limit is free again once it could run this many times what it ran before.
BEYOND_PEAK = 2


@dataclass(frozen=True)
class Pressure:
    """`value` was the concurrency at `at`, the last shrinking. `peak` is what it recovers to."""

    value: float
    at: datetime
    since: datetime
    peak: int
    throttles: int

    def concurrency(self, now: datetime) -> int:
        """What may run now: at least 1."""
        recovered = self._recovered(now)
        return max(1, math.floor(min(recovered, self.peak)))

    def is_over(self, now: datetime) -> bool:
        """Whether it binds no more."""
        return self._recovered(now) >= self.peak

    def _recovered(self, now: datetime) -> float:
        return self.value + RECOVERS_PER_S * max(0.0, (now - self.at).total_seconds())


def shrunk(
    pressure: Pressure | None, *, running: int, limit: int | None, now: datetime, throttles: int = 1
) -> Pressure | None:
    """The pressure after the target refused; None when it has only just shrunk.

    `running` is how many run now, the refused one included.
    """
    if pressure is None or pressure.is_over(now):
        if pressure is not None and now - pressure.at < AT_MOST_EACH:
            return None
        start = max(1, running if limit is None else min(running, limit))
        peak = BEYOND_PEAK * start if limit is None else max(1, limit)
        return Pressure(max(1.0, start * SHRINK), now, now, peak, throttles)
    if now - pressure.at < AT_MOST_EACH:
        return None
    value = max(1.0, pressure.concurrency(now) * SHRINK)
    peak = pressure.peak if limit is None else max(1, limit)
    return replace(pressure, value=value, at=now, peak=peak, throttles=pressure.throttles + throttles)
