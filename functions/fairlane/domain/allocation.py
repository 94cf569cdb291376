"""Fair shares of the platform's capacity: weighted max-min over the lanes that have work.

Slots are dealt one by one, each to the lane that has least for its weight and can still use one. So nothing
is left over while somebody could use it, a higher weight never gets less, and who needs little gets all of
it. A lane can use what it has work for, its own limit and what its tenant's limit leaves.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace

LaneKey = tuple[str, str]
"""Tenant and lane."""


@dataclass(frozen=True)
class Demand:
    """What a lane with work asks for."""

    tenant: str
    lane: str
    #: Tasks that wait or run; 1 at least.
    work: int
    weight: float = 1.0
    #: Its own concurrency; None: no limit.
    limit: int | None = None

    @property
    def key(self) -> LaneKey:
        """Tenant and lane."""
        return (self.tenant, self.lane)

    @property
    def usable(self) -> int:
        """The most slots that are of use to it."""
        return max(1, self.work if self.limit is None else min(self.work, self.limit))


@dataclass(frozen=True)
class Allocation:
    """Who gets how much."""

    shares: Mapping[LaneKey, int]
    #: Somebody gets less than it could use.
    contended: bool
    #: There are more lanes with work than slots: each has 1 all the same.
    overcommitted: bool


def allocate(capacity: int, demands: Sequence[Demand], tenant_limits: Mapping[str, int | None]) -> Allocation:
    """Divide `capacity` slots. No lane with work gets none, whatever the capacity."""
    shares = {demand.key: 1 for demand in demands}
    by_tenant = Counter(demand.tenant for demand in demands)
    left = capacity - len(demands)
    # least for its weight comes first; what it would have after the next slot decides, so that small weights wait
    queue = [(2 / demand.weight, demand.key, demand) for demand in demands]
    heapify(queue)
    contended = left < 0
    while queue:
        _, key, demand = queue[0]
        if shares[key] >= demand.usable or by_tenant[demand.tenant] >= _most(tenant_limits.get(demand.tenant)):
            heappop(queue)
        elif left <= 0:
            contended = True
            break
        else:
            shares[key] += 1
            by_tenant[demand.tenant] += 1
            left -= 1
            heapreplace(queue, ((shares[key] + 1) / demand.weight, key, demand))
    return Allocation(shares, contended, overcommitted=capacity < len(demands))


def ceilings(allocation: Allocation, demands: Iterable[Demand]) -> dict[LaneKey, int]:
    """The most that each lane may run until the next allocation; empty where there is enough for all.

    Who got all that it asked for may grow at once to what it would be due: else a lane that has little work
    when the allocator looks would wait for its next look when more comes.
    """
    if not allocation.contended:
        return {}
    demands = list(demands)
    hungry = [one for one in demands if allocation.shares[one.key] < one.usable]
    level = max((allocation.shares[one.key] / one.weight for one in hungry), default=0.0)
    found: dict[LaneKey, int] = {}
    for one in demands:
        share = allocation.shares[one.key]
        due = share if share < one.usable else max(share, int(level * one.weight))
        found[one.key] = due if one.limit is None else max(share, min(due, one.limit))
    return found


def _most(limit: int | None) -> float:
    return float("inf") if limit is None else limit
