"""Builders for explanations: a task of acme in the lane bulk, and what bears on it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fairlane.domain.explanation import LaneDepth, Reason, Snapshot, Wait, explain
from fairlane.domain.slots import Slots
from fairlane.domain.task import Moment, Status, Task, TaskError

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
TENANT: Mapping[str, Any] = {"status": "active", "limits": {"concurrency": None}}
LANE: Mapping[str, Any] = {"status": "active", "concurrency": None, "rate": None, "burst": None, "ordered": False}
FUNCTION: Mapping[str, Any] = {"timeout": 30, "concurrency": None}
EMPTY = LaneDepth(ready=0, hidden=0, delayed=0)
BROKEN = TaskError("Broken", "no paper")


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def a_task(status: Status = Status.QUEUED, detail: str = "", **fields: Any) -> Task:
    """Accepted 60 s ago, in its status for 10 s."""
    given: dict[str, Any] = {
        "tenant": "acme",
        "id": "t_1",
        "type": "print",
        "source": "/shop",
        "event_id": "7",
        "lane": "bulk",
        "status": status,
        "max_attempts": 3,
        "generation": 1,
        "payload_hash": "h",
        "created_at": ago(60),
        "attempt": 0 if status in (Status.QUEUED, Status.SCHEDULED) else 1,
        "claim": 0 if status in (Status.QUEUED, Status.SCHEDULED) else 1,
        "ended_at": ago(10) if status.is_end else None,
        "timeline": (Moment(ago(10), status, 1, detail),),
        **fields,
    }
    return Task(**given)


def a_snapshot(task: Any = None, **fields: Any) -> Snapshot:
    """Nothing in its way, unless told."""
    given: dict[str, Any] = {"tenant": TENANT, "lane": LANE, "function": FUNCTION, "slots": Slots(), "depth": EMPTY}
    return Snapshot(task=task or a_task(), now=NOW, **{**given, **fields})


def the_wait(snapshot: Snapshot) -> Wait:
    """The only thing that its task waits for."""
    (wait,) = explain(snapshot).waits
    return wait


def reasons(snapshot: Snapshot) -> list[Reason]:
    return [wait.reason for wait in explain(snapshot).waits]
