"""What a batch holds of its tenant's slots: the lease, and what of it is in use. Knows no threads and no store."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from fairlane.domain.claiming import CLOCK_SKEW, LEASE_SLACK, LONGEST_START
from fairlane.domain.slots import Change, Holding, Lease, Plan, Slots, Terms, leaving, moving, plan

#: A start that was taken from a rate is made within this or not at all: later it would count for another time.
START_WITHIN = timedelta(seconds=2)
#: A lease that has less than this left for a start is extended first.
LEASE_MARGIN = timedelta(seconds=5)


@dataclass(eq=False)
class Permit:
    """May start, until `start_by`. `runs_until` is set while a call runs whose outcome is not known."""

    scopes: tuple[str, ...]
    start_by: datetime | None = None
    detail: str = ""
    runs_until: datetime | None = None


class Hand:
    """One lease, as far as is known."""

    def __init__(self, name: str, known: Slots) -> None:
        """`known` is what earlier batches have seen; counters are not in it, so the first plan is a bold one."""
        self.name = name
        self.slots = known
        self.lease: Lease | None = None
        self.in_use: Counter[str] = Counter()
        #: Attempts whose outcome is not known: their slots stay in use until then.
        self._kept: list[tuple[tuple[str, ...], datetime]] = []
        #: The bounds that the last write has checked.
        self._bounds: dict[str, int] = {}
        #: Starts that were taken from the rate: until when each may be made.
        self._starts: list[datetime] = []

    def plan(self, wanted: Sequence[Terms], longest: timedelta, now: datetime) -> Plan:
        """The next write for those who want to start; `longest` is the longest timeout of the batch."""
        self._starts = [until for until in self._starts if until >= now]
        until = now + longest + CLOCK_SKEW + LEASE_SLACK
        holding = Holding(self.name, self.lease, +self.in_use, until, len(self._starts))
        return plan(self.slots, holding, wanted, now=now)

    def is_worth(self, made: Plan, longest: timedelta, now: datetime) -> bool:
        """Whether somebody could start after that write who cannot now."""
        if made.starts:
            return True
        new = made.lease.counts if made.lease else {}
        if any(count > self._held(scope) for scope, count in new.items()):
            return True
        if any(bound < self._bounds.get(scope, inf) for scope, bound in made.bounds.items()):
            return True
        return bool(made.bounds) and not self._lasts(longest, now)

    def admit(self, terms: Terms, timeout: timedelta, now: datetime) -> Permit | None:
        """A permit out of what is held: an idle slot of each scope that counts."""
        bounds = terms.bounds(self.slots, now)
        if not bounds:
            return Permit(())
        for scope, (bound, _) in bounds.items():
            if self.in_use[scope] >= self._held(scope) or bound < self._bounds.get(scope, bound):
                return None  # a bound that is lower than the one that was checked has to be checked again
        if self.lease is None or not self._lasts(timeout, now):
            return None
        start_by = self.lease.until - timeout - CLOCK_SKEW - LONGEST_START
        if terms.rate is not None:
            self._starts = [until for until in self._starts if until >= now]
            if not self._starts:
                return None
            start_by = min(start_by, self._starts.pop())
        self.in_use.update(bounds.keys())
        return Permit(tuple(bounds), start_by)

    def learn(self, slots: Slots) -> None:
        """What is there now, our own lease included."""
        self.slots = slots
        self.lease = slots.leases.get(self.name)

    def won(self, made: Plan, now: datetime) -> None:
        """The plan was written."""
        self._bounds |= made.bounds
        self._starts += [now + START_WITHIN] * made.starts

    def release(self, permit: Permit) -> None:
        """The attempt has ended; one whose outcome is not known keeps its slots."""
        if permit.runs_until is not None and permit.scopes:
            self._kept.append((permit.scopes, permit.runs_until))
        else:
            self.in_use.subtract(permit.scopes)

    def surplus(self, wanted: Sequence[Terms], longest: timedelta, now: datetime) -> Change | None:
        """The write that gives back what nobody wants; None when there is nothing to give back."""
        if self.lease is None:
            return None
        kept = Counter(scope for scopes, _ in self._kept for scope in scopes)
        if not wanted and +self.in_use == kept:
            until = max((until for _, until in self._kept), default=now)
            made = leaving(self.slots, self.name, self.lease, kept, until, now=now)
            final = made.leases[self.name][1]
            is_done = final is not None and (final.counts, final.until) == (self.lease.counts, self.lease.until)
            return None if is_done else made
        wished = self.plan(wanted, longest, now)
        new = wished.lease.counts if wished.lease else {}
        idle = any(count > new.get(scope, 0) for scope, count in self.lease.counts.items())
        return wished.change if idle and not self.is_worth(wished, longest, now) else None

    def moving(self, permit: Permit, name: str, until: datetime) -> Change | None:
        """The write that moves a permit's slots to a lease of its own; None when it has none."""
        if self.lease is None or not permit.scopes:
            return None
        return moving(self.name, self.lease, name, permit.scopes, until)

    def others_hold(self, scope: str) -> bool:
        """Whether somebody else may give a slot back."""
        return self.slots.used.get(scope, 0) > self._held(scope)

    def _held(self, scope: str) -> int:
        return self.lease.counts.get(scope, 0) if self.lease else 0

    def _lasts(self, timeout: timedelta, now: datetime) -> bool:
        needed = now + LEASE_MARGIN + timeout + CLOCK_SKEW + LONGEST_START
        return self.lease is not None and self.lease.until >= needed
