"""What must hold of a task however often anything died, was repeated or came twice."""

from typing import Any

from fairlane.domain.task import ENDS
from tests.moto.tenants import Tenant

_ENDS = {status.value for status in ENDS}


def assert_one_end(tenant: Tenant, task_id: str, *, status: str = "succeeded", runs: int | None = None) -> Any:
    """One end and one result id, nothing left behind; the task."""
    task = tenant.task(task_id)
    assert task["status"] == status
    assert [moment["status"] for moment in task["timeline"] if moment["status"] in _ENDS] == [status]
    assert task["timeline"][-1]["at"] == task["ended_at"]
    assert_one_result(tenant, task)
    if runs is not None:
        assert len(runs_of(tenant, task_id)) == runs
    assert tenant.world.dead_letters() == []
    return task


def assert_one_result(tenant: Tenant, task: Any) -> None:
    """Result messages and delivered results: at least one, all copies the same, byte for byte."""
    texts = tenant.result_texts(task["id"])
    assert texts
    assert len(set(texts)) == 1
    results = [result for result in tenant.results() if result["subject"] == task["id"]]
    assert results
    assert all(result == results[0] for result in results)
    assert results[0]["data"]["task"] == task
    assert results[0]["type"] == f"fairlane.task.{task['status']}"


def runs_of(tenant: Tenant, task_id: str) -> list[Any]:
    return [run for run in tenant.world.functions.runs if (run["tenant"], run["taskid"]) == (tenant.name, task_id)]


def records_of(tenant: Tenant) -> list[Any]:
    """The task records of a tenant, without long results."""
    items = tenant.world.items("Tasks")
    return [item for item in items if item["pk"]["S"].startswith(f"{tenant.name}#") and "status" in item]
