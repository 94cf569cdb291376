"""Why a task is where it is, asked of the deployed service: its role may look at slots and queues."""

import pytest

from fairlane_client.models import Wait
from tests.e2e.polling import eventually
from tests.e2e.tenancy import NewTenant, Tenancy

pytestmark = pytest.mark.e2e


def test_a_task_in_backoff_is_explained(tenant: Tenancy) -> None:
    tenant.register("fail", retry={"max_attempts": 2, "base": 600, "cap": 600})
    task_id = tenant.submit("fail", {"error": "Broken", "message": "no paper"})
    eventually(lambda: tenant.api.get_task(task_id)["status"] == "retrying")
    found = tenant.api.explain_task(task_id)
    assert "Broken: no paper" in found["summary"]
    assert found["waits_for"][0]["kind"] == "backoff"
    assert found["position"] == {"ahead_at_most": 0, "hidden": 1, "delayed": 0}


def test_a_task_that_waits_for_a_slot_is_explained_by_what_the_dispatchers_hold(new_tenant: NewTenant) -> None:
    tenant = new_tenant(limits={"concurrency": 2})
    tenant.register("sleep")
    last = [tenant.submit("sleep", {"seconds": 5}) for _ in range(6)][-1]

    def the_limit() -> Wait | None:
        waits = tenant.api.explain_task(last)["waits_for"]
        return next((wait for wait in waits if wait["kind"] == "tenant-concurrency"), None)

    found = eventually(the_limit, patience_s=20)
    assert (found["limit"], found["used"]) == (2, 2)
    assert tenant.wait(last)["status"] == "succeeded"


def test_an_ended_task_is_explained(tenant: Tenancy) -> None:
    tenant.register("echo")
    found = tenant.api.explain_task(tenant.run("echo", {"n": 1})["id"])
    assert found["summary"].startswith("It succeeded on attempt 1 of 3")
    assert found["waits_for"] == []
