"""Chains: the result of one task submits the next, once, with its trace, and not for ever."""

from datetime import timedelta
from typing import Any

import pytest

from fairlane.domain.chaining import HOPS, MOST_HOPS
from tests.moto.calls import AFTER, BEFORE, Point, When, die, lose_answer
from tests.moto.tenants import Tenant
from tests.moto.world import Reply, World


def chain(tenant: Tenant, task_type: str = "next", *, after: str = "resize", name: str = "chain", **more: Any) -> Reply:
    pattern = {"detail-type": ["fairlane.task.succeeded"], "detail": {"tasktype": [after]}}
    body = {"pattern": pattern, "target": {"task": {"type": task_type, **more}}}
    return tenant.ask("PUT", f"/v1/subscriptions/{name}", body=body)


def tasks(tenant: Tenant, task_type: str = "next") -> list[dict[str, Any]]:
    reply = tenant.ask("GET", "/v1/tasks", query={"type": task_type, "limit": "100"})
    assert reply.status == 200, reply
    items: list[dict[str, Any]] = reply.body["items"]
    return items


@pytest.fixture
def chained(acme: Tenant) -> Tenant:
    """Each `resize` of acme that succeeds submits a `next`."""
    assert acme.register("next").status == 201
    made = chain(acme)
    assert (made.status, made.body["target"]) == (201, {"task": {"type": "next"}})
    assert "secret" not in made.body
    return acme


def test_a_result_submits_the_next_task_with_its_data_and_trace(world: World, chained: Tenant) -> None:
    first = chained.submit(traceparent="00-a-b-01").body["id"]
    world.settle()
    [second] = tasks(chained)
    by_task = {result["subject"]: result for result in chained.results()}
    assert second["status"] == "succeeded"
    assert second["source"] == "/tenants/acme/subscriptions/chain"
    assert second["event_id"] == by_task[first]["id"]
    assert by_task[second["id"]]["traceparent"] == "00-a-b-01"
    assert (by_task[first].get(HOPS), by_task[second["id"]][HOPS]) == (None, 1)
    [event] = [call for call in world.functions.runs if call["type"] == "next"]
    assert event["data"] == by_task[first]["data"]


def test_the_same_result_again_submits_nothing_again(world: World, chained: Tenant) -> None:
    chained.submit()
    world.settle()
    world.redeliver("deliverer", world.seen_by("deliverer"))
    world.settle()
    assert len(tasks(chained)) == 1


def test_a_chain_that_bites_its_tail_ends(world: World, chained: Tenant) -> None:
    assert chain(chained, "next", after="next", name="loop").status == 201
    chained.submit()
    world.settle()
    assert len(tasks(chained)) == MOST_HOPS
    [failed] = chained.ask("GET", "/v1/deliveries", query={"status": "failed"}).body["items"]
    assert (failed["subscription"], failed["error"]) == ("loop", f"the chain has {MOST_HOPS} tasks")


@pytest.mark.parametrize("written", ["x", -3, True, "", "٣", 10**6, "9" * 50])
def test_what_a_client_writes_there_harms_nobody(world: World, chained: Tenant, written: Any) -> None:
    reply = chained.submit(**{HOPS: written})
    if reply.status == 202:
        world.settle()
        assert chained.task(reply.body["id"])["status"] == "succeeded"
        assert len(tasks(chained)) <= 1
    else:
        assert reply.status in (400, 422)


@pytest.mark.parametrize(
    "target", [{"type": "absent"}, {"type": "next", "lane": "absent"}, {"type": "a b"}, {}, {"type": "next", "x": 1}]
)
def test_a_task_that_the_tenant_cannot_submit_is_refused(chained: Tenant, target: Any) -> None:
    reply = chained.ask("PUT", "/v1/subscriptions/bad", body={"target": {"task": target}})
    assert (reply.status, reply.problem) == (422, "refused")


def test_what_the_gateway_refuses_is_tried_again_and_then_kept(world: World, chained: Tenant) -> None:
    chained.ask("DELETE", "/v1/functions/next")
    chained.submit()
    with pytest.raises(AssertionError):
        world.settle(within=timedelta(minutes=10))
    chained.register("next")
    world.settle(within=timedelta(minutes=120))
    assert len(tasks(chained)) == 1


def test_a_chain_has_no_secret_to_rotate(chained: Tenant) -> None:
    assert chained.ask("POST", "/v1/subscriptions/chain/rotate").problem == "conflict"


INVOKE = "lambda.Invoke"
_WHEN: tuple[When, When] = (BEFORE, AFTER)


@pytest.mark.parametrize("when", _WHEN)
@pytest.mark.parametrize("happening", [die, lose_answer])
def test_a_result_chains_once_whatever_dies(world: World, chained: Tenant, when: When, happening: Any) -> None:
    chained.submit()
    world.calls.at(Point("deliverer", INVOKE, when), happening)
    world.settle()
    assert [task["status"] for task in tasks(chained)] == ["succeeded"]
