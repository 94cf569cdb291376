"""The slots in memory: the same conditions as `fairlane.aws.slots`, in plain Python."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from fairlane.domain.slots import Change, Slots, Swap, lane_scope
from fairlane.ports.slots import Changed, NotChanged

V = TypeVar("V")


class FakeSlots:
    """`SlotStore`. Counts its calls."""

    def __init__(self) -> None:
        self.held: dict[str, Slots] = {}
        self.looks = self.changes = 0

    def look(self, tenant: str) -> Slots:
        self.looks += 1
        return self.held.get(tenant, Slots())

    def change(self, tenant: str, change: Change) -> Changed | NotChanged:
        self.changes += 1
        found = self.held.get(tenant, Slots())
        if not self.may_change(found, change):
            return Changed(found) if change.has_worked(found) else NotChanged(found)
        used = Counter(found.used)
        used.update(change.added())
        self.held[tenant] = Slots(
            used={scope: count for scope, count in sorted(used.items()) if count},
            leases=_swapped(found.leases, change.leases),
            shares=_swapped(found.shares, change.shares),
            arrivals=_swapped(found.arrivals, change.arrivals),
            pressures=_swapped(found.pressures, change.pressures),
        )
        return Changed(self.held[tenant])

    def set_shares(self, tenant: str, shares: Mapping[str, int | None]) -> None:
        found = self.held.get(tenant, Slots())
        kept = dict(found.shares)
        for lane, share in shares.items():
            kept.pop(lane_scope(lane), None)
            if share is not None:
                kept[lane_scope(lane)] = share
        self.held[tenant] = replace(found, shares=kept)

    # --- the conditions: a mutant of the simulation overrides one of them -------------------

    def may_change(self, found: Slots, change: Change) -> bool:
        return (
            self.stays_below(found, change)
            and self.leases_are_there(found, change)
            and _is_there(found.shares, change.shares)
            and _is_there(found.arrivals, change.arrivals)
            and _is_there(found.pressures, change.pressures)
        )

    def stays_below(self, found: Slots, change: Change) -> bool:
        added = change.added()
        return all(found.used.get(scope, 0) + added.get(scope, 0) <= most for scope, most in change.at_most.items())

    def leases_are_there(self, found: Slots, change: Change) -> bool:
        return _is_there(found.leases, change.leases)


def _is_there(found: Mapping[str, V], swaps: Mapping[str, Swap[V]]) -> bool:
    return all(found.get(name) == old for name, (old, _) in swaps.items())


def _swapped(found: Mapping[str, V], swaps: Mapping[str, Swap[V]]) -> dict[str, V]:
    kept = dict(found) | {name: new for name, (_, new) in swaps.items() if new is not None}
    gone = {name for name, (_, new) in swaps.items() if new is None}
    return {name: value for name, value in kept.items() if name not in gone}
