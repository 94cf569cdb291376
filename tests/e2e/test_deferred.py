"""Deferred tasks and HTTP targets over the whole stack, with a plain HTTP server as what runs them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.e2e.polling import eventually
from tests.e2e.receiver import Endpoint, Posted
from tests.e2e.tenancy import NewTenant, Tenancy, raw

pytestmark = pytest.mark.e2e

WorkerOf = Callable[[Posted], httpx.Client]


@pytest.fixture
def tenant(new_tenant: NewTenant) -> Tenancy:
    """One attempt at a time, so that slots of waiting attempts can be seen."""
    return new_tenant(limits={"concurrency": 1})


def register(tenant: Tenancy, runs: Endpoint, **more: object) -> None:
    body = {"target": {"http": {"url": runs.url}}, "timeout": 60, **more}
    answer = tenant.http.put("/functions/work", json=body)
    assert answer.status_code == 201, answer.text


@pytest.fixture
def worker_of(tenant: Tenancy) -> Iterator[WorkerOf]:
    """A client with the token of an attempt that was started."""
    with ExitStack() as clients:
        yield lambda started: clients.enter_context(raw(tenant.stack, started.event["tasktoken"]))


def test_an_http_endpoint_gets_the_event_and_its_answer_is_the_result(tenant: Tenancy) -> None:
    with Endpoint() as runs:
        register(tenant, runs)
        task = tenant.run("work", {"n": 1})
        assert (task["status"], task["result"]) == ("succeeded", None)  # 204 has no body
        (posted,) = runs.posted
    assert posted.event["data"] == {"n": 1}
    assert (posted.event["taskid"], posted.event["attempt"]) == (task["id"], 1)


def test_a_deferred_task_ends_by_its_callback_and_holds_its_slot_until_then(
    tenant: Tenancy, worker_of: WorkerOf
) -> None:
    results = tenant.subscribe()
    with Endpoint(202, 202) as runs:
        register(tenant, runs, mode="deferred")
        both = {tenant.submit("work"), tenant.submit("work")}
        (started,) = runs.wait_for(1)
        first, worker = started.event["taskid"], worker_of(started)
        (second,) = both - {first}
        # the other one has met the limit, and says so
        eventually(lambda: tenant.http.get(f"/tasks/{second}/explain").json()["waits_for"])
        assert len(runs.posted) == 1
        assert tenant.api.get_task(first)["status"] == "waiting"
        beat = worker.post(f"/tasks/{first}/heartbeat", json={"progress": 0.5, "message": "half"})
        assert (beat.status_code, beat.json()["cancel"]) == (200, False)
        assert tenant.api.get_task(first)["progress"] == 0.5
        done = {"result": {"n": 1}}
        assert [worker.post(f"/tasks/{first}/complete", json=done).status_code for _ in range(2)] == [200, 200]
        assert worker.post(f"/tasks/{first}/complete", json={"result": 2}).status_code == 409
        assert worker.post(f"/tasks/{second}/complete", json=done).status_code in (401, 403, 404)
        assert runs.wait_for(2)[1].event["taskid"] == second
    details = [moment["detail"] for moment in tenant.api.get_task(second)["timeline"]]
    assert any("tenant concurrency 1" in detail for detail in details), details
    assert tenant.api.get_task(first)["result"] == {"n": 1}
    assert [each["detail"]["subject"] for each in results.wait_for(1)] == [first]


def test_whoever_runs_a_cancelled_task_is_told_to_stop_and_its_outcome_is_discarded(
    tenant: Tenancy, worker_of: WorkerOf
) -> None:
    with Endpoint(202) as runs:
        register(tenant, runs, mode="deferred")
        task = tenant.submit("work")
        (started,) = runs.wait_for(1)
    worker = worker_of(started)
    assert tenant.http.post(f"/tasks/{task}/cancel").json()["status"] == "cancelled"
    assert worker.post(f"/tasks/{task}/heartbeat", json={}).json()["cancel"] is True
    assert worker.post(f"/tasks/{task}/complete", json={"result": 1}).status_code == 409
    assert tenant.api.get_task(task)["status"] == "cancelled"


def test_a_callback_that_fails_the_attempt_leads_to_another_one(tenant: Tenancy, worker_of: WorkerOf) -> None:
    with Endpoint(202, 202) as runs:
        register(tenant, runs, mode="deferred", retry={"max_attempts": 2, "base": 0.1, "cap": 1})
        task = tenant.submit("work")
        (started,) = runs.wait_for(1)
        worker = worker_of(started)
        failure = {"error": {"type": "Busy", "message": "not now"}}
        assert worker.post(f"/tasks/{task}/fail", json=failure).status_code == 200
        again = runs.wait_for(2, patience_s=150)[1]  # the janitor comes by each minute
        assert again.event["attempt"] == 2
        assert worker.post(f"/tasks/{task}/complete", json={"result": 1}).status_code == 409  # of an old attempt
        worker = worker_of(again)
        assert worker.post(f"/tasks/{task}/complete", json={"result": 2}).status_code == 200
    assert tenant.wait(task)["result"] == 2
