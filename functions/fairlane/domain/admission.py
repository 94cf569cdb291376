"""What a tenant may submit now: a token bucket and a counted backlog. Plain arithmetic over one meter.

The bucket is kept as the moment at which it is full again (`full_at`): a token that is taken moves it
by 1/rate, and nobody ever writes a refill. So writers only add, and never overwrite one another.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from fairlane.domain.times import EPOCH

SECOND_NS = 1_000_000_000
#: A busy instance takes as many permits at once as are a hundredth of the limit, and this many at most.
LARGEST_CHUNK = 10
CHUNK_OF = 100
#: A place in the backlog gets free when a task ends, which nobody knows beforehand.
BACKLOG_WAIT = timedelta(seconds=2)

LimitName = Literal["submit_rate", "backlog"]


@dataclass(frozen=True)
class SubmitLimits:
    """A tenant's limits on submitting; at least one of `rate` and `backlog` is there."""

    rate: float | None
    burst: int
    backlog: int | None
    #: Since when there is a backlog limit: what was counted under an older one is worthless.
    since: str

    @classmethod
    def of(cls, doc: Mapping[str, Any]) -> Self | None:
        """From the tenant's registry document; None without such a limit (a burst alone limits nothing)."""
        limits = doc["limits"]
        rate, backlog = limits.get("submit_rate"), limits.get("backlog")
        if rate is None and backlog is None:
            return None
        burst = 0 if rate is None else limits.get("submit_burst") or max(1, math.ceil(rate))
        return cls(rate, burst, backlog, doc.get("backlog_since") or "")

    @property
    def token_ns(self) -> int:
        """How long one token takes to come (0: no rate)."""
        return 0 if self.rate is None else max(1, round(SECOND_NS / self.rate))

    @property
    def chunk(self) -> int:
        """How many permits a busy instance may hold: 1 where the limit is small, so that it is exact."""
        smallest = min(limit for limit in (self.burst or None, self.backlog) if limit is not None)
        return max(1, min(LARGEST_CHUNK, smallest // CHUNK_OF))


@dataclass(frozen=True)
class Drift:
    """By how much the count was above the truth (below 0: under it) each time since `at_ms`."""

    excess: int
    at_ms: int
    #: `Meter.admitted` at the first time.
    admitted: int


@dataclass(frozen=True)
class Meter:
    """What is stored of a tenant's submitting."""

    #: When the bucket is full again (ns since the epoch), counted with tokens of `token_ns`; 0 and 0: no rate.
    full_at_ns: int = 0
    token_ns: int = 0
    #: Tasks that have not ended, counted since `since`; None: not counted.
    backlog: int | None = None
    since: str = ""
    #: How many were ever counted in; it only grows.
    admitted: int = 0
    #: What was noted of a count that is not the truth.
    drift: Drift | None = None
    #: The write that made it so.
    nonce: str = ""

    def counts_for(self, limits: SubmitLimits) -> bool:
        """Whether it was counted by these limits. Only the height of burst and backlog may differ."""
        by_rate = limits.rate is None or self.token_ns == limits.token_ns
        return by_rate and (limits.backlog is None or (self.backlog is not None and self.since == limits.since))

    def is_full(self, now: datetime) -> bool:
        """Whether no token is missing from the bucket."""
        return self.full_at_ns < to_ns(now)


@dataclass(frozen=True)
class Shortage:
    """Why there is no room for one task more: which limit, its value, and when to try again."""

    limit: LimitName
    value: float
    wait: timedelta

    @property
    def retry_after_s(self) -> int:
        """Whole seconds, 1 at least."""
        return max(1, math.ceil(self.wait.total_seconds()))


@dataclass(frozen=True)
class Room:
    """How many tasks fit now, and what is short beyond that."""

    fits: int
    shortage: Shortage


def to_ns(at: datetime) -> int:
    """Nanoseconds since the epoch."""
    return (at - EPOCH) // timedelta(microseconds=1) * 1000


def tokens(limits: SubmitLimits, meter: Meter, now: datetime) -> int:
    """Whole tokens in the bucket (below 0 after the burst was lowered)."""
    missing_ns = max(0, meter.full_at_ns - to_ns(now))
    return (limits.burst * limits.token_ns - missing_ns) // limits.token_ns


def places(limits: SubmitLimits, meter: Meter) -> int:
    """Free places in the backlog (below 0 after the limit was lowered)."""
    return (limits.backlog or 0) - (meter.backlog or 0)


def room(limits: SubmitLimits, meter: Meter, now: datetime) -> Room:
    """How many tasks fit. The meter must count for these limits."""
    rooms: list[Room] = []
    if limits.rate is not None:
        fits = max(0, tokens(limits, meter, now))
        next_ns = latest_ns(limits, fits + 1, now)
        wait = timedelta(microseconds=max(0, math.ceil((meter.full_at_ns - next_ns) / 1000)))
        rooms.append(Room(fits, Shortage("submit_rate", limits.rate, wait)))
    if limits.backlog is not None:
        rooms.append(Room(max(0, places(limits, meter)), Shortage("backlog", limits.backlog, BACKLOG_WAIT)))
    return min(rooms, key=lambda one: one.fits)


def latest_ns(limits: SubmitLimits, count: int, now: datetime) -> int:
    """The latest `full_at` of a bucket that has so many tokens."""
    return to_ns(now) + (limits.burst - count) * limits.token_ns


def taken(limits: SubmitLimits, meter: Meter, count: int, now: datetime) -> Meter:
    """The meter after so many were admitted."""
    full_at = max(meter.full_at_ns, to_ns(now)) + count * limits.token_ns if limits.rate is not None else 0
    if meter.backlog is None or limits.backlog is None:
        return replace(meter, full_at_ns=full_at)
    return replace(meter, full_at_ns=full_at, backlog=meter.backlog + count, admitted=meter.admitted + count)


def started(limits: SubmitLimits, meter: Meter | None, *, unended: int, now: datetime) -> Meter:
    """A meter that counts for these limits: what is missing from the bucket stays missing.

    `unended` is the truth about the backlog, for a count that begins anew.
    """
    old = meter or Meter()
    full_at = 0
    if limits.rate is not None and old.token_ns:
        missing = max(0, old.full_at_ns - to_ns(now)) / old.token_ns
        full_at = to_ns(now) + round(missing * limits.token_ns)
    if limits.backlog is None:
        return Meter(full_at, limits.token_ns)
    if old.backlog is not None and old.since == limits.since:
        return replace(old, full_at_ns=full_at, token_ns=limits.token_ns)
    return Meter(full_at, limits.token_ns, unended, limits.since)


def backlog_since(old: Mapping[str, Any] | None, wanted: Mapping[str, Any], now: str | None) -> str | None:
    """What a tenant's document says about since when its backlog is counted: `now` for a limit where none was."""
    if wanted["limits"].get("backlog") is None:
        return None
    if old is None or old["limits"].get("backlog") is None:
        return now
    return old.get("backlog_since")
