"""Which limits are reached for a task: the same bounds that a dispatcher meets when it wants slots for it."""

from collections import Counter
from collections.abc import Iterator, Mapping

from fairlane.domain.explanation.snapshot import Doc, Snapshot
from fairlane.domain.explanation.waits import Reason, Wait
from fairlane.domain.rate import Rate
from fairlane.domain.slots import MANY, TENANT, Cause, Terms, function_scope, lane_scope
from fairlane.domain.task import CLAIMABLE

_REASONS: Mapping[Cause, Reason] = {
    Cause.TENANT: Reason.TENANT_CONCURRENCY,
    Cause.LANE: Reason.LANE_CONCURRENCY,
    Cause.SHARE: Reason.LANE_SHARE,
    Cause.FUNCTION: Reason.FUNCTION_CONCURRENCY,
    Cause.PRESSURE: Reason.BACK_PRESSURE,
}


def reached(snapshot: Snapshot) -> Iterator[Wait]:
    """Of a task that no attempt runs of: every limit of its tenant, lane and function that is used up."""
    if snapshot.task.status not in CLAIMABLE:
        return
    terms = _terms(snapshot)
    used = _used(snapshot)
    for scope, (bound, cause) in terms.bounds(snapshot.slots, snapshot.now).items():
        if bound < MANY and used[scope] >= bound:
            yield _wait(snapshot, scope, bound, used[scope], cause)
    arrival = snapshot.slots.arrivals.get(terms.lane)
    if terms.rate is not None and terms.rate.available(arrival, snapshot.now) <= 0:
        yield _rate(snapshot, terms.rate, arrival)


def _terms(snapshot: Snapshot) -> Terms:
    task = snapshot.task
    lane, function = snapshot.lane or {}, snapshot.function or {}
    scope = lane_scope(task.lane)
    limits = {
        TENANT: _limit(snapshot.tenant),
        scope: lane.get("concurrency"),
        function_scope(task.type): function.get("concurrency"),
    }
    return Terms(limits, scope, Rate.of(lane.get("rate"), lane.get("burst")))


def _limit(tenant: Doc | None) -> int | None:
    limits = (tenant or {}).get("limits") or {}
    return limits.get("concurrency")


def _used(snapshot: Snapshot) -> Counter[str]:
    """Without what died with its holder: whoever wants a slot takes that away first."""
    used = Counter(snapshot.slots.used)
    for lease in snapshot.slots.expired(snapshot.now).values():
        used.subtract(lease.counts)
    return used


def _wait(snapshot: Snapshot, scope: str, bound: int, used: int, cause: Cause) -> Wait:
    task = snapshot.task
    texts: Mapping[Cause, tuple[str, str]] = {
        Cause.TENANT: (
            f"the tenant may run {bound} at once, and does",
            "the platform raises limits.concurrency of the tenant (PUT /v1/tenants/{tenant})",
        ),
        Cause.LANE: (
            f"the lane {task.lane} may run {bound} at once, and does",
            f"raise its concurrency (PUT /v1/lanes/{task.lane})",
        ),
        Cause.SHARE: (
            f"the platform's capacity is shared out, {bound} at once to the lane {task.lane}, and it runs that many",
            "nothing to do: shares follow the work within seconds; a larger weight of the lane gets a larger share",
        ),
        Cause.FUNCTION: (
            f"the function {task.type} may run {bound} at once, and does",
            f"raise its concurrency (PUT /v1/functions/{task.type})",
        ),
        Cause.PRESSURE: (
            f"the target of {task.type} was overloaded: for now {bound} at once {'is' if bound == 1 else 'are'} tried",
            "give the target more capacity; the function's concurrency recovers by itself, by one a second",
        ),
    }
    what, remedy = texts[cause]
    pressure = snapshot.slots.pressures.get(scope)
    since = pressure.since if pressure is not None and cause is Cause.PRESSURE else None
    return Wait(_REASONS[cause], what, limit=bound, used=used, since=since, remedy=remedy)


def _rate(snapshot: Snapshot, rate: Rate, arrival: int | None) -> Wait:
    lane = snapshot.task.lane
    return Wait(
        Reason.LANE_RATE,
        f"the lane {lane} may start {rate.per_s:g} a second, and has",
        limit=rate.per_s,
        until=rate.next_at(arrival, snapshot.now),
        remedy=f"raise its rate or burst (PUT /v1/lanes/{lane})",
    )
