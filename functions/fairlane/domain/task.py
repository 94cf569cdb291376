"""The task: its states, the table of allowed steps, and what each step changes.

No storage here. The adapter's conditional writes repeat the conditions of these steps by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from fairlane.domain.attention import Attention, Kind
from fairlane.domain.times import rfc3339, sortable


class Status(StrEnum):
    """Where a task is. The last four are ends: an ended task never changes its status."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_end(self) -> bool:
        """Whether nothing can follow."""
        return self in ENDS


class Step(StrEnum):
    """What can happen to a task."""

    CLAIM = "claim"
    SUCCEED = "succeed"
    FAIL = "fail"
    RETRY = "retry"
    LOSE = "lose"
    EXPIRE = "expire"
    CANCEL = "cancel"
    DEFER = "defer"
    TIME_OUT = "time_out"


ENDS = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.EXPIRED})
#: Not started, or between two attempts: a message in the lane queue will claim it.
CLAIMABLE = frozenset({Status.SCHEDULED, Status.QUEUED, Status.RETRYING})
#: An attempt is under way. A callback may overtake our own commit of `waiting`, so its steps start from both.
UNDER_WAY = frozenset({Status.RUNNING, Status.WAITING})

#: The state machine. CLAIM from RUNNING only when the lease has ended (the attempt is lost);
#: EXPIRE only before the first claim; LOSE and TIME_OUT only when the attempt is overdue (`OVERDUE`).
STEPS: Mapping[Step, tuple[frozenset[Status], Status]] = {
    Step.CLAIM: (CLAIMABLE | {Status.RUNNING}, Status.RUNNING),
    Step.SUCCEED: (UNDER_WAY, Status.SUCCEEDED),
    Step.FAIL: (UNDER_WAY, Status.FAILED),
    Step.RETRY: (UNDER_WAY, Status.RETRYING),
    Step.LOSE: (UNDER_WAY, Status.FAILED),
    Step.EXPIRE: (frozenset({Status.SCHEDULED, Status.QUEUED}), Status.EXPIRED),
    Step.CANCEL: (CLAIMABLE | UNDER_WAY, Status.CANCELLED),
    Step.DEFER: (frozenset({Status.RUNNING}), Status.WAITING),
    Step.TIME_OUT: (frozenset({Status.WAITING}), Status.RETRYING),
}
#: Steps that need the lease of a running attempt, or the deadline of a waiting one, to have passed.
OVERDUE = frozenset({Step.LOSE, Step.TIME_OUT})

#: SQS keeps a message 14 days; an unended record outlives its message by a day.
LONGEST_WAIT = timedelta(days=15)


@dataclass(frozen=True)
class TaskError:
    """Why an attempt or a task failed. `type` is the class of the function's error, or one of ours."""

    type: str
    message: str


@dataclass(frozen=True)
class Undelivered:
    """That subscriptions did not take the result event: which ones, and the last one's attempts and reason."""

    subscriptions: frozenset[str]
    attempts: int
    error: str


@dataclass(frozen=True)
class Moment:
    """One line of the timeline."""

    at: datetime
    status: Status
    attempt: int
    detail: str = ""


