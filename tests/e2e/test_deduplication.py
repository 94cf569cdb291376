from concurrent.futures import ThreadPoolExecutor

import pytest

from fairlane_client import RefusedError, new_event
from tests.e2e.polling import eventually
from tests.e2e.tenancy import SOURCE, Tenancy

pytestmark = pytest.mark.e2e


@pytest.fixture
def echoing(tenant: Tenancy) -> Tenancy:
    tenant.register("echo")
    return tenant


def test_the_same_event_again_is_the_same_task(echoing: Tenancy) -> None:
    event = new_event("echo", {"n": 1}, source=SOURCE)
    first = echoing.api.submit_event(event)
    assert first["duplicate"] is False
    ended = echoing.wait(first["id"])
    again = echoing.api.submit_event(event)
    assert again == {"id": first["id"], "status": "succeeded", "duplicate": True}
    assert echoing.api.get_task(first["id"]) == ended


def test_the_time_and_the_trace_of_an_event_are_not_its_payload(echoing: Tenancy) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    first = echoing.submit("echo", event_id="1", time="2026-11-24T00:00:00Z")
    again = echoing.submit("echo", event_id="1", time="2026-11-24T00:00:01Z", traceparent=trace)
    assert again == first


def test_the_same_id_with_another_payload_is_refused(echoing: Tenancy) -> None:
    task_id = echoing.submit("echo", {"n": 1}, event_id="1")
    with pytest.raises(RefusedError) as refused:
        echoing.submit("echo", {"n": 2}, event_id="1")
    assert refused.value.problem["errors"][0]["pointer"] == "#/id"
    assert echoing.wait(task_id)["result"] == {"n": 1}


def test_the_same_id_from_another_source_is_another_task(echoing: Tenancy) -> None:
    assert echoing.submit("echo", event_id="1", source="/a") != echoing.submit("echo", event_id="1", source="/b")


def test_fifty_submits_of_one_event_at_once_are_one_task_that_runs_once(tenant: Tenancy) -> None:
    told = tenant.inbox("told")
    tenant.register_function(tenant.account.witness(tenant.name, tells=told), "witness")
    results = tenant.subscribe()
    event = new_event("witness", {"n": 1}, source=SOURCE)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: tenant.api.submit_event(event), range(50)))
    assert len({answer["id"] for answer in answers}) == 1
    assert [answer["duplicate"] for answer in answers].count(False) == 1
    task = tenant.wait(answers[0]["id"])
    assert (task["status"], task["attempt"]) == ("succeeded", 1)
    results.wait_for(1)
    # each duplicate may have sent a message of its own: one that met the running attempt comes again after its lease
    eventually(lambda: all(tenant.api.get_lane("default")[count] == 0 for count in ("depth", "running")))
    assert len(told.look()) == 1
    assert len({envelope["detail"]["id"] for envelope in results.look()}) == 1
    assert len(list(tenant.api.list_tasks())) == 1


def test_an_event_that_stands_twice_in_a_batch_is_one_task(echoing: Tenancy) -> None:
    event = new_event("echo", {"n": 1}, source=SOURCE)
    first, second = echoing.api.submit_batch([event, event])
    assert "error" not in first
    assert "error" not in second
    assert first["id"] == second["id"]
    assert (first["duplicate"], second["duplicate"]) == (False, True)


def test_events_with_the_same_dedupkey_are_one_task(echoing: Tenancy) -> None:
    first = echoing.submit("echo", {"n": 1}, event_id="1", dedupkey="order-7")
    event = new_event("echo", {"n": 1}, source=SOURCE, event_id="1", dedupkey="order-7")
    assert echoing.api.submit_event(event)["duplicate"] is True
    with pytest.raises(RefusedError) as refused:
        echoing.submit("echo", {"n": 2}, event_id="2", dedupkey="order-7")
    assert refused.value.problem["errors"][0]["pointer"] == "#/dedupkey"
    assert [task["id"] for task in echoing.api.list_tasks()] == [first]


def test_a_dedupkey_can_be_used_again_after_its_window(echoing: Tenancy) -> None:
    first = echoing.submit("echo", {"n": 1}, event_id="1", dedupkey="order-7", dedupwindow=1)

    def submitted_anew() -> str:
        again = echoing.submit("echo", {"n": 1}, event_id="1", dedupkey="order-7", dedupwindow=1)
        return again if again != first else ""

    assert echoing.wait(eventually(submitted_anew))["status"] == "succeeded"
    assert echoing.wait(first)["status"] == "succeeded"
