"""When a webhook is posted again, when its endpoint rests, and when Fairlane gives up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane.domain.delivery import (
    FEW_FAILURES,
    LONGEST_REST,
    LONGEST_RETRY_AFTER,
    PAUSE_AFTER,
    SCHEDULE_S,
    Endpoint,
    pause,
    retry_after,
    task_of,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def failed(endpoint: Endpoint, count: int = 1, *, now: datetime = NOW, wait: timedelta | None = None) -> Endpoint:
    return endpoint.after_failures(count, reason="HTTP 500", wait=wait, now=now)


@settings(deadline=None)
@given(st.integers(1, 1000), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_that_of_the_schedule_give_or_take_a_fifth(attempt: int, random: float) -> None:
    base = SCHEDULE_S[min(attempt, len(SCHEDULE_S)) - 1]

    assert 0.8 * base <= pause(attempt, lambda: random).total_seconds() <= 1.2 * base


def test_what_the_endpoint_asks_for_is_waited_for_at_least() -> None:
    assert pause(1, lambda: 0, timedelta(hours=1)) == timedelta(hours=1)
    assert pause(9, lambda: 0, timedelta(seconds=1)) == timedelta(seconds=0.8 * SCHEDULE_S[8])


def test_a_pause_fits_into_a_visibility_timeout() -> None:
    assert max(SCHEDULE_S) * 1.2 < timedelta(hours=12).total_seconds()
    assert timedelta(hours=12) > LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 5 ", 5),
        ("0", 0),
        ("999999999", LONGEST_RETRY_AFTER.total_seconds()),
        (None, None),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("1" * 400, None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_seconds_and_within_bounds(header: str | None, seconds: float | None) -> None:
    wait = retry_after(header)

    assert (None if wait is None else wait.total_seconds()) == seconds


def test_an_endpoint_rests_after_some_failures_in_a_row_longer_each_time() -> None:
    endpoint = failed(Endpoint(), FEW_FAILURES - 1)
    assert (endpoint.rests(NOW), endpoint.probes) == (False, False)
    rests = []
    for _ in range(12):
        endpoint = failed(endpoint)
        assert endpoint.probes
        assert endpoint.rests_until is not None
        rests.append(endpoint.rests_until - NOW)
    assert rests[0] == timedelta(seconds=10)
    assert rests[1] == 2 * rests[0]
    assert rests[-1] == LONGEST_REST
    assert not endpoint.rests(NOW + LONGEST_REST)


def test_an_endpoint_that_asks_for_it_rests_at_once() -> None:
    endpoint = failed(Endpoint(), wait=timedelta(minutes=3))

    assert endpoint.rests(NOW + timedelta(minutes=2))
    assert not endpoint.rests(NOW + timedelta(minutes=3))


def test_an_endpoint_that_has_failed_for_days_must_pause() -> None:
    endpoint = failed(failed(Endpoint()), now=NOW + timedelta(days=2))

    assert endpoint.failing_since == NOW
    assert not endpoint.must_pause(NOW + PAUSE_AFTER - timedelta(seconds=1))
    assert endpoint.must_pause(NOW + PAUSE_AFTER)
    assert not Endpoint().must_pause(NOW)


@pytest.mark.parametrize(
    ("event", "task"),
    [
        ({"id": "t_abc-17", "subject": "t_abc"}, ("t_abc", 17)),
        ({"id": "test-t_abc-17", "subject": "t_abc"}, None),
        ({"id": "paused-hook-17", "subject": "hook"}, None),
        ({"id": "t_abc-x", "subject": "t_abc"}, None),
        ({"id": "17"}, None),
        ({}, None),
    ],
)
def test_only_a_result_event_has_a_task(event: dict[str, str], task: tuple[str, int] | None) -> None:
    assert task_of(event) == task
