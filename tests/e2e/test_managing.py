"""Managing tasks on the deployed stack: cancel, redo, all that match, and due times that no message holds.

The emulator's clock cannot be moved from here: the far due time is one that the janitor takes up within two minutes.
"""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from fairlane_client import ConflictError, new_event
from fairlane_client.models import Task
from tests.e2e.polling import eventually
from tests.e2e.tenancy import SOURCE, Tenancy

pytestmark = pytest.mark.e2e


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_a_task_that_waits_is_cancelled_and_its_end_delivered(tenant: Tenancy) -> None:
    tenant.register("echo")
    inbox = tenant.subscribe()
    task_id = tenant.submit("echo", notbefore=in_seconds(600))
    cancelled = tenant.api.cancel_task(task_id)
    assert (cancelled["status"], cancelled["result"]) == ("cancelled", None)
    [envelope] = inbox.wait_for(1)
    result = envelope["detail"]
    assert (result["type"], result["data"]["task"]) == ("fairlane.task.cancelled", tenant.api.get_task(task_id))
    with pytest.raises(ConflictError):
        tenant.api.cancel_task(task_id)


def test_a_running_task_is_cancelled_and_its_outcome_discarded(tenant: Tenancy) -> None:
    tenant.register("sleep")
    task_id = tenant.submit("sleep", {"seconds": 4})
    eventually(lambda: tenant.api.get_task(task_id)["status"] == "running")
    assert tenant.api.cancel_task(task_id)["status"] == "cancelled"
    eventually(lambda: tenant.api.get_lane("default")["running"] == 0)
    task = tenant.api.get_task(task_id)
    assert [moment["status"] for moment in task["timeline"]] == ["queued", "running", "cancelled"]
    assert task["result"] is None


def test_a_failed_task_is_redone(tenant: Tenancy) -> None:
    tenant.register("fail", retry={"max_attempts": 1})
    first = tenant.run("fail", {"error": "Broken", "message": "no"})
    assert first["status"] == "failed"
    tenant.register("echo", "fail")

    def redone() -> Task | None:
        """Once more, until dispatchers have seen the new function."""
        redo = tenant.api.redo_task(first["id"])
        assert (redo["redo_of"], redo["duplicate"]) == (first["id"], False)
        task = tenant.wait(redo["id"])
        return task if task["status"] == "succeeded" else None

    again = eventually(redone)
    assert (again["redo_of"], again["event_id"]) == (first["id"], first["event_id"])
    assert again["result"] == {"error": "Broken", "message": "no"}


def test_two_hundred_tasks_are_cancelled_by_one_operation(tenant: Tenancy) -> None:
    tenant.register("echo")
    events = [new_event("echo", n, source=SOURCE, notbefore=in_seconds(600)) for n in range(200)]
    assert all("id" in answer for answer in tenant.api.submit_stream(events))
    other = tenant.submit("echo", source="/other", notbefore=in_seconds(600))
    operation = tenant.api.start_operation("cancel", {"source": SOURCE, "status": "scheduled"})
    done = tenant.api.wait_for_operation(operation["id"], timeout_s=90)
    assert (done["status"], done["matched"], done["done"], done["failed"]) == ("done", 200, 200, 0)
    assert tenant.api.get_task(other)["status"] == "scheduled"
    assert len(list(tenant.api.list_tasks(status="cancelled"))) == 200


def test_a_filter_with_an_unknown_field_is_refused(tenant: Tenancy) -> None:
    answer: httpx.Response = tenant.http.post("/tasks/bulk", json={"action": "cancel", "filter": {"colour": "red"}})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/filter/colour")


def test_a_far_due_task_is_sent_by_the_janitor_when_a_queue_can_hold_it(tenant: Tenancy) -> None:
    tenant.register("echo")
    task_id = tenant.submit("echo", notbefore=in_seconds(915))
    assert tenant.api.get_lane("default")["depth"] == 0
    eventually(lambda: tenant.api.get_lane("default")["depth"] == 1, patience_s=150)
    assert tenant.api.get_task(task_id)["status"] == "scheduled"
    assert tenant.api.cancel_task(task_id)["status"] == "cancelled"
