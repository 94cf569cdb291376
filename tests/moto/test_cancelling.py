"""Cancelling a task: from every status, with crashes at each call, and against attempts under way."""

from collections.abc import Callable
from typing import Any

import pytest

from fairlane.ports.targets import Answer, Returned
from tests.moto.calls import AFTER, BEFORE, Point, When, die, lose_answer, refuse_connection
from tests.moto.endings import assert_one_end
from tests.moto.tenant_functions import raises
from tests.moto.tenants import ECHO, Tenant, make_key
from tests.moto.world import Reply, World

#: The calls after the key and the task were read: the end, the lane to tell it by, the result, the mark taken back.
END, SETTLE = ("dynamodb.UpdateItem", 1), ("dynamodb.UpdateItem", 2)
LANE, SEND = ("dynamodb.GetItem", 3), ("sqs.SendMessageBatch", 1)
each_call = pytest.mark.parametrize("call", [("dynamodb.GetItem", 1), ("dynamodb.GetItem", 2), END, LANE, SEND, SETTLE])


def cancel(tenant: Tenant, task_id: str) -> Reply:
    return tenant.ask("POST", f"/v1/tasks/{task_id}/cancel")


def run_queued(world: World) -> None:
    world.poll("dispatcher")


def marks(world: World) -> list[Any]:
    return [item["attention"]["S"] for item in world.items("Tasks") if "attention" in item]


