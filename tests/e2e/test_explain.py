"""Why a task is where it is, asked of the deployed service: its role may look at slots and queues."""

import pytest

from tests.e2e.polling import eventually
from tests.e2e.tenancy import Tenancy

pytestmark = pytest.mark.e2e


def test_a_task_in_backoff_is_explained(tenant: Tenancy) -> None:
    tenant.register("fail", retry={"max_attempts": 2, "base": 600, "cap": 600})
    task_id = tenant.submit("fail", {"error": "Broken", "message": "no paper"})
    eventually(lambda: tenant.api.get_task(task_id)["status"] == "retrying")
    found = tenant.api.explain_task(task_id)
    assert "Broken: no paper" in found["summary"]
    assert found["waits_for"][0]["kind"] == "backoff"
    assert found["position"] == {"ahead_at_most": 0, "hidden": 1, "delayed": 0}


def test_an_ended_task_is_explained(tenant: Tenancy) -> None:
    tenant.register("echo")
    found = tenant.api.explain_task(tenant.run("echo", {"n": 1})["id"])
    assert found["summary"].startswith("It succeeded on attempt 1 of 3")
    assert found["waits_for"] == []
