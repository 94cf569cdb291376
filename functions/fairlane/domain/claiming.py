"""What to do with a message whose task could not be claimed.

The claim itself is one conditional write; this explains its refusal from the record that the
write returned, so that no second read is needed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fairlane.domain.task import Status, Task

#: Clocks of two machines may differ by this much; a queue's delay may end a little early.
CLOCK_SKEW = timedelta(seconds=5)
EARLY = timedelta(seconds=1)
#: Beyond the function's timeout and the skew, a lease covers the time between claim and call, and a
#: Lambda's start (10 s at most), which its timeout does not count.
LEASE_SLACK = timedelta(seconds=20)
LONGEST_START = timedelta(seconds=10)


@dataclass(frozen=True)
class Ended:
    """The task has its end: only the result event is sent again."""

    task: Task


@dataclass(frozen=True)
class Expired:
    """Not started in time: commit the end `expired`."""

    task: Task


@dataclass(frozen=True)
class Lost:
    """The last attempt's lease ended without an outcome: commit the end `failed`, reason `lost`."""

    task: Task


@dataclass(frozen=True)
class NotYet:
    """A live lease, a backoff or a due time: hide the message until then."""

    until: datetime
    reason: str


@dataclass(frozen=True)
class NoRecord:
    """No record, or a record of another generation: never run; to the dead-letter queue."""

    reason: str


@dataclass(frozen=True)
class TryAgain:
    """The record changed under us and now allows the claim."""


@dataclass(frozen=True)
class Waits:
    """A deferred attempt is under way: the index `attention` holds the task, its message is not needed."""

    task: Task


@dataclass(frozen=True)
class Unstarted:
    """A deferred attempt whose start nobody has confirmed in time: start it again."""

    task: Task


Verdict = Waits | Unstarted | Ended | Expired | Lost | NotYet | NoRecord | TryAgain


def _waits(task: Task, now: datetime) -> Verdict:
    if task.start_by is None:
        return Waits(task)
    return Unstarted(task) if task.start_by < now else NotYet(task.start_by, "its start is not confirmed yet")


def judge(task: Task | None, *, generation: int, now: datetime) -> Verdict:  # noqa: PLR0911 - one return a verdict
    """Why the claim was refused, judged by the record as it was at that moment."""
    if task is None:
        return NoRecord("no record of this task: it was never acknowledged, or its retention has ended")
    if task.generation != generation:
        return NoRecord("the record is of another generation: the event id was used again")
    if task.status.is_end:
        return Ended(task)
    if task.claim == 0 and task.expires_at is not None and task.expires_at <= now:
        return Expired(task)
    if task.status is Status.RUNNING:
        if task.lease_until is not None and task.lease_until >= now:
            return NotYet(task.lease_until, "an attempt holds the lease")
        if task.attempt >= task.max_attempts:
            return Lost(task)
    elif task.status is Status.WAITING:
        return _waits(task, now)
    elif task.wakes_at is not None and task.wakes_at > now + EARLY:
        return NotYet(task.wakes_at, "not due yet" if task.status is Status.SCHEDULED else "backoff")
    return TryAgain()
