"""What the use cases need of the tables of tasks, events and deduplication keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from fairlane.domain.task import Moment, Outcome, Task, Touch


@dataclass(frozen=True)
class Created:
    """The half of `create` that wrote the record."""

    task: Task


@dataclass(frozen=True)
class Existing:
    """The half of `create` that met a record with this id."""

    task: Task


@dataclass(frozen=True)
class Refusal:
    """A conditional write that was refused, with the record as it was (None: there is none)."""

    task: Task | None


class TaskStore(Protocol):
    """The Tasks table. Every write is conditional, carries a nonce and may be repeated."""

    def create(self, task: Task) -> Created | Existing:
        """Put the record unless there is one."""

    def prolong(self, task: Task, *, now: datetime) -> bool:
        """Let an unended record live as long as a message sent now; False when the record is gone."""

    def get(self, tenant: str, task_id: str) -> Task | None:
        """The task with its result, read consistently."""

    def load_result(self, task: Task) -> Task:
        """The task with the result that lies in an item of its own, if it does."""

    def claim(
        self, tenant: str, task_id: str, *, generation: int, now: datetime, lease_until: datetime, detail: str = ""
    ) -> Task | Refusal:
        """Start an attempt: the conditions of `Step.CLAIM`. `detail` goes into the timeline."""

    def note(self, tenant: str, task_id: str, *, generation: int, moment: Moment) -> Task | Refusal:
        """Add to the timeline of a task that waits for its first attempt."""

    def commit(self, task: Task, outcome: Outcome) -> Task | Refusal:
        """Write how the attempt of `task.claim` came out. Fenced by the claim."""

    def touch(self, task: Task, touch: Touch) -> Task | Refusal:
        """Note something of the attempt `task.claim` while it is under way."""

    def page(self, tenant: str, query: "TaskQuery") -> "TaskPage":
        """One page of a tenant's tasks by creation time."""


@dataclass(frozen=True)
class TaskQuery:
    """A list request; `after` is the time key after which the page starts."""

    limit: int
    newest_first: bool = True
    after: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    status: str | None = None
    type: str | None = None
    lane: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class TaskPage:
    """Tasks that match, and where the next page starts (None: there is none)."""

    tasks: Sequence[Task]
    next_after: str | None


class EventStore(Protocol):
    """Events that outlive their message: of tasks that no message holds, and of ends that may be redone."""

    def keep(self, task: Task, event: str, *, until: datetime) -> None:
        """Store the event's JSON text for this generation of the task. May be repeated."""

    def load(self, task: Task) -> str | None:
        """The text, or None: it was not kept, or not so long."""


@dataclass(frozen=True)
class Reservation:
    """What a deduplication key stands for: the task's id and the hash of its event."""

    task_id: str
    payload_hash: str


class DedupStore(Protocol):
    """The Dedup table: explicit deduplication keys."""

    def reserve(self, tenant: str, key: str, wanted: Reservation, *, now: datetime, window: timedelta) -> Reservation:
        """Take the key for `window` unless it is taken; whoever has it now."""
