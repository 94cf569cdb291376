"""Admitting tasks under a tenant's limits on submitting. A tenant without such limits never comes here.

Order: permits first, then the records. What was admitted and then turned out to be no new task (a duplicate,
another payload) is given back; what stops in between leaves permits taken, which is put right later
(docs/decisions/0016). An instance remembers what it has seen of the meter: so a flood that is refused costs
no request, and where a limit is large, a busy instance takes permits in chunks.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from fairlane.domain.admission import (
    BACKLOG_WAIT,
    Meter,
    Shortage,
    SubmitLimits,
    places,
    room,
    started,
    to_ns,
    tokens,
)
from fairlane.domain.errors import Refused, Unavailable
from fairlane.ports.admission import AdmissionStore, Depths, Taken
from fairlane.ports.running import Clock

#: For so long an instance refuses by what it has seen; then it looks again.
MEMORY = timedelta(seconds=1)
#: Permits of a chunk that nobody has asked for in so long are given back.
CHUNK_LIFE = timedelta(seconds=5)
#: Later than this they are not given back: the count may have been put right without them.
CHUNK_COUNTS = timedelta(seconds=60)
#: Writes of others may come in between; each try starts from what the last one met.
TRIES = 8
#: Duplicates that an instance looks up in a second although the tenant is over a limit.
LOOKUPS = 10
#: A warm instance serves many tenants; the oldest go first.
MOST_TENANTS = 2_000


@dataclass(frozen=True)
class Admitted:
    """How many of the wanted were admitted, what was short for the others, and what the answer tells of it."""

    count: int
    shortage: Shortage | None
    fields: Mapping[str, str]


@dataclass
class _Seen:
    """What this instance knows of a tenant."""

    meter: Meter | None = None
    #: When it was looked at and somebody was refused: for a moment that is believed.
    at: datetime | None = None
    #: Permits of a chunk that are not used yet.
    permits: int = 0
    #: The limits under which they were taken.
    limits: SubmitLimits | None = None
    taken_at: datetime | None = None
    lookups: int = 0
    lookups_from: datetime | None = None

    def is_fresh(self, now: datetime) -> bool:
        return self.meter is not None and self.at is not None and now - self.at < MEMORY

    def is_busy(self, now: datetime) -> bool:
        return self.taken_at is not None and now - self.taken_at < CHUNK_LIFE


@dataclass(frozen=True)
class Admission:
    """The use case: one for each instance of the gateway, which serves one request at a time."""

    store: AdmissionStore
    depths: Depths
    now: Clock
    logger: Logger
    _tenants: OrderedDict[str, _Seen] = field(default_factory=OrderedDict)

    def admit(self, tenant: str, limits: SubmitLimits, wanted: int) -> Admitted:
        """Take permits for up to so many new tasks. Raises Unavailable when too many others write at once."""
        now, seen = self.now(), self._seen(tenant)
        self._drop_stale(tenant, limits, seen)
        held = min(seen.permits, wanted)
        seen.permits -= held
        count, shortage = (wanted, None) if held == wanted else self._take(tenant, limits, seen, wanted - held)
        count = wanted if shortage is None else held + count
        return Admitted(count, shortage, ratelimit_fields(limits, seen.meter, shortage, now))

    def give_back(self, tenant: str, limits: SubmitLimits, unused: int) -> None:
        """Permits that made no task. A failure is logged only: too much stays counted."""
        if unused < 1:
            return
        seen = self._seen(tenant)
        kept = min(unused, limits.chunk - seen.permits) if limits.chunk > 1 else 0
        seen.permits += max(0, kept)
        self._return(tenant, limits, seen, unused - max(0, kept))

    def may_look_up(self, tenant: str) -> bool:
        """Whether a refused event may be looked up, as it may be a repeat of an accepted one."""
        now, seen = self.now(), self._seen(tenant)
        if seen.lookups_from is None or now - seen.lookups_from >= timedelta(seconds=1):
            seen.lookups, seen.lookups_from = 0, now
        seen.lookups += 1
        return seen.lookups <= LOOKUPS

    def _take(self, tenant: str, limits: SubmitLimits, seen: _Seen, need: int) -> tuple[int, Shortage | None]:
        """How many were taken of those that are needed, and what is short."""
        fresh = seen.is_fresh(self.now())
        for _ in range(TRIES):
            now = self.now()
            if seen.meter is None or not seen.meter.counts_for(limits):
                self._start(tenant, limits, seen, now)
                fresh = True
                continue
            left = room(limits, seen.meter, now)
            if left.fits < need and not fresh:
                seen.meter, seen.at, fresh = self.store.look(tenant), now, True
                continue
            if left.fits < 1:
                return 0, left.shortage
            count = min(left.fits, max(need, limits.chunk if seen.is_busy(now) else 1))
            outcome = self.store.take(tenant, limits, count, now=now, is_full=seen.meter.is_full(now))
            seen.meter, seen.at, fresh = outcome.meter, now, True
            if isinstance(outcome, Taken):
                if count >= need:
                    seen.at = None  # the next one is refused by what is true then, not by what is left now
                seen.taken_at = now
                seen.permits += max(0, count - need)
                return min(count, need), left.shortage if count < need else None
        raise Unavailable("Too many requests of this tenant count at the same time: repeat this one.")

    def _start(self, tenant: str, limits: SubmitLimits, seen: _Seen, now: datetime) -> None:
        """Count by these limits. A backlog that is counted for the first time begins with what lies in the queues."""
        meter = self.store.look(tenant)
        if meter is None or not meter.counts_for(limits):
            anew = limits.backlog is not None and (
                meter is None or meter.backlog is None or meter.since != limits.since
            )
            unended = self.depths.unended(tenant) if anew else 0
            fresh = started(limits, meter, unended=unended, now=now)
            meter = self.store.start(tenant, fresh, instead_of=meter, now=now)
        seen.meter, seen.at, seen.permits = meter, now, 0

    def _drop_stale(self, tenant: str, limits: SubmitLimits, seen: _Seen) -> None:
        """Permits that nobody has used for long, or that were taken under other limits, are none any more."""
        if seen.permits and seen.limits is not None and not (seen.is_busy(self.now()) and seen.limits == limits):
            unused, seen.permits = seen.permits, 0
            if seen.taken_at is not None and self.now() - seen.taken_at < CHUNK_COUNTS:
                self._return(tenant, seen.limits, seen, unused)
        seen.limits = limits

    def _return(self, tenant: str, limits: SubmitLimits, seen: _Seen, unused: int) -> None:
        if unused < 1:
            return
        seen.at = None  # what is known of the meter is too much now
        tokens_ns = unused * limits.token_ns
        try:
            counted = unused if limits.backlog is not None else 0
            self.store.give_back(tenant, places=counted, tokens_ns=tokens_ns, now=self.now())
        except Exception:  # the answers are decided already
            self.logger.exception("not given back", extra={"action": "give_back_failed", "tenant": tenant})

    def _seen(self, tenant: str) -> _Seen:
        seen = self._tenants.setdefault(tenant, _Seen())
        self._tenants.move_to_end(tenant)
        if len(self._tenants) > MOST_TENANTS:
            self._tenants.popitem(last=False)
        return seen


def over_limit(shortage: Shortage, fields: Mapping[str, str]) -> Refused:
    """429: which limit, its value, and what helps."""
    wait = shortage.retry_after_s
    if shortage.limit == "backlog":
        why = f"{shortage.value} of this tenant's tasks have not ended, which is its limit `backlog`"
        remedy = f"wait until some have ended and try again, in {wait} s at the earliest, or ask for a higher limit"
    else:
        why = f"this tenant may submit {shortage.value:g} tasks a second (its limit `submit_rate`)"
        remedy = f"try again in {wait} s, submit more slowly, or ask for a higher limit"
    headers = {"Retry-After": str(wait), **fields}
    return Refused("too-many-requests", f"{why[0].upper()}{why[1:]}: {remedy}.", headers=headers, reason=shortage.limit)


def ratelimit_fields(
    limits: SubmitLimits, meter: Meter | None, shortage: Shortage | None, now: datetime
) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit` as in draft-ietf-httpapi-ratelimit-headers-10."""
    policies: list[str] = []
    states: list[str] = []
    if limits.rate is not None:
        policies.append(f'"submit";q={limits.burst};w={max(1, math.ceil(limits.burst / limits.rate))}')
        states.append(f'"submit";r={_tokens(limits, meter, now)};t={_reset_s(meter, shortage, now)}')
    if limits.backlog is not None:
        policies.append(f'"backlog";q={limits.backlog};qu="concurrent-requests"')
        free = max(0, places(limits, meter)) if meter else 0
        states.append(f'"backlog";r={free}' + ("" if free else f";t={round(BACKLOG_WAIT.total_seconds())}"))
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}


def _tokens(limits: SubmitLimits, meter: Meter | None, now: datetime) -> int:
    return max(0, tokens(limits, meter, now)) if meter else 0


def _reset_s(meter: Meter | None, shortage: Shortage | None, now: datetime) -> int:
    """Until there is a token where there is none, else until the bucket is full."""
    if shortage is not None and shortage.limit == "submit_rate":
        return shortage.retry_after_s
    return max(0, math.ceil((meter.full_at_ns - to_ns(now)) / 1_000_000_000)) if meter else 1
