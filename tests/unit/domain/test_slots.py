import random
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane.domain.pressure import Pressure
from fairlane.domain.rate import Rate, to_us
from fairlane.domain.slots import (
    MANY,
    TENANT,
    Block,
    Cause,
    Holding,
    Lease,
    Slots,
    Terms,
    function_scope,
    lane_scope,
    plan,
)
from fairlane.ports.slots import Changed
from tests.simulation.fakes.slots import FakeSlots
from tests.unit.domain.building import NOW, after

LANE, F, G = lane_scope("default"), function_scope("f"), function_scope("g")


def terms(
    function: str = F,
    *,
    tenant: int | None = None,
    lane: int | None = None,
    limit: int | None = None,
    rate: Rate | None = None,
) -> Terms:
    return Terms({TENANT: tenant, LANE: lane, function: limit}, LANE, rate)


def holding(name: str = "a", lease: Lease | None = None, *, seconds: float = 60, **in_use: int) -> Holding:
    return Holding(name, lease, {scope.replace("_", "."): count for scope, count in in_use.items()}, after(seconds))


def a_lease(seconds: float = 60, *, revision: int = 1, **counts: int) -> Lease:
    return Lease(after(seconds), revision, {scope.replace("_", "."): count for scope, count in counts.items()})


def causes(blocks: object) -> list[Cause | None]:
    return [block.cause if isinstance(block, Block) else None for block in blocks]  # type: ignore[attr-defined]


def test_only_what_has_a_limit_is_counted() -> None:
    made = plan(Slots(), holding(), [terms(lane=5), terms(lane=5)], now=NOW)

    assert made.blocks == [None, None]
    assert made.lease == Lease(after(60), 1, {LANE: 2})
    assert made.change.at_most == {LANE: 5}


def test_without_any_limit_there_is_nothing_to_hold() -> None:
    assert terms().bounds(Slots(), NOW) == {}
    assert plan(Slots(), holding(), [terms()], now=NOW).lease is None


def test_as_many_are_admitted_as_are_free_and_the_others_learn_why() -> None:
    used = Slots(used={TENANT: 1, F: 1}, leases={"b": a_lease(t=1, f_f=1)})
    needs = [terms(tenant=3, limit=2), terms(tenant=3, limit=2), terms(G, tenant=3), terms(G, tenant=3)]

    made = plan(used, holding(), needs, now=NOW)

    assert causes(made.blocks) == [None, Cause.FUNCTION, None, Cause.TENANT]
    assert made.lease == Lease(after(60), 1, {TENANT: 2, F: 1})
    assert str(made.blocks[1]) == "function concurrency 2"


def test_own_slots_are_not_counted_twice_and_idle_ones_go_back() -> None:
    mine = a_lease(l_default=5, revision=3)
    used = Slots(used={LANE: 5}, leases={"a": mine})

    made = plan(used, holding("a", mine, l_default=1), [terms(lane=5)], now=NOW)

    assert made.lease == Lease(after(60), 4, {LANE: 2})
    assert made.change.added() == {LANE: -3}


def test_what_the_dead_have_left_is_taken_back_in_the_same_write() -> None:
    dead = a_lease(-0.001, l_default=2)
    used = Slots(used={LANE: 2}, leases={"dead": dead})

    made = plan(used, holding(), [terms(lane=2)] * 3, now=NOW)

    assert causes(made.blocks) == [None, None, Cause.LANE]
    assert made.change.leases == {"a": (None, Lease(after(60), 1, {LANE: 2})), "dead": (dead, None)}
    assert made.change.added() == {}


def test_a_live_lease_is_never_taken_back() -> None:
    used = Slots(used={LANE: 2}, leases={"b": a_lease(0, l_default=2)})

    assert causes(plan(used, holding(), [terms(lane=2)], now=NOW).blocks) == [Cause.LANE]


def test_a_lease_is_only_ever_extended() -> None:
    mine = a_lease(90, l_default=1)
    made = plan(Slots({LANE: 1}, {"a": mine}), holding("a", mine, seconds=60, l_default=1), [terms(lane=2)], now=NOW)

    assert made.lease is not None
    assert made.lease.until == after(90)


def test_a_lowered_limit_stops_what_would_start() -> None:
    mine = a_lease(l_default=3)
    made = plan(Slots({LANE: 3}, {"a": mine}), holding("a", mine, l_default=2), [terms(lane=2)], now=NOW)

    assert causes(made.blocks) == [Cause.LANE]
    assert made.lease == Lease(after(60), 2, {LANE: 2})


def test_a_share_binds_like_a_limit_and_is_checked_to_be_the_one_that_was_seen() -> None:
    made = plan(Slots(shares={LANE: 1}), holding(), [terms(lane=MANY)] * 2, now=NOW)

    assert causes(made.blocks) == [None, Cause.SHARE]
    assert made.change.shares == {LANE: (1, 1)}


def test_pressure_binds_a_function_that_has_no_limit() -> None:
    pressure = Pressure(2.0, NOW, NOW, 10, 1)
    made = plan(Slots(pressures={F: pressure}), holding(), [terms()] * 3, now=NOW)

    assert causes(made.blocks) == [None, None, Cause.PRESSURE]
    assert made.change.pressures == {F: (pressure, pressure)}