def test_a_queued_task_is_cancelled_at_once_and_never_runs(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    reply = cancel(acme, task_id)
    assert (reply.status, reply.body["status"]) == (200, "cancelled")
    assert reply.body == acme.task(task_id)
    assert marks(world) == []
    world.settle()
    task = assert_one_end(acme, task_id, status="cancelled", runs=0)
    assert [(moment["status"], moment["detail"]) for moment in task["timeline"]] == [
        ("queued", ""),
        ("cancelled", "cancelled"),
    ]


def test_a_cancelled_tasks_message_goes_without_telling_the_end_again(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    cancel(acme, task_id)
    world.settle()
    assert len(acme.result_texts(task_id)) == 1
    assert world.depth(acme.lane_arn) == 0


def test_a_scheduled_task_is_cancelled(world: World, acme: Tenant) -> None:
    soon = acme.submit(notbefore="2026-11-24T12:10:00Z").body["id"]
    far = acme.submit(id="e-2", notbefore="2027-01-01T12:00:00Z").body["id"]
    assert {cancel(acme, task_id).status for task_id in (soon, far)} == {200}
    world.settle()
    assert_one_end(acme, soon, status="cancelled", runs=0)
    assert_one_end(acme, far, status="cancelled", runs=0)
    world.pass_time(days=60)
    assert world.tidy()["due"] == 0


def test_a_task_that_is_to_be_retried_is_cancelled(world: World, acme: Tenant) -> None:
    world.functions.scripts[ECHO] = raises()
    task_id = acme.submit().body["id"]
    world.poll("dispatcher")
    assert acme.task(task_id)["status"] == "retrying"
    assert cancel(acme, task_id).status == 200
    world.settle()
    assert_one_end(acme, task_id, status="cancelled", runs=1)


def test_a_running_task_is_cancelled_and_its_outcome_discarded(world: World, acme: Tenant) -> None:
    replies: list[Reply] = []

    def script(event: Any) -> Answer:
        replies.append(cancel(acme, event["taskid"]))
        return Returned('"too late"')

    world.functions.scripts[ECHO] = script
    task_id = acme.submit().body["id"]
    world.settle()
    assert [reply.body["status"] for reply in replies] == ["cancelled"]
    task = assert_one_end(acme, task_id, status="cancelled", runs=1)
    assert task["result"] is None
    assert len(acme.result_texts(task_id)) == 1


def test_a_cancel_meets_an_attempt_that_begins_meanwhile(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    world.functions.scripts[ECHO] = raises()
    world.calls.at(Point("gateway", *BEFORE_END), lambda: run_queued(world))
    assert cancel(acme, task_id).body["status"] == "cancelled"
    world.settle()
    assert_one_end(acme, task_id, status="cancelled", runs=1)


BEFORE_END = ("dynamodb.UpdateItem", BEFORE)


def test_a_cancel_that_comes_after_the_end_is_a_conflict(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    world.calls.at(Point("gateway", *BEFORE_END), lambda: run_queued(world))
    assert cancel(acme, task_id).problem == "conflict"
    world.settle()
    assert_one_end(acme, task_id, runs=1)
    assert cancel(acme, task_id).problem == "conflict"


def test_a_cancelled_task_is_not_cancelled_again(acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    cancel(acme, task_id)
    before = acme.task(task_id)
    assert cancel(acme, task_id).problem == "conflict"
    assert acme.task(task_id) == before


def test_a_task_of_another_tenant_or_none_is_not_found(acme: Tenant, globex: Tenant) -> None:
    task_id = acme.submit().body["id"]
    assert cancel(globex, task_id).problem == "not-found"
    assert cancel(acme, "t_" + "a" * 26).problem == "not-found"
    assert cancel(acme, "nonsense").problem == "not-found"
    assert acme.task(task_id)["status"] == "queued"


def test_cancelling_needs_the_scope_manage(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    key = make_key(world, "acme", scopes=("submit", "read"))
    assert world.ask("POST", f"/v1/tasks/{task_id}/cancel", key=key).problem == "forbidden"


@each_call
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_gateway_that_dies_while_it_cancels_leaves_one_end_that_is_told(
    world: World, acme: Tenant, call: tuple[str, int], when: When
) -> None:
    task_id = acme.submit().body["id"]
    world.calls.at(Point("gateway", call[0], when, call[1]), die)
    world.survive(lambda: cancel(acme, task_id))
    again = cancel(acme, task_id)
    assert again.status in (200, 409)
    world.pass_time(seconds=30)
    world.settle()
    assert_one_end(acme, task_id, status="cancelled", runs=0)
    assert marks(world) == []


@pytest.mark.parametrize("call", [LANE, SEND, SETTLE])
@pytest.mark.parametrize(("when", "fail"), [(BEFORE, refuse_connection), (AFTER, lose_answer)])
def test_a_cancel_that_cannot_be_told_at_once_is_done_all_the_same(
    world: World, acme: Tenant, call: tuple[str, int], when: When, fail: Callable[[], None]
) -> None:
    task_id = acme.submit().body["id"]
    world.calls.at(Point("gateway", call[0], when, call[1]), fail)
    assert cancel(acme, task_id).status == 200
    world.pass_time(seconds=30)
    world.settle()
    assert_one_end(acme, task_id, status="cancelled", runs=0)


@pytest.mark.parametrize(("call", "nth"), [END, SETTLE])
def test_a_write_that_the_sdk_makes_twice_cancels_once(world: World, acme: Tenant, call: str, nth: int) -> None:
    task_id = acme.submit().body["id"]
    world.calls.repeat("gateway", call, nth)
    assert cancel(acme, task_id).status == 200
    world.settle()
    assert_one_end(acme, task_id, status="cancelled", runs=0)


@pytest.mark.parametrize(("call", "nth"), [("dynamodb.GetItem", 1), ("sqs.SendMessageBatch", 1), END])
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_janitor_that_dies_while_it_tells_an_end_leaves_it_to_the_next_round(
    world: World, acme: Tenant, call: str, nth: int, when: When
) -> None:
    task_id = acme.submit().body["id"]
    world.calls.at(Point("gateway", SEND[0], BEFORE), refuse_connection)
    cancel(acme, task_id)
    world.pass_time(seconds=30)
    world.calls.at(Point("janitor", call, when, nth), die)
    world.survive(world.tidy)
    world.settle()
    assert_one_end(acme, task_id, status="cancelled", runs=0)


def test_the_end_is_told_by_the_janitor_though_the_lane_stands_still(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    world.calls.at(Point("gateway", SEND[0], BEFORE), refuse_connection)
    cancel(acme, task_id)
    assert world.tidy()["unsent"] == 0  # whoever committed it may be about to
    world.pass_time(seconds=30)
    assert world.tidy()["unsent"] == 1
    world.poll("deliverer")
    assert [result["subject"] for result in acme.results()] == [task_id]
