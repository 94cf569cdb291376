"""Events that Fairlane makes: what a function is called with, and what tells an end."""

from collections.abc import Mapping
from typing import Any

from fairlane.events.form import Event


def function_event(event: Event, *, tenant: str, task_id: str, attempt: int, deadline: str) -> Event:
    """The submitted event with Fairlane's own attributes; `deadline` in RFC 3339."""
    return {**event, "tenant": tenant, "taskid": task_id, "attempt": attempt, "deadline": deadline}


def result_event(
    *,
    tenant: str,
    task: Mapping[str, Any],
    event_id: str,
    traceparent: str | None,
    tracestate: str | None,
    time: str,
) -> Event:
    """The end of a task, told. `task` is the API's view of it; `event_id` is the same at every sending."""
    trace = {"traceparent": traceparent, "tracestate": tracestate}
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/tenants/{tenant}",
        "type": f"fairlane.task.{task['status']}",
        "datacontenttype": "application/json",
        "subject": task["id"],
        "time": time,
        "lane": task["lane"],
        "tasktype": task["type"],
        "tenant": tenant,
        **{name: value for name, value in trace.items() if value is not None},
        "data": {"task": task},
    }
