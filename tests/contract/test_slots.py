"""The slots of a tenant: each change is made as a whole or not at all."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairlane.domain.pressure import Pressure
from fairlane.domain.slots import Change, Lease, Slots
from fairlane.ports.slots import Changed, NotChanged
from tests.contract.places import Tables
from tests.unit.domain.building import NOW, after

PRESSURE = Pressure(2.5, NOW, after(-3), 10, 4)


def a_lease(revision: int = 1, seconds: float = 60, **counts: int) -> Lease:
    return Lease(after(seconds), revision, {scope.replace("_", "."): count for scope, count in counts.items()})


def taking(name: str, lease: Lease, **at_most: int) -> Change:
    return Change(name, {name: (None, lease)}, {scope.replace("_", "."): most for scope, most in at_most.items()})


def test_slots_are_counted_while_a_lease_holds_them(tables: Tables) -> None:
    tenant, lease = tables.tenant(), a_lease(t=3, l_default=3, f_resize=2)
    assert tables.slots.look(tenant) == Slots({}, {}, {}, {}, {})

    taken = tables.slots.change(tenant, taking("a", lease, t=3, l_default=5, f_resize=2))
    counted = Slots({"t": 3, "l.default": 3, "f.resize": 2}, {"a": lease}, {}, {}, {})
    assert taken == Changed(counted)
    assert tables.slots.look(tenant) == counted

    assert tables.slots.change(tenant, Change("a", {"a": (lease, None)})) == Changed(Slots({}, {}, {}, {}, {}))


@pytest.mark.parametrize("limit", [{"t": 4}, {"l_default": 4}, {"t": 9, "l_default": 4}, {"t": 1}])
def test_more_than_a_limit_is_refused_as_a_whole_and_shows_what_is_there(
    tables: Tables, limit: Mapping[str, int]
) -> None:
    tenant, first = tables.tenant(), a_lease(t=3, l_default=3)
    tables.slots.change(tenant, taking("a", first, t=9, l_default=9))

    refused = tables.slots.change(tenant, taking("b", a_lease(t=2, l_default=2), **limit))

    assert refused == NotChanged(Slots({"t": 3, "l.default": 3}, {"a": first}, {}, {}, {}))
    assert tables.slots.look(tenant) == refused.slots


def test_more_than_a_limit_is_refused_also_where_nothing_is_counted_yet(tables: Tables) -> None:
    refused = tables.slots.change(tables.tenant(), taking("a", a_lease(t=2), t=1))

    assert refused == NotChanged(Slots({}, {}, {}, {}, {}))


def test_slots_are_given_back_once(tables: Tables) -> None:
    tenant, lease, other = tables.tenant(), a_lease(t=2), a_lease(t=1)
    tables.slots.change(tenant, taking("a", lease))
    tables.slots.change(tenant, taking("b", other))
    back = Change("a", {"a": (lease, None)})

    for _ in range(2):
        assert tables.slots.change(tenant, back).slots == Slots({"t": 1}, {"b": other}, {}, {}, {})


def test_a_lease_that_has_changed_meanwhile_is_not_taken_back(tables: Tables) -> None:
    tenant, lease = tables.tenant(), a_lease(1, t=2)
    extended = a_lease(2, 120, t=2)
    tables.slots.change(tenant, taking("a", lease))
    tables.slots.change(tenant, Change("a", {"a": (lease, extended)}))

    mine = a_lease(t=1)
    refused = tables.slots.change(tenant, Change("b", {"b": (None, mine), "a": (lease, None)}, {"t": 2}))

    assert refused == NotChanged(Slots({"t": 2}, {"a": extended}, {}, {}, {}))


def test_slots_move_from_one_lease_to_another(tables: Tables) -> None:
    tenant, batch = tables.tenant(), a_lease(1, t=3)
    tables.slots.change(tenant, taking("batch", batch))
    left, deferred = a_lease(2, t=2), a_lease(1, 3_600, t=1)

    moved = tables.slots.change(tenant, Change("batch", {"batch": (batch, left), "deferred": (None, deferred)}))

    assert moved == Changed(Slots({"t": 3}, {"batch": left, "deferred": deferred}, {}, {}, {}))


def test_a_lease_of_the_same_name_is_not_overwritten(tables: Tables) -> None:
    tenant, lease = tables.tenant(), a_lease(t=2)
    tables.slots.change(tenant, taking("a", lease))

    assert isinstance(tables.slots.change(tenant, taking("a", a_lease(t=1))), NotChanged)


def test_a_share_binds_nobody_who_has_not_seen_it(tables: Tables) -> None:
    tenant, lease = tables.tenant(), a_lease(l_default=1)
    tables.slots.set_shares(tenant, {"default": 2, "bulk": 5})
    blind = Change("a", {"a": (None, lease)}, shares={"l.default": (None, None)})
    seeing = Change("a", {"a": (None, lease)}, shares={"l.default": (2, 2)})

    assert tables.slots.change(tenant, blind) == NotChanged(Slots({}, {}, {"l.default": 2, "l.bulk": 5}, {}, {}))
    assert isinstance(tables.slots.change(tenant, seeing), Changed)

    tables.slots.set_shares(tenant, {"default": None})
    assert tables.slots.look(tenant).shares == {"l.bulk": 5}


def test_pressure_and_arrivals_are_swapped(tables: Tables) -> None:
    tenant, lease = tables.tenant(), a_lease(l_default=1)
    pressed = Change(pressures={"f.resize": (None, PRESSURE)})
    assert tables.slots.change(tenant, pressed).slots.pressures == {"f.resize": PRESSURE}
    assert tables.slots.look(tenant).pressures == {"f.resize": PRESSURE}

    both = Change(
        "a",
        {"a": (None, lease)},
        pressures={"f.resize": (PRESSURE, None)},
        arrivals={"l.default": (None, 1_772_366_400_123_456)},
    )
    made = tables.slots.change(tenant, both)
    assert made == Changed(Slots({"l.default": 1}, {"a": lease}, {}, {"l.default": 1_772_366_400_123_456}, {}))
    late = Change("b", {"b": (None, lease)}, arrivals={"l.default": (None, 1)})
    assert isinstance(tables.slots.change(tenant, late), NotChanged)


def test_tenants_never_meet(tables: Tables) -> None:
    one, other = tables.tenant(), tables.tenant()
    tables.slots.change(one, taking("a", a_lease(t=1), t=1))

    assert isinstance(tables.slots.change(other, taking("a", a_lease(t=1), t=1)), Changed)


# --- changes that nobody thought of, on both at once -----------------------------------------------

SCOPES = st.sampled_from(("t", "l.default", "l.x", "f.a", "f.b"))
COUNTS = st.dictionaries(SCOPES, st.integers(1, 3), max_size=3)
LEASES = st.builds(
    lambda until, revision, counts: Lease(after(until), revision, dict(sorted(counts.items()))),
    st.integers(0, 2),
    st.integers(1, 2),
    COUNTS,
)
MAYBE = st.one_of(st.none(), LEASES)
NUMBERS = st.one_of(st.none(), st.integers(1, 2))
CHANGES = st.builds(
    Change,
    mine=st.sampled_from((None, "a", "b")),
    leases=st.dictionaries(st.sampled_from("abc"), st.tuples(MAYBE, MAYBE), min_size=1, max_size=3),
    at_most=st.dictionaries(SCOPES, st.integers(0, 4), max_size=3),
    shares=st.dictionaries(st.just("l.x"), st.tuples(NUMBERS, NUMBERS), max_size=1),
    arrivals=st.dictionaries(st.just("l.x"), st.tuples(NUMBERS, NUMBERS), max_size=1),
    pressures=st.dictionaries(st.just("f.a"), st.tuples(*[st.sampled_from((None, PRESSURE))] * 2), max_size=1),
)
#: A change as it comes, or one that expects exactly what is there.
STEPS = st.lists(st.tuples(CHANGES, st.booleans()), min_size=1, max_size=8)


def fitted(change: Change, found: Slots) -> Change:
    """The change by somebody who knows what is there."""
    return Change(
        change.mine,
        {name: (found.leases.get(name), new) for name, (_, new) in change.leases.items()},
        change.at_most,
        {name: (found.shares.get(name), new) for name, (_, new) in change.shares.items()},
        {name: (found.arrivals.get(name), new) for name, (_, new) in change.arrivals.items()},
        {name: (found.pressures.get(name), new) for name, (_, new) in change.pressures.items()},
    )


def swaps(change: Change) -> Sequence[Mapping[str, tuple[object, object]]]:
    return (change.leases, change.shares, change.arrivals, change.pressures)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_every_place_makes_the_same_of_any_changes(tables: Tables, steps: list[tuple[Change, bool]]) -> None:
    tenant, fake = tables.tenant(), tables.fake_slots()
    for change, knows in steps:
        wanted = fitted(change, fake.look(tenant)) if knows else change
        if not any(old != new for kind in swaps(wanted) for old, new in kind.values()):
            continue  # nobody writes nothing
        assert tables.slots.change(tenant, wanted).slots == fake.change(tenant, wanted).slots
        assert tables.slots.look(tenant) == fake.look(tenant)
