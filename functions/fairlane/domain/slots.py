"""Slots: permissions to run one attempt, counted for a tenant, its lanes and its functions.

Each tenant has one `Slots`. Slots are held under leases; a counter is always the sum of what the leases
hold, because a `Change` says only how leases change. No storage here: a store makes a `Change`
in one conditional write, or not at all.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import TypeVar

from fairlane.domain.pressure import Pressure
from fairlane.domain.rate import Rate

V = TypeVar("V")
#: What is expected to be there, and what shall be there instead; None is nothing.
Swap = tuple[V | None, V | None]

TENANT = "t"
LONGEST_NAME = 24
#: A limit that never binds, for what is counted without having one.
MANY = 1_000_000
#: Expired leases that one write takes away; an expression may have 4 KB.
MOST_RECLAIMED = 20


def lane_scope(lane: str) -> str:
    """The counter of a lane."""
    return f"l.{_short(lane)}"


def function_scope(task_type: str) -> str:
    """The counter of a function."""
    return f"f.{_short(task_type)}"


def _short(name: str) -> str:
    """Names count in every write; `~` occurs in none, so a cut one never meets another's."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:13]}~{blake2b(name.encode(), digest_size=5).hexdigest()}"


@dataclass(frozen=True)
class Lease:
    """Slots that somebody holds until then. `revision` grows with each change of it."""

    until: datetime
    revision: int
    counts: Mapping[str, int]

    def changed(self, *, until: datetime, counts: Mapping[str, int]) -> "Lease":
        """The lease with other slots."""
        return Lease(until, self.revision + 1, _some(counts))


@dataclass(frozen=True)
class Slots:
    """What is in use of a tenant's limits, as far as it is counted, and what else binds."""

    used: Mapping[str, int] = field(default_factory=dict)
    leases: Mapping[str, Lease] = field(default_factory=dict)
    #: By lane: what the platform's allocator leaves it.
    shares: Mapping[str, int] = field(default_factory=dict)
    #: By lane with a rate: see `Rate`.
    arrivals: Mapping[str, int] = field(default_factory=dict)
    #: By function.
    pressures: Mapping[str, Pressure] = field(default_factory=dict)

    def forgotten(self) -> "Slots":
        """What is worth knowing later: counters change too fast."""
        return Slots(shares=self.shares, arrivals=self.arrivals, pressures=self.pressures)

    def expired(self, now: datetime) -> dict[str, Lease]:
        """Leases of holders that died."""
        return {name: lease for name, lease in self.leases.items() if lease.until < now}


@dataclass(frozen=True)
class Change:
    """One conditional write: everything in it holds and is done, or nothing is.

    `mine` is the lease of whoever writes: when a refusal shows it as it shall be, the write had worked before.
    """

    mine: str | None = None
    leases: Mapping[str, Swap[Lease]] = field(default_factory=dict)
    #: Counters that may not be more than this afterwards.
    at_most: Mapping[str, int] = field(default_factory=dict)
    shares: Mapping[str, Swap[int]] = field(default_factory=dict)
    arrivals: Mapping[str, Swap[int]] = field(default_factory=dict)
    pressures: Mapping[str, Swap[Pressure]] = field(default_factory=dict)

    def added(self) -> dict[str, int]:
        """What it adds to each counter."""
        total: Counter[str] = Counter()
        for old, new in self.leases.values():
            total.update(new.counts if new else {})
            total.subtract(old.counts if old else {})
        return {scope: count for scope, count in total.items() if count}

    def has_worked(self, found: Slots) -> bool:
        """Whether what a refusal found is our own work: the SDK had repeated it."""
        if self.mine is None or self.mine not in self.leases:
            return False
        return found.leases.get(self.mine) == self.leases[self.mine][1]


