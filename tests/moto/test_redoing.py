"""Running an ended task's event again."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.moto.calls import AFTER, BEFORE, Point, When, die, lose_answer, refuse_connection
from tests.moto.endings import assert_one_end, records_of
from tests.moto.tenant_functions import raises, returns
from tests.moto.tenants import ECHO, Tenant, make_key
from tests.moto.world import Reply, World


def redo(tenant: Tenant, task_id: str, key: str | None = "again") -> Reply:
    headers = [("Idempotency-Key", key)] if key is not None else []
    return tenant.ask("POST", f"/v1/tasks/{task_id}/redo", headers=headers)


@pytest.fixture
def failed(world: World, acme: Tenant) -> str:
    """A task that has failed; from now on its function works."""
    world.functions.scripts[ECHO] = raises()
    acme.register(retry={"max_attempts": 1})
    task_id: str = acme.submit(data={"n": 7}, myextension="kept").body["id"]
    world.settle()
    assert acme.task(task_id)["status"] == "failed"
    world.functions.scripts[ECHO] = returns()
    return task_id


def test_a_failed_task_is_run_again_as_a_new_one(world: World, acme: Tenant, failed: str) -> None:
    reply = redo(acme, failed)
    assert (reply.status, reply.body["status"], reply.body["duplicate"]) == (202, "queued", False)
    assert (reply.body["redo_of"], reply.headers["Location"]) == (failed, f"/v1/tasks/{reply.body['id']}")
    world.settle()
    task = assert_one_end(acme, reply.body["id"], runs=1)
    assert (task["redo_of"], task["event_id"], task["source"]) == (failed, "e-1", "/orders")
    first, second = ({**run, "taskid": "", "deadline": ""} for run in world.functions.runs)
    assert first == second
    assert acme.task(failed)["status"] == "failed"


def test_the_same_key_redoes_once_and_another_key_again(world: World, acme: Tenant, failed: str) -> None:
    first, again, other = redo(acme, failed, "a"), redo(acme, failed, "a"), redo(acme, failed, "b")
    assert (again.status, again.body["id"], again.body["duplicate"]) == (202, first.body["id"], True)
    assert other.body["id"] != first.body["id"]
    assert redo(acme, failed, None).body["id"] != redo(acme, failed, None).body["id"]
    world.settle()
    assert_one_end(acme, first.body["id"], runs=1)


def test_a_key_means_something_for_one_task_only(world: World, acme: Tenant, failed: str) -> None:
    world.functions.scripts[ECHO] = raises()
    other = acme.submit(id="e-2").body["id"]
    world.settle()
    assert redo(acme, failed).body["id"] != redo(acme, other).body["id"]


def test_times_of_the_event_do_not_count_again(world: World, acme: Tenant) -> None:
    task_id = acme.submit(notbefore="2026-11-24T12:40:00Z", expirytime="2026-11-24T12:20:00Z", dedupkey="k").body["id"]
    world.settle()
    assert acme.task(task_id)["status"] == "expired"
    again = redo(acme, task_id)
    assert again.status == 202
    world.settle()
    task = assert_one_end(acme, again.body["id"], runs=1)
    assert (task["not_before"], task["expires_at"]) == (None, None)


def test_a_task_that_has_not_ended_is_a_conflict(acme: Tenant) -> None:
    assert redo(acme, acme.submit().body["id"]).problem == "conflict"


def test_a_succeeded_task_whose_event_was_not_retained_is_a_conflict(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    world.settle()
    reply = redo(acme, task_id)
    assert reply.problem == "conflict"
    assert "retain" in reply.body["detail"]


def test_a_function_with_retain_lets_every_task_be_redone(world: World, acme: Tenant) -> None:
    assert acme.register(retain=True).body["retain"] is True
    task_id = acme.submit().body["id"]
    world.settle()
    again = redo(acme, task_id)
    assert again.status == 202
    world.settle()
    assert redo(acme, again.body["id"]).status == 202
    cancelled = acme.submit(id="e-2").body["id"]
    acme.ask("POST", f"/v1/tasks/{cancelled}/cancel")
    assert redo(acme, cancelled).status == 202


def test_a_cancelled_task_can_be_redone_when_its_message_has_left_the_lane(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    acme.ask("POST", f"/v1/tasks/{task_id}/cancel")
    assert redo(acme, task_id).problem == "conflict"
    world.settle()
    assert redo(acme, task_id).status == 202


def test_a_lost_task_and_one_without_a_function_can_be_redone(world: World, acme: Tenant) -> None:
    acme.register(retry={"max_attempts": 1})
    world.calls.at(Point("dispatcher", "target.Call", AFTER), die)
    lost = acme.submit().body["id"]
    world.settle()
    orphan = acme.submit(id="e-2").body["id"]
    acme.ask("DELETE", "/v1/functions/resize")
    world.settle()
    assert redo(acme, orphan).problem == "refused"
    acme.register()
    assert [redo(acme, task_id).status for task_id in (lost, orphan)] == [202, 202]
    world.settle()


def test_an_event_is_kept_as_long_as_its_task(world: World, acme: Tenant, failed: str) -> None:
    [record] = records_of(acme)
    [kept] = [item for item in world.items("Tasks") if "event" in item]
    assert kept["ttl"] == record["ttl"]
    assert kept["pk"]["S"].startswith(f"acme#{failed}#event#")


def test_another_tenants_task_is_not_found(globex: Tenant, failed: str) -> None:
    assert redo(globex, failed).problem == "not-found"


def test_redoing_needs_the_scope_manage(world: World, failed: str) -> None:
    key = make_key(world, "acme", scopes=("submit", "read"))
    assert world.ask("POST", f"/v1/tasks/{failed}/redo", key=key).problem == "forbidden"


@pytest.mark.parametrize("key", ["", "x" * 256, "ü", " "])
def test_an_unusable_key_is_refused(acme: Tenant, failed: str, key: str) -> None:
    reply = redo(acme, failed, key)
    assert reply.problem == "malformed"
    assert reply.body["errors"][0]["pointer"] == "#/headers/idempotency-key"


CALLS = [*(("dynamodb.GetItem", n) for n in range(1, 7)), ("dynamodb.PutItem", 1), ("sqs.SendMessageBatch", 1)]
each_call = pytest.mark.parametrize(("call", "nth"), CALLS)


@each_call
@pytest.mark.parametrize(
    ("when", "fail"),
    [(BEFORE, die), (AFTER, die), (BEFORE, refuse_connection), (AFTER, lose_answer)],
    ids=["dies-before", "dies-after", "not-sent", "answer-lost"],
)
def test_a_redo_that_is_repeated_after_any_trouble_makes_one_task(
    world: World, acme: Tenant, failed: str, call: str, nth: int, when: When, fail: Callable[[], None]
) -> None:
    world.calls.at(Point("gateway", call, when, nth), fail)
    reply = world.persist(lambda: redo(acme, failed))
    assert reply.status == 202
    world.settle()
    assert_one_end(acme, reply.body["id"], runs=1)
    assert len(records_of(acme)) == 2


@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_dispatcher_that_dies_while_it_keeps_the_event_loses_nothing(world: World, acme: Tenant, when: When) -> None:
    world.functions.scripts[ECHO] = raises()
    acme.register(retry={"max_attempts": 1})
    world.calls.at(Point("dispatcher", "dynamodb.PutItem", when), die)
    task_id = acme.submit().body["id"]
    world.settle()
    task: Any = assert_one_end(acme, task_id, status="failed", runs=1)
    assert task["error"]["type"] == "lost"
    assert redo(acme, task_id).status == 202
