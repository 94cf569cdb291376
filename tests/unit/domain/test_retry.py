from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane.domain.retry import LONGEST_BACKOFF_S, RetryPolicy, after_failure, after_throttle, requested_pause
from fairlane.domain.task import Outcome, Status, Step, TaskError
from tests.unit.domain.building import BOOM, NOW, after

POLICY = RetryPolicy(max_attempts=3, base_s=2, cap_s=10, non_retryable=("Fatal",))
shares = st.floats(0, 1, exclude_max=True)


def failed(attempt: int, error: TaskError = BOOM, *, permanent: bool = False, random: float = 0.5) -> Outcome:
    return after_failure(
        POLICY, error, attempt=attempt, max_attempts=3, now=NOW, random=lambda: random, permanent=permanent
    )


@pytest.mark.parametrize(("attempt", "ceiling_s"), [(1, 2), (2, 4), (3, 8), (4, 10), (1000, 10)])
def test_the_ceiling_doubles_up_to_the_cap(attempt: int, ceiling_s: float) -> None:
    assert POLICY.backoff(attempt, lambda: 0.0) == timedelta()
    assert POLICY.backoff(attempt, lambda: 0.5) == timedelta(seconds=ceiling_s / 2)


@settings(deadline=None)
@given(st.integers(1, 10_000), shares, st.floats(0, 3600), st.floats(0, 39_600))
def test_a_backoff_lies_between_nothing_and_the_cap(attempt: int, share: float, base_s: float, cap_s: float) -> None:
    backoff = RetryPolicy(base_s=base_s, cap_s=cap_s).backoff(attempt, lambda: share)

    assert timedelta() <= backoff <= timedelta(seconds=cap_s)


def test_the_jitter_is_full() -> None:
    pauses = [failed(2, random=share / 100).next_at for share in range(100)]

    assert pauses[0] == NOW
    assert len(set(pauses)) == 100


def test_a_failure_is_tried_again_while_attempts_are_left() -> None:
    outcome = failed(2)

    assert (outcome.step, outcome.error, outcome.counts) == (Step.RETRY, BOOM, True)
    assert outcome.next_at == NOW + timedelta(seconds=2)
    assert outcome.status is Status.RETRYING


@pytest.mark.parametrize("attempt", [3, 4])
def test_the_last_failure_is_the_end(attempt: int) -> None:
    outcome = failed(attempt)

    assert (outcome.step, outcome.detail, outcome.next_at) == (Step.FAIL, "out of attempts", None)


def test_an_error_named_not_retryable_is_the_end_at_once() -> None:
    assert (failed(1, TaskError("Fatal", "no")).step, failed(1, TaskError("fatal", "no")).step) == (
        Step.FAIL,
        Step.RETRY,
    )


def test_a_permanent_refusal_is_the_end_at_once() -> None:
    assert (failed(1, permanent=True).step, failed(1, permanent=True).detail) == (Step.FAIL, "not retryable")


def test_a_long_message_is_cut_in_the_timeline_and_kept_in_the_error() -> None:
    outcome = failed(1, TaskError("E", "x" * 1000))

    assert len(outcome.detail) == 200
    assert outcome.error is not None
    assert len(outcome.error.message) == 1000


@settings(deadline=None)
@given(st.integers(-1, 10_000), shares, st.floats(0, 600), st.floats(0, 600))
def test_a_throttle_is_no_attempt_and_waits_a_little(before: int, share: float, base_s: float, cap_s: float) -> None:
    policy = RetryPolicy(base_s=base_s, cap_s=cap_s)

    outcome = after_throttle(policy, BOOM, before=before, now=NOW, random=lambda: share)

    assert (outcome.step, outcome.counts) == (Step.RETRY, False)
    assert outcome.next_at is not None
    assert timedelta(seconds=1) <= outcome.next_at - NOW <= timedelta(seconds=cap_s + 1)


def test_throttles_in_a_row_wait_longer_each_time_up_to_the_cap() -> None:
    waits = [after_throttle(POLICY, BOOM, before=before, now=NOW, random=lambda: 0.0).next_at for before in range(5)]

    assert waits == [after(seconds) for seconds in (2, 4, 8, 11, 11)]


def test_a_throttled_task_waits_as_long_as_the_target_asks_for() -> None:
    def next_at(at_least_s: int) -> timedelta:
        outcome = after_throttle(
            POLICY, BOOM, before=0, now=NOW, random=lambda: 0.0, at_least=timedelta(seconds=at_least_s)
        )
        assert outcome.next_at is not None
        return outcome.next_at - NOW

    assert next_at(0) == next_at(1) == timedelta(seconds=2)
    assert next_at(120) == timedelta(seconds=120)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *((None, 0), ("", 0), ("0", 0), ("7", 7), (" 7 ", 7), ("1e3", 0), ("-5", 0), ("soon", 0), ("7.5", 0)),
        *(("99999999999999999999", LONGEST_BACKOFF_S), ("\u0667", 0)),
        ("Mon, 23 Nov 2026 20:02:00 GMT", 120),
        ("Mon, 23 Nov 2026 20:02:00 -0000", 120),
        ("Mon, 23 Nov 2026 19:00:00 GMT", 0),
        ("Mon, 23 Nov 2099 20:00:00 GMT", LONGEST_BACKOFF_S),
        ("Mon, 99 Nov 2026 20:02:00 GMT", 0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(text: str | None, seconds: int) -> None:
    assert requested_pause(text, datetime(2026, 11, 23, 20, tzinfo=UTC)) == timedelta(seconds=seconds)
