"""The result event of an ended task, as a message for its tenant's results queue."""

import json
from dataclasses import replace
from typing import Any

from fairlane.domain.chaining import HOPS
from fairlane.domain.task import Task, task_view
from fairlane.domain.times import rfc3339
from fairlane.events import event_json, result_event
from fairlane.ports.queues import Message


def shown(task: Task) -> dict[str, Any]:
    """The task as the API shows it, its result parsed."""
    return task_view(task) | {"result": None if task.result is None else json.loads(task.result)}


def result_message(task: Task) -> Message:
    """The same event, byte for byte, whenever it is made: everything in it comes from the record.

    What became of an earlier sending is left out.
    """
    task, trace = replace(task, undelivered=None), task.trace or {}
    event = result_event(
        tenant=task.tenant,
        task=shown(task),
        event_id=task.result_event_id,
        traceparent=trace.get("traceparent"),
        tracestate=trace.get("tracestate"),
        time=rfc3339(task.ended_at) or "",
    )
    if HOPS in trace:
        event = {**event, HOPS: int(trace[HOPS])}
    return Message(event_json(event), {"task": task.id})
