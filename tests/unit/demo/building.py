"""Builders for the demo's tests: tasks and result events as the service sends them."""

from typing import Any, cast

from fairlane_client.models import Task

RUN = "/demo/now/"


def a_task(task_id: str = "t_1", **fields: Any) -> Task:
    """Accepted at 20:00:00, started a second later."""
    status = fields.get("status", "succeeded")
    started, ended = "2026-11-23T20:00:01.000Z", "2026-11-23T20:00:02.000Z"
    task = {
        "id": task_id,
        "type": "code.metrics",
        "source": f"{RUN}acme",
        "event_id": f"event of {task_id}",
        "lane": "default",
        "status": status,
        "attempt": 1,
        "max_attempts": 3,
        "created_at": "2026-11-23T20:00:00.000Z",
        "started_at": started,
        "ended_at": ended,
        "result": None,
        "error": None,
        "timeline": [
            {"at": "2026-11-23T20:00:00.000Z", "status": "queued", "attempt": 0, "detail": ""},
            {"at": started, "status": "running", "attempt": 1, "detail": ""},
            {"at": ended, "status": status, "attempt": 1, "detail": ""},
        ],
        **fields,
    }
    return cast("Task", task)


def a_result(task: Task, **attributes: object) -> dict[str, Any]:
    """The result event of a task of the tenant acme."""
    return {
        "specversion": "1.0",
        "id": f"{task['id']}-1",
        "source": "/tenants/acme",
        "type": f"fairlane.task.{task['status']}",
        "subject": task["id"],
        "tenant": "acme",
        "tasktype": task["type"],
        "data": {"task": task},
        **attributes,
    }
