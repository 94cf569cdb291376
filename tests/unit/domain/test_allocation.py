from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fairlane.domain.allocation import Allocation, Demand, allocate, ceilings

MANY = 10_000


def a_demand(tenant: str, work: int = MANY, weight: float = 1.0, lane: str = "default", **more: int) -> Demand:
    return Demand(tenant, lane, work, weight, **more)


def shares(capacity: int, *demands: Demand, **tenant_limits: int) -> dict[str, int]:
    """By tenant."""
    found: Counter[str] = Counter()
    for (tenant, _), share in allocate(capacity, demands, tenant_limits).shares.items():
        found[tenant] += share
    return dict(found)


@st.composite
def platforms(draw: st.DrawFn) -> tuple[int, list[Demand], dict[str, int | None]]:
    names = draw(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("xyz")), min_size=1, unique=True))
    demands = [
        Demand(
            tenant,
            lane,
            work=draw(st.integers(1, 60)),
            weight=draw(st.sampled_from([0.1, 0.5, 1, 1, 2, 3, 10])),
            limit=draw(st.one_of(st.none(), st.integers(1, 40))),
        )
        for tenant, lane in names
    ]
    limits = {tenant: draw(st.one_of(st.none(), st.integers(1, 50))) for tenant in "abcde"}
    return draw(st.integers(1, 200)), demands, limits


def by_tenant(allocation: Allocation) -> Counter[str]:
    found: Counter[str] = Counter()
    for (tenant, _), share in allocation.shares.items():
        found[tenant] += share
    return found


@given(platforms())
def test_every_lane_with_work_gets_something_and_nobody_more_than_it_can_use(
    platform: tuple[int, list[Demand], dict[str, int | None]],
) -> None:
    capacity, demands, limits = platform
    found = allocate(capacity, demands, limits)

    assert set(found.shares) == {one.key for one in demands}
    for one in demands:
        assert 1 <= found.shares[one.key] <= one.usable
    lanes = Counter(one.tenant for one in demands)
    for tenant, total in by_tenant(found).items():
        assert total <= max(lanes[tenant], limits[tenant] or MANY)
    assert sum(found.shares.values()) <= max(capacity, len(demands))
    assert found.overcommitted == (capacity < len(demands))


@given(platforms())
def test_nothing_is_left_over_while_somebody_could_use_it(
    platform: tuple[int, list[Demand], dict[str, int | None]],
) -> None:
    capacity, demands, limits = platform
    found = allocate(capacity, demands, limits)
    total = by_tenant(found)

    hungry = [
        one
        for one in demands
        if found.shares[one.key] < one.usable and total[one.tenant] < (limits[one.tenant] or MANY)
    ]
    assert sum(found.shares.values()) >= capacity or not hungry
    assert found.contended == (bool(hungry) or capacity < len(demands))


@given(platforms(), st.data())
def test_a_higher_weight_never_gets_less(
    platform: tuple[int, list[Demand], dict[str, int | None]], data: st.DataObject
) -> None:
    capacity, demands, limits = platform
    chosen = data.draw(st.sampled_from(demands))
    heavier = [replace(one, weight=one.weight * 3) if one is chosen else one for one in demands]

    before, after = allocate(capacity, demands, limits), allocate(capacity, heavier, limits)

    assert after.shares[chosen.key] >= before.shares[chosen.key]


@given(platforms())
def test_who_could_use_more_has_no_less_for_its_weight_than_anybody(
    platform: tuple[int, list[Demand], dict[str, int | None]],
) -> None:
    """Max-min: a slot could not go to a hungrier lane without one that has less for its weight losing it."""
    capacity, demands, limits = platform
    found = allocate(capacity, demands, limits)
    total = by_tenant(found)
    for one in demands:
        if found.shares[one.key] >= one.usable or total[one.tenant] >= (limits[one.tenant] or MANY):
            continue
        for other in demands:
            if found.shares[other.key] > 1:  # the first slot is everybody's
                assert (found.shares[one.key] + 1) / one.weight >= found.shares[other.key] / other.weight


@given(platforms())
def test_the_order_of_the_lanes_does_not_matter(platform: tuple[int, list[Demand], dict[str, int | None]]) -> None:
    capacity, demands, limits = platform
    assert allocate(capacity, demands, limits) == allocate(capacity, demands[::-1], limits)


@given(platforms())
def test_a_ceiling_is_never_below_the_share_nor_above_the_lanes_own_limit(
    platform: tuple[int, list[Demand], dict[str, int | None]],
) -> None:
    capacity, demands, limits = platform
    found = allocate(capacity, demands, limits)
    most = ceilings(found, demands)

    assert bool(most) == found.contended
    for one in demands:
        if most:
            assert most[one.key] >= found.shares[one.key]
            assert one.limit is None or most[one.key] <= one.limit


def test_equal_weights_get_equal_shares_and_others_by_their_weights() -> None:
    assert shares(30, a_demand("a"), a_demand("b"), a_demand("c")) == {"a": 10, "b": 10, "c": 10}
    assert shares(40, a_demand("a", weight=1), a_demand("b", weight=3)) == {"a": 10, "b": 30}


def test_who_needs_little_gets_all_of_it_and_the_others_share_the_rest() -> None:
    assert shares(30, a_demand("a", 2), a_demand("b"), a_demand("c")) == {"a": 2, "b": 14, "c": 14}


def test_limits_of_lanes_and_tenants_hold() -> None:
    assert shares(30, a_demand("a", limit=3), a_demand("b")) == {"a": 3, "b": 27}
    lanes = [a_demand("a", lane=lane) for lane in ("x", "y", "z")]
    assert shares(30, *lanes, a_demand("b"), a=6) == {"a": 6, "b": 24}


def test_with_more_lanes_than_slots_each_has_one_and_that_is_said() -> None:
    found = allocate(2, [a_demand(name) for name in "abcd"], {})

    assert set(found.shares.values()) == {1}
    assert found.overcommitted
    assert found.contended


def test_where_there_is_enough_nobody_gets_a_ceiling() -> None:
    demands = [a_demand("a", 5), a_demand("b", 5)]

    assert ceilings(allocate(10, demands, {}), demands) == {}
    assert ceilings(allocate(9, demands, {}), demands) != {}


def test_a_lane_with_little_work_may_grow_at_once_to_what_it_is_due() -> None:
    demands = [a_demand("a", 2), a_demand("b"), a_demand("c", weight=2), a_demand("d", 1, limit=3)]
    most = ceilings(allocate(63, demands, {}), demands)

    assert most == {("a", "default"): 20, ("b", "default"): 20, ("c", "default"): 40, ("d", "default"): 3}


def test_a_large_platform_is_divided_quickly() -> None:
    demands = [a_demand(f"t{number}", work=number % 50 + 1) for number in range(2_000)]

    assert sum(allocate(20_000, demands, {}).shares.values()) == 20_000
