import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.statistics import MEDIAN, P99, Interval, percentile, ratio, ratio_interval

WAITS = st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=300)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([3.0], P99, 3.0),
        ([1.0, 2.0], MEDIAN, 1.0),
        ([3.0, 1.0, 2.0], MEDIAN, 2.0),
        ([float(n) for n in range(1, 101)], P99, 99.0),
        ([float(n) for n in range(1, 201)], P99, 198.0),
        ([float(n) for n in range(1, 100)], P99, 99.0),
        ([5.0, 1.0], 1, 5.0),
    ],
)
def test_a_percentile_is_the_value_of_nearest_rank(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


@given(WAITS, st.floats(min_value=0.01, max_value=1))
def test_at_least_that_share_does_not_exceed_it_and_less_is_below(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
    assert sum(value < found for value in values) < share * len(values)


@pytest.mark.parametrize("share", [0, -0.1, 1.01])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=str(share)):
        percentile([1.0], share)


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], P99)


def test_a_ratio_is_of_the_two_percentiles() -> None:
    base = [float(n) for n in range(1, 101)]
    assert ratio([2 * value for value in base], base, P99) == 2
    assert ratio([*base[:-2], 990.0, 1.0], base, P99) == pytest.approx(98 / 99)


def test_a_ratio_over_nothing_is_infinite() -> None:
    assert ratio([1.0], [0.0], P99) == math.inf


def test_the_interval_of_equal_values_is_the_ratio_itself() -> None:
    assert ratio_interval([3.0] * 50, [2.0] * 50, P99) == Interval(1.5, 1.5)


def test_the_interval_holds_the_ratio_and_is_the_same_each_time() -> None:
    base = [0.01 * (1 + n % 37) for n in range(400)]
    values = [1.2 * wait for wait in base]
    interval = ratio_interval(values, base, P99)
    assert interval.low <= ratio(values, base, P99) <= interval.high
    assert interval == ratio_interval(values, base, P99)


def test_fewer_samples_give_a_wider_interval() -> None:
    def width(count: int) -> float:
        waits = [0.01 * 1.05 ** (n % 60) for n in range(count)]
        interval = ratio_interval(waits, waits, P99)
        return interval.high - interval.low

    assert width(40) > width(4_000)