class Cause(StrEnum):
    """What an attempt waits for."""

    TENANT = "tenant concurrency"
    LANE = "lane concurrency"
    SHARE = "lane share"
    RATE = "lane rate"
    FUNCTION = "function concurrency"
    PRESSURE = "back-pressure"

    @property
    def is_of_function(self) -> bool:
        """Whether other functions of the lane could start all the same."""
        return self in (Cause.FUNCTION, Cause.PRESSURE)


@dataclass(frozen=True)
class Block:
    """Why an attempt may not start: `bound` is the number that is reached."""

    cause: Cause
    scope: str
    bound: float
    #: Known for a rate only.
    until: datetime | None = None

    def __str__(self) -> str:
        """For logs and timelines."""
        unit = " a second" if self.cause is Cause.RATE else ""
        return f"{self.cause} {self.bound:g}{unit}"


@dataclass(frozen=True)
class Terms:
    """The limits that apply to one attempt, by scope, in the order tenant, lane, function; None is no limit."""

    limits: Mapping[str, int | None]
    lane: str
    rate: Rate | None = None

    def bounds(self, slots: Slots, now: datetime) -> dict[str, tuple[int, Cause]]:
        """What binds it, by scope. Empty: it needs no slots."""
        found: dict[str, tuple[int, Cause]] = {}
        for scope, limit in self.limits.items():
            options = list(_options(scope, limit, slots, now))
            if scope == self.lane and self.rate is not None:
                options.append((MANY, Cause.LANE))  # counted, so that a lease marks our write of the rate
            if options:
                found[scope] = min(options, key=lambda option: option[0])
        return found


def _options(scope: str, limit: int | None, slots: Slots, now: datetime) -> Iterable[tuple[int, Cause]]:
    if limit is not None:
        kinds = {TENANT: Cause.TENANT, "l": Cause.LANE, "f": Cause.FUNCTION}
        yield limit, kinds[scope[0]]
    if scope in slots.shares:
        yield slots.shares[scope], Cause.SHARE
    pressure = slots.pressures.get(scope)
    if pressure is not None and not pressure.is_over(now):
        yield pressure.concurrency(now), Cause.PRESSURE


@dataclass(frozen=True)
class Holding:
    """What one holder has: its lease (None: not yet), what of it is in use, until when it wants it."""

    name: str
    lease: Lease | None
    in_use: Mapping[str, int]
    until: datetime
    #: Starts that were taken from the lane's rate and not used yet.
    starts: int = 0


@dataclass(frozen=True)
class Plan:
    """The write that gives a holder what it needs and is free, and takes back what it does not."""

    change: Change
    #: For each need None when it may start after the write, else why not.
    blocks: Sequence[Block | None]
    bounds: Mapping[str, int]
    starts: int

    @property
    def lease(self) -> Lease | None:
        """The holder's lease after the write."""
        return self.change.leases[self.change.mine or ""][1]


def plan(slots: Slots, holding: Holding, needs: Sequence[Terms], *, now: datetime) -> Plan:
    """Slots for as many of `needs` as are free, the first ones first; idle ones are given back."""
    draft = _Draft(slots, holding, now)
    blocks = [draft.admit(terms) for terms in needs]
    return Plan(draft.change(), blocks, dict(draft.bounds), draft.starts)


def leaving(
    slots: Slots, name: str, lease: Lease, kept: Mapping[str, int], until: datetime, *, now: datetime
) -> Change:
    """The write by which a holder goes: only `kept` stays, until then. It takes the dead's slots back too."""
    final = Lease(until, lease.revision + 1, _some(kept)) if _some(kept) else None
    return Change(name, {name: (lease, final), **_reclaiming(slots, name, now)})


def moving(name: str, lease: Lease, to: str, scopes: Iterable[str], until: datetime) -> Change:
    """The write that gives one slot of each scope to a lease of its own."""
    moved = dict.fromkeys(sorted(scopes), 1)
    left = Counter(lease.counts)
    left.subtract(moved)
    rest = lease.changed(until=lease.until, counts=left) if +left else None
    return Change(to, {to: (None, Lease(until, 1, moved)), name: (lease, rest)})


