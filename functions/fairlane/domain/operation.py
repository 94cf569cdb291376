"""A bulk operation: what it does to which tasks, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from fairlane.domain.task import Status, Task
from fairlane.domain.times import rfc3339

#: How long an operation can be read after it was started.
KEPT = timedelta(days=30)


class Action(StrEnum):
    """What it does to each task."""

    CANCEL = "cancel"
    REDO = "redo"


class State(StrEnum):
    """How it stands. All but the first are final."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Filter:
    """Which tasks: all conditions that are set must hold. `created_before` is frozen when the operation starts."""

    created_before: datetime
    created_after: datetime | None = None
    status: Status | None = None
    type: str | None = None
    lane: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Operation:
    """One operation of one tenant. `version` grows with each write, so that two that run it never both go on."""

    tenant: str
    id: str
    action: Action
    filter: Filter
    created_at: datetime
    state: State = State.RUNNING
    matched: int = 0
    done: int = 0
    failed: int = 0
    #: The time key of the last task that was dealt with.
    cursor: str | None = None
    #: Runs in a row that did not get on.
    troubles: int = 0
    error: str | None = None
    ended_at: datetime | None = None
    version: int = 1

    @property
    def mark(self) -> str:
        """What stands in the timeline of a task that it has cancelled."""
        return f"cancelled by operation {self.id}"

    def wants(self, task: Task) -> bool:
        """Whether the action applies to the task as it is now (the store has checked all but the status)."""
        wanted = self.filter.status
        if self.action is Action.CANCEL:
            return not task.status.is_end and wanted in (None, task.status)
        # without a status only what failed: running again what had succeeded must be asked for
        return task.status.is_end and task.status is (wanted or Status.FAILED)


def operation_view(operation: Operation) -> dict[str, Any]:
    """The operation as the API shows it."""
    return {
        "id": operation.id,
        "action": operation.action.value,
        "status": operation.state.value,
        "matched": operation.matched,
        "done": operation.done,
        "failed": operation.failed,
        "filter": filter_view(operation.filter),
        "error": operation.error,
        "created_at": rfc3339(operation.created_at),
        "ended_at": rfc3339(operation.ended_at),
    }


def filter_view(wanted: Filter) -> dict[str, Any]:
    """The conditions that are set."""
    shown: Mapping[str, Any] = {
        "status": wanted.status.value if wanted.status else None,
        "type": wanted.type,
        "lane": wanted.lane,
        "source": wanted.source,
        "created_after": rfc3339(wanted.created_after),
        "created_before": rfc3339(wanted.created_before),
    }
    return {name: value for name, value in shown.items() if value is not None}
