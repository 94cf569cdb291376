from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlane.domain.pressure import Pressure, shrunk
from tests.unit.domain.building import NOW, after

#: (s since the last throttle, how many run)
THROTTLES = st.lists(st.tuples(st.floats(0, 30, allow_nan=False), st.integers(1, 100)), min_size=1, max_size=30)
LIMITS = st.one_of(st.none(), st.integers(1, 50))


def begun(running: int, limit: int | None = None) -> Pressure:
    made = shrunk(None, running=running, limit=limit, now=NOW)
    assert made is not None
    return made


def test_it_starts_from_what_runs_and_halves() -> None:
    assert begun(running=10).concurrency(NOW) == 5
    assert begun(running=100, limit=8).concurrency(NOW) == 4
    assert begun(running=1).concurrency(NOW) == 1


def test_it_shrinks_at_most_once_a_second() -> None:
    pressure = begun(running=40)

    assert shrunk(pressure, running=40, limit=None, now=after(0.9)) is None
    again = shrunk(pressure, running=40, limit=None, now=after(1), throttles=7)
    assert again is not None
    assert again.concurrency(after(1)) == 10
    assert (again.throttles, again.since) == (8, NOW)


def test_it_recovers_by_one_a_second_up_to_the_limit_and_is_over_there() -> None:
    pressure = begun(running=10, limit=10)

    assert [pressure.concurrency(after(s)) for s in (0, 0.9, 1, 3.5, 60)] == [5, 5, 6, 8, 10]
    assert not pressure.is_over(after(4.9))
    assert pressure.is_over(after(5))


def test_without_a_limit_it_is_over_at_twice_what_ran_before() -> None:
    pressure = begun(running=10)

    assert not pressure.is_over(after(14.9))
    assert pressure.is_over(after(15))


def test_after_it_is_over_it_begins_anew() -> None:
    again = shrunk(begun(running=10, limit=10), running=10, limit=10, now=after(60))

    assert again == Pressure(5.0, after(60), after(60), 10, 1)


@pytest.mark.parametrize("limit", [1, None])
def test_a_function_of_one_at_a_time_is_not_written_again_and_again(limit: int | None) -> None:
    assert shrunk(begun(running=1, limit=limit), running=1, limit=limit, now=after(0.5)) is None


@given(THROTTLES, LIMITS)
def test_it_stays_between_one_and_the_limit_and_never_jumps(
    throttles: list[tuple[float, int]], limit: int | None
) -> None:
    pressure: Pressure | None = None
    now = NOW
    for pause, running in throttles:
        now += timedelta(milliseconds=int(pause * 1000))
        before = pressure.concurrency(now) if pressure and not pressure.is_over(now) else None
        changed = shrunk(pressure, running=running, limit=limit, now=now)
        if changed is not None:
            pressure = changed
            assert 1 <= pressure.concurrency(now) <= (limit or running * 2 + 1_000)
            if before is not None:
                assert pressure.concurrency(now) == max(1, before // 2)
        assert pressure is not None
        later = now + timedelta(seconds=1)
        assert pressure.concurrency(now) <= pressure.concurrency(later) <= pressure.concurrency(now) + 1
        assert pressure.concurrency(later) <= pressure.peak
