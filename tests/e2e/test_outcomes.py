from datetime import UTC, datetime, timedelta

import pytest

from fairlane_client import RefusedError
from fairlane_client.models import Task
from tests.e2e.tenancy import Tenancy

pytestmark = pytest.mark.e2e


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def moments(task: Task) -> list[tuple[str, int]]:
    return [(moment["status"], moment["attempt"]) for moment in task["timeline"]]


def error_type(task: Task) -> str:
    assert task["error"] is not None
    return task["error"]["type"]


def at(text: str | None) -> datetime:
    assert text is not None
    return datetime.fromisoformat(text)


def test_what_a_function_returns_is_the_result(tenant: Tenancy) -> None:
    tenant.register("echo")
    task = tenant.run("echo", {"list": [1, 2.5, None, True, "ü"]})
    assert (task["status"], task["attempt"], task["error"]) == ("succeeded", 1, None)
    assert task["result"] == {"list": [1, 2.5, None, True, "ü"]}
    assert moments(task) == [("queued", 0), ("running", 1), ("succeeded", 1)]


def test_a_task_has_every_field_of_the_contract(tenant: Tenancy) -> None:
    tenant.register("echo")
    task = tenant.run("echo", {"n": 1}, event_id="its-id", source="/its/source")
    fields = {
        "id", "type", "source", "event_id", "lane", "status", "attempt", "max_attempts", "created_at", "started_at",
        "ended_at", "not_before", "expires_at", "result", "error", "progress", "redo_of", "delivery", "timeline",
    }  # fmt: skip
    assert fields <= set(task)
    assert (task["type"], task["source"], task["event_id"]) == ("echo", "/its/source", "its-id")
    assert (task["lane"], task["max_attempts"], task["redo_of"]) == ("default", 3, None)
    assert at(task["created_at"]) <= at(task["started_at"]) <= at(task["ended_at"])
    assert all(text.endswith("Z") for text in (task["created_at"], *(moment["at"] for moment in task["timeline"])))


def test_a_function_may_return_nothing(tenant: Tenancy) -> None:
    tenant.register("echo")
    task = tenant.run("echo")
    assert (task["status"], task["result"]) == ("succeeded", None)


def test_a_task_is_running_while_its_function_works(tenant: Tenancy) -> None:
    tenant.register("sleep")
    task = tenant.run("sleep", {"seconds": 1})
    assert (task["status"], task["result"]) == ("succeeded", 1)
    assert at(task["ended_at"]) - at(task["started_at"]) >= timedelta(seconds=1)


def test_what_a_function_raises_is_the_error_after_the_last_attempt(tenant: Tenancy) -> None:
    tenant.register("fail")
    task = tenant.run("fail", {"error": "BrokenError", "message": "no such: thing"})
    assert (task["status"], task["attempt"], task["result"]) == ("failed", 3, None)
    assert task["error"] == {"type": "BrokenError", "message": "no such: thing"}
    tried = [("running", 1), ("retrying", 1), ("running", 2), ("retrying", 2), ("running", 3)]
    assert moments(task) == [("queued", 0), *tried, ("failed", 3)]


def test_an_error_that_is_not_retryable_ends_the_task_at_once(tenant: Tenancy) -> None:
    retry = {"max_attempts": 5, "base": 0, "cap": 0, "non_retryable": ["BrokenError"]}
    tenant.register("fail", retry=retry)
    task = tenant.run("fail", {"error": "BrokenError", "message": "for good"})
    assert (task["status"], task["attempt"], error_type(task)) == ("failed", 1, "BrokenError")
    assert moments(task) == [("queued", 0), ("running", 1), ("failed", 1)]


def test_a_function_that_fails_twice_succeeds_on_the_third_attempt(tenant: Tenancy) -> None:
    tenant.register("flaky")
    task = tenant.run("flaky", {"failures": 2})
    assert (task["status"], task["attempt"], task["result"], task["error"]) == ("succeeded", 3, 3, None)
    assert moments(task)[-1] == ("succeeded", 3)


def test_a_task_keeps_the_attempts_it_was_submitted_with(tenant: Tenancy) -> None:
    tenant.register("flaky", retry={"max_attempts": 1})
    task = tenant.run("flaky", {"failures": 1})
    assert (task["status"], task["attempt"], task["max_attempts"]) == ("failed", 1, 1)
    assert task["error"] == {"type": "FlakyError", "message": "attempt 1 fails, as the first 1 shall"}


