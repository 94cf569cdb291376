import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlane.domain.admission import Meter, SubmitLimits, backlog_since, room, started, taken, tokens
from tests.unit.domain.building import NOW, after

rates = st.floats(min_value=0.001, max_value=1_000_000)
LIMITS = SubmitLimits(rate=10, burst=5, backlog=None, since="")


def limits_of(**limits: float | None) -> SubmitLimits | None:
    return SubmitLimits.of({"limits": limits})


def test_a_tenant_without_a_rate_or_a_backlog_has_no_limits_on_submitting() -> None:
    assert limits_of() is None
    assert limits_of(submit_burst=3, concurrency=2, payload_bytes=10) is None


@pytest.mark.parametrize(("rate", "burst", "expected"), [(0.1, None, 1), (1, None, 1), (2.5, None, 3), (2.5, 9, 9)])
def test_a_burst_that_is_not_given_is_a_second_of_the_rate(rate: float, burst: int | None, expected: int) -> None:
    limits = limits_of(submit_rate=rate, submit_burst=burst)
    assert limits is not None
    assert limits.burst == expected


@pytest.mark.parametrize(
    ("burst", "backlog", "chunk"), [(3, None, 1), (199, None, 1), (200, None, 2), (10**6, None, 10), (10**6, 150, 1)]
)
def test_chunks_are_small_against_the_smallest_limit(burst: int, backlog: int | None, chunk: int) -> None:
    assert SubmitLimits(rate=1, burst=burst, backlog=backlog, since="").chunk == chunk


@given(rate=rates, burst=st.integers(1, 10_000), moves=st.lists(st.tuples(st.floats(0, 5), st.integers(1, 200))))
def test_in_no_stretch_of_time_more_than_burst_and_rate_pass(
    rate: float, burst: int, moves: list[tuple[float, int]]
) -> None:
    limits = SubmitLimits(rate=rate, burst=burst, backlog=None, since="")
    meter, now = started(limits, None, unended=0, now=NOW), NOW
    passed: list[tuple[float, int]] = []
    for seconds, wanted in moves:
        now += timedelta(milliseconds=round(seconds * 1000))
        count = min(wanted, room(limits, meter, now).fits)
        meter = taken(limits, meter, count, now) if count else meter
        passed.append(((now - NOW).total_seconds(), count))
        assert 0 <= tokens(limits, meter, now) <= burst
    for first, (start, _) in enumerate(passed):
        sums = 0
        for end, count in passed[first:]:
            sums += count
            # a token takes a whole number of ns, which is up to half a ns off
            assert sums <= burst + (end - start) * rate * (1 + rate * 1e-9) + 1e-6


@given(rate=st.floats(0.01, 1000), burst=st.integers(1, 100))
def test_after_the_wait_that_is_told_there_is_a_token_and_not_a_second_earlier(rate: float, burst: int) -> None:
    limits = SubmitLimits(rate=rate, burst=burst, backlog=None, since="")
    meter = taken(limits, started(limits, None, unended=0, now=NOW), burst, NOW)
    short = room(limits, meter, NOW)

    assert short.fits == 0
    retry_after = short.shortage.retry_after_s
    assert room(limits, meter, NOW + timedelta(seconds=retry_after)).fits >= 1
    assert retry_after == max(1, math.ceil(1 / rate - 1e-6))


def test_the_smaller_room_counts_and_names_its_limit() -> None:
    limits = SubmitLimits(rate=1, burst=3, backlog=2, since="s")
    meter = Meter(token_ns=limits.token_ns, backlog=0, since="s")

    assert (room(limits, meter, NOW).fits, room(limits, meter, NOW).shortage.limit) == (2, "backlog")
    meter = taken(limits, meter, 1, NOW)
    full = replace(limits, backlog=9)
    assert (room(full, meter, NOW).fits, room(full, meter, NOW).shortage.limit) == (2, "submit_rate")


def test_limits_that_were_lowered_below_what_is_used_leave_no_room_and_no_negative_one() -> None:
    meter = taken(LIMITS, started(LIMITS, None, unended=0, now=NOW), 5, NOW)
    assert room(replace(LIMITS, burst=1), meter, NOW).fits == 0
    low = SubmitLimits(rate=None, burst=0, backlog=1, since="s")
    assert room(low, Meter(backlog=7, since="s"), NOW).fits == 0


def test_another_rate_keeps_what_is_missing_from_the_bucket() -> None:
    meter = taken(LIMITS, started(LIMITS, None, unended=0, now=NOW), 4, NOW)
    faster = replace(LIMITS, rate=1000.0)

    assert not meter.counts_for(faster)
    assert tokens(faster, started(faster, meter, unended=0, now=NOW), NOW) == 1


def test_a_backlog_begins_with_the_truth_and_goes_on_with_the_count() -> None:
    limits = SubmitLimits(rate=None, burst=0, backlog=9, since="s1")
    first = started(limits, None, unended=4, now=NOW)
    assert first.backlog == 4

    with_rate = replace(limits, rate=1.0, burst=1)
    assert started(with_rate, first, unended=99, now=NOW).backlog == 4
    assert started(replace(limits, since="s2"), first, unended=99, now=NOW).backlog == 99


def test_a_limit_that_is_set_anew_is_counted_anew() -> None:
    with_limit, without = {"limits": {"backlog": 3}}, {"limits": {"backlog": None}}

    assert backlog_since(None, with_limit, "now") == "now"
    assert backlog_since(without, with_limit, "now") == "now"
    assert backlog_since({**with_limit, "backlog_since": "then"}, {"limits": {"backlog": 9}}, "now") == "then"
    assert backlog_since({**with_limit, "backlog_since": "then"}, without, "now") is None


def test_a_bucket_is_full_again_after_its_burst() -> None:
    meter = taken(LIMITS, started(LIMITS, None, unended=0, now=NOW), 5, NOW)

    assert [meter.is_full(after(at)) for at in (0, 0.5, 0.501)] == [False, False, True]
