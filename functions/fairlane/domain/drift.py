"""When a counted backlog is put right, by how much lies in the queues.

The count errs upwards only: whoever dies between a permit and its record, or between an end and the give-back,
leaves it too high. Permits of a gateway that still works are no error; the gateway lives half a minute. So what
was too much at one time and is too much `LASTS_OVER` later, less all that was admitted in between, is an error.
Too low it can be only when a limit was set while tasks came in. Messages of ended tasks lie in the queue until
their batch is done, which takes `LASTS_UNDER` at most.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fairlane.domain.admission import Drift, Meter
from fairlane.domain.times import from_ms, to_ms

LASTS_OVER = timedelta(seconds=100)
LASTS_UNDER = timedelta(minutes=20)


@dataclass(frozen=True)
class Correction:
    """What to add to the count now, and what to note for the next time."""

    by: int
    drift: Drift | None


def judged(meter: Meter, *, truth: int, now: datetime) -> Correction | None:
    """What to do about a count, given how many tasks really have not ended; None: nothing."""
    excess = (meter.backlog or 0) - truth
    noted = meter.drift
    if excess == 0:
        return None if noted is None else Correction(0, None)
    if noted is None or (noted.excess > 0) != (excess > 0):
        return Correction(0, Drift(excess, to_ms(now), meter.admitted))
    least = min(noted.excess, excess) if excess > 0 else max(noted.excess, excess)
    lasts = LASTS_OVER if excess > 0 else LASTS_UNDER
    if now - from_ms(noted.at_ms) < lasts:
        return None if least == noted.excess else Correction(0, Drift(least, noted.at_ms, noted.admitted))
    if excess > 0:
        least = min(least, excess - (meter.admitted - noted.admitted))
        if least <= 0:  # too much has moved to tell: begin anew
            return Correction(0, Drift(excess, to_ms(now), meter.admitted))
    return Correction(-least, None)
