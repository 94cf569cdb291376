"""The result event of an ended task, as a message for its tenant's results queue."""

import json
from typing import Any

from fairlane.domain.task import Task, task_view
from fairlane.domain.times import rfc3339
from fairlane.events import event_json, result_event
from fairlane.ports import Message


def shown(task: Task) -> dict[str, Any]:
    """The task as the API shows it, its result parsed."""
    return task_view(task) | {"result": None if task.result is None else json.loads(task.result)}


def result_message(task: Task) -> Message:
    """The same event, byte for byte, whenever it is made: everything in it comes from the record."""
    trace = task.trace or {}
    event = result_event(
        tenant=task.tenant,
        task=shown(task),
        event_id=task.result_event_id,
        traceparent=trace.get("traceparent"),
        tracestate=trace.get("tracestate"),
        time=rfc3339(task.ended_at) or "",
    )
    return Message(event_json(event), {"task": task.id})
