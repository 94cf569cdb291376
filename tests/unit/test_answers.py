"""What a function's error says of trying again."""

from datetime import timedelta

import pytest

from fairlane.answers import raised
from fairlane.domain.retry import RetryPolicy, after_failure, with_pause
from fairlane.domain.task import Step, TaskError
from tests.unit.domain.building import NOW, after


@pytest.mark.parametrize(
    ("message", "pause_s", "permanent"),
    [
        ("quota used up (retry after 30 s)", 30, False),
        ("quota used up (retry after 0.5 s) ", 0.5, False),
        ("(retry after 0 s)", 0, False),
        ("no such customer (do not retry)", None, True),
        ("(retry after 30 s) was what it said", None, False),
        ("(do not retry), they said", None, False),
        ("(retry after soon s)", None, False),
        ("(retry after 12345678 s)", None, False),
        ("(retry after -1 s)", None, False),
        ("", None, False),
    ],
)
def test_the_end_of_a_message_says_whether_and_when_to_try_again(
    message: str, pause_s: float | None, permanent: bool
) -> None:
    error = raised("Busy", message)

    assert error.pause == (None if pause_s is None else timedelta(seconds=pause_s))
    assert (error.permanent, error.error) == (permanent, TaskError("Busy", message))


def test_a_retry_comes_after_the_pause_that_was_asked_for() -> None:
    policy, boom = RetryPolicy(max_attempts=2), TaskError("Busy", "no")
    retry = after_failure(policy, boom, attempt=1, max_attempts=2, now=NOW, random=lambda: 0.5)
    end = after_failure(policy, boom, attempt=2, max_attempts=2, now=NOW, random=lambda: 0.5)

    assert with_pause(retry, timedelta(seconds=30)).next_at == after(30)
    assert with_pause(retry, timedelta(days=30)).next_at == after(11 * 3600)
    assert with_pause(retry, None) == retry
    assert with_pause(end, timedelta(seconds=30)).step is Step.FAIL