def test_pressure_that_is_over_goes_with_the_next_write() -> None:
    pressure = Pressure(2.0, NOW, NOW, 10, 1)
    made = plan(Slots(pressures={F: pressure}), holding(), [terms(lane=3)], now=after(8))

    assert made.blocks == [None]
    assert made.change.pressures == {F: (pressure, None)}


def test_starts_are_taken_from_the_rate_with_the_slots() -> None:
    rate = Rate(1, 2)
    made = plan(Slots(), holding(), [terms(rate=rate)] * 3, now=NOW)

    assert causes(made.blocks) == [None, None, Cause.RATE]
    assert made.blocks[2] is not None
    assert made.blocks[2].until == after(1)
    assert made.starts == 2
    assert made.change.arrivals == {LANE: (None, to_us(after(2)))}
    assert made.lease == Lease(after(60), 1, {LANE: 2})


def test_starts_that_are_left_are_used_first() -> None:
    spent = to_us(after(2))
    held = Holding("a", None, {}, after(60), starts=1)
    made = plan(Slots(arrivals={LANE: spent}), held, [terms(rate=Rate(1, 2))] * 2, now=NOW)

    assert causes(made.blocks) == [None, Cause.RATE]
    assert (made.starts, made.change.arrivals) == (0, {})


def test_what_a_slower_rate_has_left_behind_is_corrected() -> None:
    far = to_us(after(1000))
    made = plan(Slots(arrivals={LANE: far}), holding(), [terms(rate=Rate(1, 2))], now=NOW)

    assert causes(made.blocks) == [Cause.RATE]
    assert made.change.arrivals == {LANE: (far, to_us(after(2)))}


@pytest.mark.parametrize("name", ["a" * 25, "a" * 24 + "b", "a.b_c-D" * 18])
def test_long_names_are_cut_and_stay_apart(name: str) -> None:
    assert len(function_scope(name)) <= 26
    assert function_scope(name) != function_scope(name + "x")
    assert function_scope("short.Name") == "f.short.Name"


# --- everybody at once --------------------------------------------------------------------------


class Crowd:
    """Holders that take, use, give back and die, as a seed has it."""

    def __init__(self, seed: int, limits: Mapping[str, int | None]) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - no secret
        self.store = FakeSlots()
        self.limits = limits
        self.now = NOW
        #: By holder: its lease and what it runs (the scopes of each attempt).
        self.holders: dict[str, tuple[Lease | None, list[tuple[str, ...]]]] = {}
        #: What runs until then though its holder is dead.
        self.orphans: list[tuple[datetime, tuple[str, ...]]] = []
        self.deaths = 0
        self.names: dict[str, str] = {}

    def step(self) -> None:
        self.now += timedelta(milliseconds=self.rng.randrange(4_000))
        self.orphans = [(until, scopes) for until, scopes in self.orphans if until >= self.now]
        name = self.rng.choice("abcd")
        lease, running = self.holders.get(name, (None, []))
        what = self.rng.random()
        if lease is not None and (what < 0.1 or lease.until < self.now):
            self.orphans += [(lease.until, scopes) for scopes in running if lease.until >= self.now]
            del self.holders[name]
            self.deaths += 1
            del self.names[name]
            return
        done = self.rng.randint(0, len(running))
        self._hold(name, lease, running[done:], self.rng.randint(0, 5))

    def _hold(self, name: str, lease: Lease | None, running: list[tuple[str, ...]], wanted: int) -> None:
        in_use = Counter(scope for scopes in running for scope in scopes)
        holder = Holding(
            self.names.setdefault(name, f"{name}{self.deaths}"), lease, in_use, self.now + timedelta(seconds=20)
        )
        needs = [Terms({**self.limits, self.rng.choice((F, G)): 2}, LANE) for _ in range(wanted)]
        known = self.store.look("ada") if self.rng.random() < 0.7 else Slots()
        made = plan(known, holder, needs, now=self.now)
        if isinstance(self.store.change("ada", made.change), Changed):
            admitted = zip(needs, made.blocks, strict=True)
            started = [tuple(need.bounds(known, self.now)) for need, block in admitted if block is None]
            self.holders[name] = (made.lease, running + started)
        else:
            self.holders[name] = (lease, running)

    def running(self) -> Counter[str]:
        holders = self.holders.values()
        alive = [scopes for lease, attempts in holders if lease and lease.until >= self.now for scopes in attempts]
        return Counter(scope for scopes in alive + [scopes for _, scopes in self.orphans] for scope in scopes)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 6), st.one_of(st.none(), st.integers(1, 6)))
def test_no_crowd_runs_more_than_any_limit_and_counters_are_what_leases_hold(
    seed: int, tenant: int, lane: int | None
) -> None:
    crowd = Crowd(seed, {TENANT: tenant, LANE: lane})
    limits = {TENANT: tenant, LANE: lane or 1_000, F: 2, G: 2}
    for _ in range(60):
        crowd.step()
        assert all(count <= limits[scope] for scope, count in crowd.running().items())
        held = crowd.store.look("ada")
        assert dict(sum((Counter(lease.counts) for lease in held.leases.values()), Counter())) == held.used
