from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlane.domain.rate import Rate, from_us, to_us
from tests.unit.domain.building import NOW, after

RATES = st.builds(Rate, st.floats(0.05, 500, allow_nan=False), st.integers(1, 20))
#: When somebody asks (ms after the last one), and for how many starts.
ASKED = st.lists(st.tuples(st.integers(0, 5_000), st.integers(1, 25)), max_size=40)


def test_a_full_bucket_allows_its_burst_and_then_one_each_step() -> None:
    rate = Rate(2, 3)

    assert rate.available(None, NOW) == 3
    spent = rate.after(3, None, NOW)
    assert rate.available(spent, NOW) == 0
    assert rate.next_at(spent, NOW) == after(0.5)
    assert rate.available(spent, after(0.5)) == 1
    assert rate.available(spent, after(60)) == 3


@given(RATES, ASKED)
def test_no_window_has_more_starts_than_the_burst_and_the_rate_allow(rate: Rate, asked: list[tuple[int, int]]) -> None:
    arrival, now, starts = None, NOW, []
    for pause_ms, wanted in asked:
        now += timedelta(milliseconds=pause_ms)
        taken = min(wanted, rate.available(arrival, now))
        if taken:
            arrival = rate.after(taken, arrival, now)
            starts += [now] * taken

    for first in range(len(starts)):
        for last in range(first, len(starts)):
            window = (starts[last] - starts[first]).total_seconds()
            assert last - first + 1 <= rate.burst + rate.per_s * window + 1e-6


@given(RATES, ASKED)
def test_whoever_waits_until_the_next_start_gets_it(rate: Rate, asked: list[tuple[int, int]]) -> None:
    arrival, now = None, NOW
    for pause_ms, wanted in asked:
        now += timedelta(milliseconds=pause_ms)
        taken = min(wanted, rate.available(arrival, now))
        arrival = rate.after(taken, arrival, now) if taken else arrival
        assert rate.available(arrival, rate.next_at(arrival, now)) >= 1


def test_what_a_slower_rate_has_left_behind_keeps_nobody_waiting() -> None:
    slow, fast = Rate(0.001, 5), Rate(10, 2)
    arrival = slow.after(5, None, NOW)

    assert fast.must_clamp(arrival, NOW)
    clamped = fast.after(0, arrival, NOW)
    assert not fast.must_clamp(clamped, NOW)
    assert fast.next_at(clamped, NOW) == after(0.1)


@pytest.mark.parametrize(
    ("per_s", "burst", "made"),
    [
        (None, 5, None),
        (0.5, None, Rate(0.5, 1)),
        (7.5, None, Rate(7.5, 7)),
        (2, 10, Rate(2, 10)),
        (2, 0.5, Rate(2, 1)),
    ],
)
def test_a_rate_as_lanes_have_it(per_s: float | None, burst: float | None, made: Rate | None) -> None:
    assert Rate.of(per_s, burst) == made


@given(st.integers(0, 10**15))
def test_microseconds_are_kept(us: int) -> None:
    assert to_us(from_us(us)) == us
