"""Builders: a test states only what matters to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fairlane.domain.attention import Attention, Kind
from fairlane.domain.task import ENDS, Moment, Outcome, Status, Step, Task, TaskError
from fairlane.domain.times import to_ms

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
#: A waiting task's deadline, and until when its attempt holds its slots.
DEADLINE, LONG = timedelta(seconds=60), timedelta(seconds=70)
BOOM = TaskError("ValueError", "boom")


def after(seconds: float) -> datetime:
    """So long after `NOW`."""
    return NOW + timedelta(seconds=seconds)


def a_task(**changes: Any) -> Task:
    """A task as the gateway makes it, but for `changes`."""
    status = changes.get("status", Status.QUEUED)
    created_at = changes.get("created_at", NOW)
    fields: dict[str, Any] = {
        "tenant": "ada",
        "id": "t_abcdefghijklmnopqrstuvwx23",
        "type": "resize",
        "source": "/orders",
        "event_id": "e-1",
        "lane": "default",
        "status": status,
        "max_attempts": 3,
        "generation": to_ms(created_at),
        "payload_hash": "0123456789abcdef0123456789abcdef",
        "created_at": created_at,
        "timeline": (Moment(created_at, status, 0),),
        "ended_at": created_at if status in ENDS else None,
    }
    return Task(**fields | changes)


def an_outcome(step: Step, **changes: Any) -> Outcome:
    """How an attempt came out, as the dispatcher would write it for that step."""
    fields: dict[str, Any] = {"step": step, "at": NOW}
    if step is Step.SUCCEED:
        fields["result"] = '{"n":1}'
    elif step not in (Step.EXPIRE, Step.CANCEL, Step.DEFER):
        fields["error"] = BOOM
    at = changes.get("at", NOW)
    if step in (Step.RETRY, Step.TIME_OUT):
        fields["next_at"] = after(5)
    if step is Step.DEFER:
        fields |= {"lease_until": at + LONG, "attention": Attention(Kind.DEADLINE, at + DEADLINE)}
    if step is Step.TIME_OUT:
        fields["attention"] = Attention(Kind.DUE, at)
    return Outcome(**fields | changes)
