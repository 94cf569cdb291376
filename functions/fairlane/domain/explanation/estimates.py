"""When an unended task may go on. Ranges; null where nothing is known, rather than a guess."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fairlane.domain.explanation.snapshot import Snapshot
from fairlane.domain.explanation.waits import NEED_SOMEBODY, Reason, Wait
from fairlane.domain.task import Status

#: A message that nothing holds up is received within this.
PICKED_UP = timedelta(seconds=20)
#: Their places become free when attempts end.
CONCURRENCIES = frozenset(
    {
        Reason.TENANT_CONCURRENCY,
        Reason.LANE_CONCURRENCY,
        Reason.LANE_SHARE,
        Reason.FUNCTION_CONCURRENCY,
        Reason.BACK_PRESSURE,
    }
)


@dataclass(frozen=True)
class Estimate:
    """Between the two, if what `basis` says holds; None: not known."""

    #: What is estimated: the next `start`, or the `outcome` of the attempt under way.
    of: str
    earliest: datetime | None
    latest: datetime | None
    basis: str


def estimate(snapshot: Snapshot, waits: Sequence[Wait]) -> Estimate:
    """Of a task that has not ended."""
    task, now = snapshot.task, snapshot.now
    if task.status in (Status.RUNNING, Status.WAITING):
        return _outcome(snapshot, waits)
    if any(wait.reason in NEED_SOMEBODY for wait in waits):
        return Estimate("start", None, None, "nobody knows when somebody ends what it waits for")
    times = [wait.until for wait in waits if wait.until is not None]
    earliest = max([now, *times])
    late_start = task.expires_at if task.claim == 0 else None
    latest, basis = _latest(snapshot, waits, earliest)
    if late_start is not None and (latest is None or latest > late_start) and late_start > now:
        return Estimate("start", earliest, late_start, "it expires if it has not started by then")
    return Estimate("start", earliest, latest, basis)


def _outcome(snapshot: Snapshot, waits: Sequence[Wait]) -> Estimate:
    if any(wait.reason is Reason.LOST for wait in waits):
        return Estimate("outcome", snapshot.now, None, "when its message comes back")
    until = waits[0].until if waits else None
    return Estimate("outcome", snapshot.now, until, "the attempt is given up then")


def _latest(snapshot: Snapshot, waits: Sequence[Wait], earliest: datetime) -> tuple[datetime | None, str]:
    """The latest start, and what that rests on."""
    if snapshot.depth is None:
        return None, "how much is before it is not known"
    bounds = [wait.limit for wait in waits if wait.reason in CONCURRENCIES and wait.limit]
    rates = [wait.limit for wait in waits if wait.reason is Reason.LANE_RATE and wait.limit]
    ahead = snapshot.depth.ahead(is_limited=bool(bounds or rates))
    if bounds and snapshot.timeout is not None:
        turns = math.ceil((ahead + 1) / min(bounds))
        basis = f"if the {ahead} before it are not retried and take the function's whole timeout at most"
        return earliest + turns * snapshot.timeout + PICKED_UP, basis
    if rates:
        latest = earliest + timedelta(seconds=(ahead + 1) / min(rates)) + PICKED_UP
        return latest, f"if the {ahead} before it are started at that rate"
    if ahead:
        return None, f"how long the {ahead} before it take is not known"
    return earliest + PICKED_UP, "nothing is before it"
