from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane.domain.concurrency import (
    FEWEST,
    LARGEST_BATCH,
    MOST,
    WIDE,
    FunctionLoad,
    LaneLoad,
    Scaling,
    scaling,
)

UNBOUND = LaneLoad(concurrency=None, tenant_concurrency=None, rate=None, burst=None, functions=())
BOUNDS = st.integers(FEWEST, 20_000)
FUNCTIONS = st.lists(st.builds(FunctionLoad, st.floats(0.1, 870), st.none() | st.integers(1, 500)), max_size=4)


def bound_by(concurrency: int) -> LaneLoad:
    return replace(UNBOUND, concurrency=concurrency)


@settings(deadline=None)
@given(BOUNDS)
def test_the_product_never_exceeds_the_bound_and_comes_near_it(concurrency: int) -> None:
    got = scaling(bound_by(concurrency), default=20)

    assert got.bound <= concurrency
    assert got.bound >= 0.9 * min(concurrency, LARGEST_BATCH * MOST)


@settings(deadline=None)
@given(BOUNDS)
def test_messages_that_come_one_by_one_find_an_invocation_up_to_a_width(concurrency: int) -> None:
    assert scaling(bound_by(concurrency), default=20).maximum_concurrency >= min(concurrency, WIDE)


@settings(deadline=None)
@given(
    st.builds(
        LaneLoad,
        concurrency=st.none() | st.integers(1, 20_000),
        tenant_concurrency=st.none() | st.integers(1, 20_000),
        rate=st.none() | st.floats(0.001, 1_000_000),
        burst=st.none() | st.integers(1, 1_000_000),
        functions=FUNCTIONS,
    ),
    st.integers(0, 5_000),
)
def test_the_settings_are_such_as_aws_takes(load: LaneLoad, default: int) -> None:
    got = scaling(load, default=default)

    assert 1 <= got.batch_size <= LARGEST_BATCH
    assert FEWEST <= got.maximum_concurrency <= MOST


@pytest.mark.parametrize(
    ("concurrency", "expected"),
    [
        (2, Scaling(1, 2)),
        (3, Scaling(1, 3)),
        (19, Scaling(1, 19)),
        (20, Scaling(2, 10)),
        (100, Scaling(10, 10)),
        (50_000, Scaling(10, 1000)),
    ],
)
def test_small_bounds_are_kept_exactly_and_large_ones_with_full_batches(concurrency: int, expected: Scaling) -> None:
    assert scaling(bound_by(concurrency), default=20) == expected


def test_without_a_bound_the_platforms_default_counts() -> None:
    assert scaling(UNBOUND, default=7) == Scaling(10, 7)


@pytest.mark.parametrize(("timeout_s", "batch_size"), [(3, 10), (4, 10), (10, 4), (30, 1), (870, 1)])
def test_one_at_a_time_gets_a_batch_that_one_invocation_can_run_through(timeout_s: float, batch_size: int) -> None:
    load = replace(bound_by(1), functions=(FunctionLoad(1, None), FunctionLoad(timeout_s, None)))

    assert scaling(load, default=20) == Scaling(batch_size, FEWEST)


def test_one_at_a_time_without_functions_gets_single_messages() -> None:
    assert scaling(bound_by(1), default=20) == Scaling(1, FEWEST)


def test_the_lower_of_lane_and_tenant_counts() -> None:
    assert replace(UNBOUND, concurrency=9, tenant_concurrency=5).bound == 5
    assert replace(UNBOUND, concurrency=5, tenant_concurrency=9).bound == 5


def test_functions_bound_a_lane_only_if_each_of_them_has_a_limit() -> None:
    limited = (FunctionLoad(3, 2), FunctionLoad(3, 5))

    assert replace(UNBOUND, functions=limited).bound == 7
    assert replace(UNBOUND, functions=(*limited, FunctionLoad(3, None))).bound is None
    assert UNBOUND.bound is None


def test_a_rate_bounds_what_can_run_at_once() -> None:
    load = replace(UNBOUND, rate=2.5, functions=(FunctionLoad(3, None), FunctionLoad(1, None)))

    assert load.bound == 8 + 1
    assert replace(load, burst=20).bound == 8 + 20
    assert replace(load, functions=()).bound is None
