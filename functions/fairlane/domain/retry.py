"""Whether and when a failed attempt is tried again.

Exponential backoff with full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS, 2015).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from fairlane.domain.task import Outcome, Step, TaskError

#: SQS hides a message for 12 hours at most; a backoff stays below.
LONGEST_BACKOFF_S = 11 * 3600
#: A throttled attempt waits at least this long, so that a saturated target is not hammered.
THROTTLE_FLOOR_S = 1.0


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and how long between: `base` x 2^(attempt-1) seconds, `cap` at most, fully jittered."""

    max_attempts: int = 3
    base_s: float = 1.0
    cap_s: float = 60.0
    non_retryable: Sequence[str] = ()

    def backoff(self, attempt: int, random: Callable[[], float]) -> timedelta:
        """The pause after attempt number `attempt`. `random` gives 0 <= x < 1."""
        ceiling = min(self.cap_s, self.base_s * 2.0 ** min(attempt - 1, 60))
        return timedelta(seconds=ceiling * random())


def after_failure(
    policy: RetryPolicy,
    error: TaskError,
    *,
    attempt: int,
    max_attempts: int,
    now: datetime,
    random: Callable[[], float],
    permanent: bool = False,
) -> Outcome:
    """The step that follows a failed attempt: a retry at a time, or the end `failed`."""
    if permanent or error.type in policy.non_retryable:
        return Outcome(Step.FAIL, now, detail="not retryable", error=error)
    if attempt >= max_attempts:
        return Outcome(Step.FAIL, now, detail="out of attempts", error=error)
    return Outcome(
        Step.RETRY,
        now,
        detail=f"{error.type}: {error.message}"[:200],
        error=error,
        next_at=now + policy.backoff(attempt, random),
    )


def with_pause(outcome: Outcome, pause: timedelta | None) -> Outcome:
    """The outcome of a failed attempt with the pause that the function asked for, where there is a retry."""
    if pause is None or outcome.step is not Step.RETRY:
        return outcome
    return replace(outcome, next_at=outcome.at + min(pause, timedelta(seconds=LONGEST_BACKOFF_S)))


def after_throttle(
    policy: RetryPolicy,
    error: TaskError,
    *,
    before: int,
    now: datetime,
    random: Callable[[], float],
    at_least: timedelta = timedelta(),
) -> Outcome:
    """A throttle is no attempt: it is given back, and the task waits, longer after each of those `before`.

    `at_least` is what the target asks for.
    """
    pause_s = max(THROTTLE_FLOOR_S, policy.base_s) * 2.0 ** min(max(before, 0), 60) * (1 + random())
    return Outcome(
        Step.RETRY,
        now,
        detail=f"throttled: {error.message}"[:200],
        error=error,
        next_at=now + max(timedelta(seconds=min(pause_s, policy.cap_s + THROTTLE_FLOOR_S)), at_least),
        counts=False,
    )


def requested_pause(retry_after: str | None, now: datetime) -> timedelta:
    """What a `Retry-After` header asks for (seconds, or a date); nothing where it says nothing that is one."""
    text = (retry_after or "").strip()
    longest = timedelta(seconds=LONGEST_BACKOFF_S)
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), longest)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return timedelta()
    if until.tzinfo is None:  # "-0000"
        until = until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta()), longest)
