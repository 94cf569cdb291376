from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fairlane_client import ConflictError, NotFoundError, RefusedError
from tests.e2e.polling import eventually
from tests.e2e.problems import pointers, problem
from tests.e2e.tenancy import Tenancy

pytestmark = pytest.mark.e2e


def test_a_function_is_registered_read_listed_and_deleted(tenant: Tenancy) -> None:
    body = {"target": {"lambda": tenant.stack.functions["echo"]}}
    created = tenant.http.put("/functions/my.Type_1-a", json=body)
    assert (created.status_code, created.headers["content-type"]) == (201, "application/json")
    assert tenant.http.put("/functions/my.Type_1-a", json=body).status_code == 200
    found = tenant.api.get_function("my.Type_1-a")
    assert (found["type"], found["target"], found["mode"]) == ("my.Type_1-a", body["target"], "sync")
    assert (found["lane"], found["concurrency"], found["timeout"]) == ("default", None, 3)
    assert found["retry"] == {"max_attempts": 3, "base": 1, "cap": 60, "non_retryable": []}
    assert list(tenant.api.list_functions()) == [found]
    assert tenant.http.delete("/functions/my.Type_1-a").status_code == 204
    with pytest.raises(NotFoundError):
        tenant.api.get_function("my.Type_1-a")
    with pytest.raises(NotFoundError):
        tenant.api.delete_function("my.Type_1-a")


def test_a_function_may_be_named_by_its_arn(tenant: Tenancy) -> None:
    arn = f"arn:aws:lambda:{tenant.stack.region}:000000000000:function:{tenant.stack.functions['echo']}"
    assert tenant.register_function(arn, "echo")["target"] == {"lambda": arn}
    assert tenant.run("echo", 1)["result"] == 1


def test_a_changed_function_runs_the_next_tasks(tenant: Tenancy) -> None:
    tenant.register("echo", "work", timeout=3)
    assert tenant.run("work", {"failures": 0})["result"] == {"failures": 0}
    changed = tenant.register("flaky", "work", timeout=30)
    assert changed["timeout"] == 30

    def runs_the_new_one() -> bool:
        return tenant.run("work", {"failures": 0})["result"] == 1

    # a dispatcher may know the old one for the cache time
    assert eventually(runs_the_new_one, patience_s=10)


def test_a_timeout_below_the_functions_own_is_refused(tenant: Tenancy) -> None:
    with pytest.raises(RefusedError) as refused:
        tenant.register("sleep", timeout=9)
    assert pointers(dict(refused.value.problem)) == {"#/timeout"}
    assert tenant.register("sleep", timeout=10)["timeout"] == 10


@pytest.mark.parametrize("function", ["gateway", "dispatcher", "long-dispatcher", "deliverer", "controller"])
def test_a_function_of_fairlanes_own_is_refused(tenant: Tenancy, function: str) -> None:
    with pytest.raises(RefusedError) as refused:
        tenant.register_function(f"{tenant.stack.stack}-{function}", "mine")
    assert pointers(dict(refused.value.problem)) == {"#/target/lambda"}


def test_a_function_that_the_platform_does_not_allow_is_refused(tenant: Tenancy) -> None:
    echo, sleep = tenant.stack.functions["echo"], tenant.stack.functions["sleep"]
    tenant.platform.put_tenant(tenant.name, {"targets": [echo]})
    tenant.register_function(echo, "echo")
    with pytest.raises(RefusedError) as refused:
        tenant.register_function(sleep, "sleep")
    assert pointers(dict(refused.value.problem)) == {"#/target/lambda"}


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"target": {"lambda": "fairlane-target-nobody"}}, "#/target/lambda"),
        ({"target": {"lambda": "not a name"}}, "#/target/lambda"),
        ({"target": {"http": {"url": "ftp://example.com"}}}, "#/target/http/url"),
        (
            {"target": {"state_machine": "arn:aws:states:us-east-1:000000000000:stateMachine:m"}},
            "#/target/state_machine",
        ),
        ({"target": {}}, "#/target"),
        ({"mode": "later"}, "#/mode"),
        ({"lane": "nowhere"}, "#/lane"),
        ({"timeout": 871}, "#/timeout"),
        ({"retry": {"max_attempts": 0}}, "#/retry/max_attempts"),
        ({"retry": {"cap": 12 * 3600}}, "#/retry/cap"),
        ({"concurrency": 0}, "#/concurrency"),
        ({"colour": "red"}, "#/colour"),
    ],
)
def test_a_function_that_cannot_be_served_is_refused(tenant: Tenancy, changed: dict[str, Any], pointer: str) -> None:
    body = {"target": {"lambda": tenant.stack.functions["echo"]}} | changed
    assert pointers(problem(tenant.http.put("/functions/mine", json=body), 422)) == {pointer}
    assert list(tenant.api.list_functions()) == []


@pytest.mark.parametrize("illegal", ["a%20b", "%C3%BC", "x" * 129])
def test_an_illegal_task_type_is_malformed(tenant: Tenancy, illegal: str) -> None:
    problem(tenant.http.get(f"/functions/{illegal}"), 400)


def test_every_tenant_has_the_lane_default(tenant: Tenancy) -> None:
    lane = tenant.api.get_lane("default")
    assert (lane["lane"], lane["status"], lane["depth"], lane["running"]) == ("default", "active", 0, 0)
    assert (lane["concurrency"], lane["rate"], lane["ordered"], lane["weight"]) == (None, None, False, 1)
    assert list(tenant.api.list_lanes()) == [lane]


def test_a_lane_tells_what_waits_in_it(tenant: Tenancy) -> None:
    tenant.register("echo")
    tenant.submit("echo", notbefore=(datetime.now(UTC) + timedelta(minutes=10)).isoformat())
    lane = tenant.api.get_lane("default")
    assert (lane["depth"], lane["running"]) == (1, 0)


def test_a_lane_is_changed_and_still_runs_tasks(tenant: Tenancy) -> None:
    tenant.register("echo")
    answer = tenant.http.put("/lanes/default", json={"concurrency": 2, "weight": 2.5})
    assert (answer.status_code, answer.json()["concurrency"], answer.json()["weight"]) == (200, 2, 2.5)
    assert tenant.run("echo", 1)["result"] == 1


@pytest.mark.parametrize(
    ("lane", "body", "pointer"),
    [
        ("default", {"rate": 0}, "#/rate"),
        ("default", {"concurrency": 0}, "#/concurrency"),
        ("default", {"weight": 0}, "#/weight"),
        ("default", {"colour": "red"}, "#/colour"),
    ],
)
def test_a_lane_that_cannot_be_served_is_refused(
    tenant: Tenancy, lane: str, body: dict[str, Any], pointer: str
) -> None:
    assert pointers(problem(tenant.http.put(f"/lanes/{lane}", json=body), 422)) == {pointer}


def test_the_default_lane_stays_and_others_are_not_there(tenant: Tenancy) -> None:
    with pytest.raises(ConflictError):
        tenant.api.delete_lane("default")
    with pytest.raises(NotFoundError):
        tenant.api.get_lane("other")
    with pytest.raises(NotFoundError):
        tenant.api.delete_lane("other")