@dataclass(frozen=True)
class Task:
    """One task of one tenant, as the Tasks table holds it.

    `claim` is the fence: it grows with each claim and never repeats, while `attempt` may (a throttled
    attempt is given back). `generation` is the creation time in ms: it tells apart two tasks that
    got the same id because their event id was used again after the first record was gone.
    """

    tenant: str
    id: str
    type: str
    source: str
    event_id: str
    lane: str
    status: Status
    max_attempts: int
    generation: int
    payload_hash: str
    created_at: datetime
    attempt: int = 0
    claim: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    #: No attempt starts before this: the due time at first, the end of the backoff later.
    next_at: datetime | None = None
    #: Until when the attempt may run; of a waiting one its deadline.
    lease_until: datetime | None = None
    #: A waiting task whose start is not confirmed: by then it is started again. None: it is confirmed.
    start_by: datetime | None = None
    #: A deferred attempt from which nothing is heard for so long is over.
    heartbeat: timedelta | None = None
    #: What runs the attempt, where that can be looked at and stopped: the ARN of an execution.
    execution: str | None = None
    #: Whether a deferred attempt holds slots, under a lease of its own.
    holds_slots: bool = False
    #: What the last heartbeat said.
    progress: float | None = None
    progress_message: str | None = None
    #: What the janitor has to come back to; None on the plain way.
    attention: Attention | None = None
    #: The result as JSON text; None where there is none or where it lies in an item of its own.
    result: str | None = None
    #: Claim under which the result's own item was written; None when the result is inline.
    result_claim: int | None = None
    #: Of that item's text: two callbacks of one claim may differ.
    result_hash: str | None = None
    error: TaskError | None = None
    timeline: tuple[Moment, ...] = ()
    trace: Mapping[str, str] | None = None
    retention_days: int = 30
    #: The task whose event this one runs again.
    redo_of: str | None = None
    #: None while every subscription takes its result, or may still do so.
    undelivered: Undelivered | None = None

    @property
    def result_event_id(self) -> str:
        """The id of the result event: the same however often it is sent."""
        return f"{self.id}-{self.generation}"

    @property
    def time_key(self) -> str:
        """Sorts as the creation times do; the position of the task in lists."""
        return f"{sortable(self.created_at)}#{self.id}"

    @property
    def wakes_at(self) -> datetime | None:
        """When its message is wanted: when it is due, or expires before it ever is. None: at once."""
        if self.next_at is None or self.claim or self.expires_at is None:
            return self.next_at
        return min(self.next_at, self.expires_at)

    def is_overdue(self, now: datetime) -> bool:
        """Whether the attempt's lease has ended, or the deadline of a waiting one has passed."""
        if self.status is Status.WAITING:
            return self.attention is not None and self.attention.at < now
        return self.status is Status.RUNNING and self.lease_until is not None and self.lease_until < now

    def with_result(self, result: str | None) -> "Task":
        """The task with the text of a result that lies in an item of its own."""
        return replace(self, result=result)


@dataclass(frozen=True)
class Outcome:
    """How an attempt came out, as the commit needs it: the step and what it writes."""

    step: Step
    at: datetime
    detail: str = ""
    result: str | None = None
    error: TaskError | None = None
    #: RETRY and TIME_OUT only: not before.
    next_at: datetime | None = None
    #: DEFER only: the deadline, and what else a waiting task has.
    lease_until: datetime | None = None
    start_by: datetime | None = None
    heartbeat: timedelta | None = None
    execution: str | None = None
    holds_slots: bool = False
    #: What is left to do once no lane message holds the task; None: whoever commits holds its message.
    attention: Attention | None = None
    #: RETRY only: a throttle gives the attempt back.
    counts: bool = True

    @property
    def status(self) -> Status:
        """The status that the step leads to."""
        return STEPS[self.step][1]

    def unsent(self) -> "Outcome":
        """The same by somebody who does not hold the lane message: the end's result is still to be sent."""
        return replace(self, attention=Attention(Kind.UNSENT, self.at))


@dataclass(frozen=True)
class Touch:
    """What is noted of an attempt under way, fenced by its claim. Its status stays."""

    at: datetime
    #: The start has to be confirmed by then; None: it is.
    start_by: datetime | None = None
    #: Only where the start was not confirmed in time.
    only_unstarted: bool = False
    progress: float | None = None
    message: str | None = None
    #: The janitor is to look then; None: as before.
    wanted_at: datetime | None = None


def task_view(task: Task) -> dict[str, Any]:
    """The task as the API shows it and as result events carry it (`result` as JSON text is parsed by the caller)."""
    return {
        "id": task.id,
        "type": task.type,
        "source": task.source,
        "event_id": task.event_id,
        "lane": task.lane,
        "status": task.status.value,
        "attempt": task.attempt,
        "max_attempts": task.max_attempts,
        "created_at": rfc3339(task.created_at),
        "started_at": rfc3339(task.started_at),
        "ended_at": rfc3339(task.ended_at),
        "not_before": rfc3339(task.not_before),
        "expires_at": rfc3339(task.expires_at),
        "result": None,
        "error": {"type": task.error.type, "message": task.error.message} if task.error else None,
        "progress": task.progress,
        "progress_message": task.progress_message,
        "redo_of": task.redo_of,
        "delivery": _delivery_view(task),
        "timeline": [
            {"at": rfc3339(m.at), "status": m.status.value, "attempt": m.attempt, "detail": m.detail}
            for m in task.timeline
        ],
    }


def _delivery_view(task: Task) -> dict[str, Any]:
    lost = task.undelivered
    if lost is None:
        return {"status": "published" if task.status.is_end else "pending", "attempts": 0, "error": None}
    error = f"{', '.join(sorted(lost.subscriptions))}: {lost.error}"
    return {"status": "failed", "attempts": lost.attempts, "error": error}
