import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane.domain.concurrency import FEWEST, GOOD_ENOUGH, LARGEST_BATCH, MOST, Scaling, scaling


@settings(deadline=None)
@given(st.integers(FEWEST, 20_000))
def test_the_product_never_exceeds_the_bound(concurrency: int) -> None:
    got = scaling(concurrency, default=20)

    assert got.batch_size * got.maximum_concurrency <= concurrency


@settings(deadline=None)
@given(st.one_of(st.none(), st.integers(FEWEST, 20_000)), st.integers(0, 5_000))
def test_the_settings_are_such_as_aws_takes(concurrency: int | None, default: int) -> None:
    got = scaling(concurrency, default=default)

    assert 1 <= got.batch_size <= LARGEST_BATCH
    assert FEWEST <= got.maximum_concurrency <= MOST


@settings(deadline=None)
@given(st.integers(FEWEST, 10 * MOST))
def test_among_settings_near_the_bound_the_fullest_batch_wins(concurrency: int) -> None:
    got = scaling(concurrency, default=20)

    sizes = [size for size in range(1, LARGEST_BATCH + 1) if concurrency // size >= FEWEST]
    bounds = {size: size * min(MOST, concurrency // size) for size in sizes}
    near = [size for size in sizes if bounds[size] >= GOOD_ENOUGH * max(bounds.values())]
    assert (got.batch_size, got.bound) == (max(near), bounds[max(near)])


@pytest.mark.parametrize(
    ("concurrency", "expected"),
    [(2, Scaling(1, 2)), (3, Scaling(1, 3)), (20, Scaling(10, 2)), (100, Scaling(10, 10)), (50_000, Scaling(10, 1000))],
)
def test_small_bounds_are_kept_exactly_and_large_ones_with_full_batches(concurrency: int, expected: Scaling) -> None:
    assert scaling(concurrency, default=20) == expected


def test_without_a_bound_the_platforms_default_counts() -> None:
    assert scaling(None, default=7) == Scaling(10, 7)


@pytest.mark.parametrize("concurrency", [1, 0, -1])
def test_a_mapping_cannot_run_less_than_two(concurrency: int) -> None:
    with pytest.raises(ValueError, match=str(concurrency)):
        scaling(concurrency, default=20)