def test_a_function_that_exceeds_its_own_timeout_has_failed(tenant: Tenancy) -> None:
    function = tenant.account.witness(tenant.name, timeout_s=1)
    tenant.register_function(function, "slow", retry={"max_attempts": 1})
    task = tenant.run("slow", {"first_attempt_s": 2})
    assert task["status"] == "failed"
    assert task["error"] is not None
    assert "timed out" in task["error"]["message"]


def test_a_function_is_called_with_the_event_and_what_it_needs_to_know(tenant: Tenancy) -> None:
    tenant.register_function(tenant.account.witness(tenant.name), "witness")
    trace = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "a=1,b=2"}
    task = tenant.run("witness", {"n": 1}, event_id="1", subject="s", myextension=7, **trace)
    got = task["result"]
    assert isinstance(got, dict)
    deadline = at(got.pop("deadline"))
    assert at(task["started_at"]) < deadline < at(task["started_at"]) + timedelta(seconds=60)
    core = {"specversion": "1.0", "id": "1", "source": "/e2e", "type": "witness", "subject": "s"}
    added = {"tenant": tenant.name, "taskid": task["id"], "attempt": 1}
    content = {"datacontenttype": "application/json", "data": {"n": 1}}
    assert got == {**core, **content, "myextension": 7, **trace, **added}


def test_a_result_of_many_kilobytes_is_kept_whole(tenant: Tenancy) -> None:
    tenant.register("echo")
    data = {"text": "ü" * 25_000}
    task = tenant.run("echo", data)
    assert task["result"] == data
    assert [listed["result"] for listed in tenant.api.list_tasks()] == [data]


def test_a_result_that_no_result_event_could_carry_fails_the_task_with_that_reason(tenant: Tenancy) -> None:
    tenant.register("echo")
    task = tenant.run("echo", {"text": "x" * 200_000})
    assert (task["status"], task["attempt"], error_type(task)) == ("failed", 1, "ResultTooLarge")


def test_a_task_does_not_start_before_its_notbefore(tenant: Tenancy) -> None:
    tenant.register("echo")
    due = in_seconds(2)
    task_id = tenant.submit("echo", {"n": 1}, notbefore=due)
    assert tenant.api.get_task(task_id)["status"] == "scheduled"
    task = tenant.wait(task_id)
    assert (task["status"], moments(task)[0]) == ("succeeded", ("scheduled", 0))
    assert task["not_before"] is not None
    assert at(task["started_at"]) >= at(task["not_before"]) >= datetime.fromisoformat(due) - timedelta(milliseconds=1)


def test_a_task_that_has_not_started_by_its_expirytime_expires_unrun(tenant: Tenancy) -> None:
    tenant.register("echo")
    results = tenant.subscribe()
    expiry = in_seconds(1.5)
    task = tenant.run("echo", notbefore=in_seconds(3600), expirytime=expiry)
    assert (task["status"], task["attempt"], task["started_at"], task["result"]) == ("expired", 0, None, None)
    assert at(task["ended_at"]) >= at(task["expires_at"])
    (envelope,) = results.wait_for(1)
    assert envelope["detail-type"] == "fairlane.task.expired"


def test_a_task_that_starts_before_its_expirytime_runs(tenant: Tenancy) -> None:
    tenant.register("echo")
    assert tenant.run("echo", expirytime=in_seconds(60))["status"] == "succeeded"


@pytest.mark.parametrize(
    ("attributes", "pointer"),
    [
        ({"expirytime": "2020-01-01T00:00:00Z"}, "#/expirytime"),
        ({"notbefore": in_seconds(366 * 24 * 3600)}, "#/notbefore"),
        ({"lane": "nowhere"}, "#/lane"),
    ],
    ids=["expired", "too far ahead", "unknown lane"],
)
def test_what_could_never_run_is_refused(tenant: Tenancy, attributes: dict[str, str], pointer: str) -> None:
    tenant.register("echo")
    with pytest.raises(RefusedError) as refused:
        tenant.submit("echo", **attributes)
    assert [field["pointer"] for field in refused.value.problem["errors"]] == [pointer]


def test_a_task_whose_function_was_deleted_fails_with_that_reason(tenant: Tenancy) -> None:
    tenant.register("echo")
    task_id = tenant.submit("echo", notbefore=in_seconds(1))
    tenant.api.delete_function("echo")
    task = tenant.wait(task_id)
    assert (task["status"], error_type(task)) == ("failed", "UnknownFunction")