def _reclaiming(slots: Slots, but: str, now: datetime) -> dict[str, Swap[Lease]]:
    gone = [(name, lease) for name, lease in slots.expired(now).items() if name != but]
    return {name: (lease, None) for name, lease in gone[:MOST_RECLAIMED]}


class _Draft:
    """A plan in the making."""

    def __init__(self, slots: Slots, holding: Holding, now: datetime) -> None:
        self._slots = slots
        self._holding = holding
        self._gone = _reclaiming(slots, holding.name, now)
        self._now = now
        self._counts = Counter(holding.in_use)
        self._others = Counter(slots.used)
        for lease in (slots.leases.get(holding.name), *(old for old, _ in self._gone.values())):
            self._others.subtract(lease.counts if lease else {})
        self._arrivals: dict[str, Swap[int]] = {}
        self._touched: set[str] = set()
        #: Of what was admitted.
        self.bounds: dict[str, int] = {}
        #: Starts to be taken from the rate, beside those that are left.
        self.starts = 0
        self._left = holding.starts

    def admit(self, terms: Terms) -> Block | None:
        bounds = terms.bounds(self._slots, self._now)
        block = self._block(terms, bounds)
        if block is None:
            self._counts.update(bounds.keys())
            self._touched.update(terms.limits)
            for scope, (bound, _) in bounds.items():
                self.bounds[scope] = min(bound, self.bounds.get(scope, bound))
            if terms.rate is not None:
                self._start(terms, terms.rate)
        return block

    def change(self) -> Change:
        holding, mine = self._holding, self._holding.lease
        new: Lease | None = None
        if +self._counts:
            until = max(holding.until, mine.until) if mine else holding.until
            new = (mine or Lease(until, 0, {})).changed(until=until, counts=self._counts)
        return Change(
            mine=holding.name,
            leases={holding.name: (mine, new), **self._gone},
            at_most=self.bounds,
            shares={s: self._share(s) for s in sorted(self._touched) if s.startswith("l.")},
            arrivals=self._arrivals,
            pressures={s: self._pressure(s) for s in sorted(self._touched) if s.startswith("f.")},
        )

    def _block(self, terms: Terms, bounds: Mapping[str, tuple[int, Cause]]) -> Block | None:
        for scope in terms.limits:
            if scope in bounds:
                bound, cause = bounds[scope]
                if self._others[scope] + self._counts[scope] >= bound:
                    return Block(cause, scope, bound)
            if scope == terms.lane and terms.rate is not None and not self._may_start(terms.lane, terms.rate):
                until = terms.rate.next_at(self._arrival(terms.lane), self._now)
                return Block(Cause.RATE, scope, terms.rate.per_s, until)
        return None

    def _arrival(self, lane: str) -> int | None:
        return self._arrivals[lane][1] if lane in self._arrivals else self._slots.arrivals.get(lane)

    def _may_start(self, lane: str, rate: Rate) -> bool:
        arrival = self._arrival(lane)
        if lane not in self._arrivals and rate.must_clamp(arrival, self._now):
            self._arrivals[lane] = (arrival, rate.after(0, arrival, self._now))
        return self._left > 0 or rate.available(self._arrival(lane), self._now) > 0

    def _start(self, terms: Terms, rate: Rate) -> None:
        if self._left > 0:
            self._left -= 1
            return
        old = self._slots.arrivals.get(terms.lane)
        self._arrivals[terms.lane] = (old, rate.after(1, self._arrival(terms.lane), self._now))
        self.starts += 1

    def _share(self, scope: str) -> Swap[int]:
        share = self._slots.shares.get(scope)
        return share, share

    def _pressure(self, scope: str) -> Swap[Pressure]:
        known = self._slots.pressures.get(scope)
        return known, None if known is not None and known.is_over(self._now) else known


def _some(counts: Mapping[str, int]) -> dict[str, int]:
    return {scope: count for scope, count in sorted(counts.items()) if count > 0}
