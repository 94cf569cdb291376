"""Bulk operations: what matches, what happens to it, and crashes at every point."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.moto.calls import AFTER, BEFORE, Point, When, die, lose_answer, refuse_connection
from tests.moto.endings import assert_one_end, records_of
from tests.moto.stack import client
from tests.moto.tenant_functions import raises, returns
from tests.moto.tenants import ECHO, Tenant, an_event, make_key
from tests.moto.world import Reply, World


def start(tenant: Tenant, action: str, *, key: str = "k", **conditions: Any) -> Reply:
    body = {"action": action, "filter": conditions}
    return tenant.ask("POST", "/v1/tasks/bulk", body=body, headers=[("Idempotency-Key", key)])


def operation(tenant: Tenant, reply: Reply) -> dict[str, Any]:
    shown = tenant.ask("GET", reply.headers["Location"])
    assert shown.status == 200, shown
    found: dict[str, Any] = shown.body
    return found


def counts(found: dict[str, Any]) -> tuple[str, int, int, int]:
    return found["status"], found["matched"], found["done"], found["failed"]


def submit_many(world: World, tenant: Tenant, number: int, **attributes: Any) -> list[str]:
    first = len(records_of(tenant))
    ids: list[str] = []
    for begin in range(0, number, 100):
        events = [an_event(id=f"e-{first + n}", **attributes) for n in range(begin, min(number, begin + 100))]
        ids += [item["id"] for item in world.submit_batch(tenant.key, events).body["items"]]
        world.pass_time(seconds=1)
    return ids


def run(world: World) -> None:
    """Let the janitor work on what wakes it, and nothing else happen."""
    for _ in range(20):
        if not world.poll("janitor"):
            world.pass_time(minutes=2)
            world.survive(world.tidy)


def statuses(tenant: Tenant, ids: list[str]) -> set[str]:
    return {tenant.task(task_id)["status"] for task_id in ids}


def test_all_that_match_are_cancelled_and_no_others(world: World, acme: Tenant, globex: Tenant) -> None:
    acme.register("other")
    mine, others = submit_many(world, acme, 7), submit_many(world, acme, 3, type="other")
    foreign = submit_many(world, globex, 2)
    reply = start(acme, "cancel", type="resize")
    assert (reply.status, reply.body["status"], reply.body["action"]) == (202, "running", "cancel")
    later = acme.submit(id="later").body["id"]
    run(world)
    found = operation(acme, reply)
    assert counts(found) == ("done", 7, 7, 0)
    assert found["ended_at"] is not None
    assert (statuses(acme, mine), statuses(acme, [*others, later])) == ({"cancelled"}, {"queued"})
    assert statuses(globex, foreign) == {"queued"}
    world.settle()
    for task_id in mine:
        assert_one_end(acme, task_id, status="cancelled", runs=0)


def test_more_than_a_page_is_cancelled(world: World, acme: Tenant) -> None:
    ids = submit_many(world, acme, 230)
    reply = start(acme, "cancel")
    assert world.poll("janitor") == 1
    assert counts(operation(acme, reply)) == ("done", 230, 230, 0)
    assert statuses(acme, ids[::20]) == {"cancelled"}


def test_failed_tasks_are_redone_and_no_others(world: World, acme: Tenant) -> None:
    acme.register(retry={"max_attempts": 1})
    good = submit_many(world, acme, 2)
    world.settle()
    world.functions.scripts[ECHO] = raises()
    bad = submit_many(world, acme, 5)
    world.settle()
    world.functions.scripts[ECHO] = returns()
    reply = start(acme, "redo")
    run(world)
    assert counts(operation(acme, reply)) == ("done", 5, 5, 0)
    world.settle()
    again = [record for record in records_of(acme) if "redo_of" in record]
    assert sorted(record["redo_of"]["S"] for record in again) == sorted(bad)
    assert {record["status"]["S"] for record in again} == {"succeeded"}
    assert statuses(acme, good) == {"succeeded"}


def test_what_cannot_be_done_is_counted(world: World, acme: Tenant) -> None:
    submit_many(world, acme, 3)
    world.settle()
    reply = start(acme, "redo", status="succeeded")
    run(world)
    assert counts(operation(acme, reply)) == ("done", 3, 0, 3)


@pytest.mark.parametrize(
    ("conditions", "matching"),
    [
        ({}, 4),
        ({"status": "queued"}, 3),
        ({"status": "scheduled"}, 1),
        ({"source": "/elsewhere"}, 1),
        ({"lane": "default"}, 4),
        ({"lane": "none"}, 0),
        ({"created_before": "2026-11-24T12:00:01Z"}, 1),
        ({"created_after": "2026-11-24T12:00:01Z"}, 2),
    ],
)
def test_every_condition_of_a_filter_counts(
    world: World, acme: Tenant, conditions: dict[str, str], matching: int
) -> None:
    acme.submit()
    world.pass_time(seconds=1)
    acme.submit(id="e-2", source="/elsewhere")
    world.pass_time(seconds=1)
    acme.submit(id="e-3", notbefore="2027-01-01T00:00:00Z")
    acme.submit(id="e-4")
    world.pass_time(seconds=1)
    reply = start(acme, "cancel", **conditions)
    run(world)
    assert counts(operation(acme, reply)) == ("done", matching, matching, 0)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"action": "cancel", "filter": {"colour": "red"}}, "#/filter/colour"),
        ({"action": "cancel", "filter": {}, "more": 1}, "#/more"),
        ({"action": "explode", "filter": {}}, "#/action"),
        ({"action": ["cancel"], "filter": {}}, "#/action"),
        ({"filter": {}}, "#/action"),
        ({"action": "cancel"}, "#/filter"),
        ({"action": "cancel", "filter": []}, "#/filter"),
        ({"action": "cancel", "filter": {"type": 7}}, "#/filter/type"),
        ({"action": "cancel", "filter": {"status": "succeeded"}}, "#/filter/status"),
        ({"action": "redo", "filter": {"status": "queued"}}, "#/filter/status"),
        ({"action": "cancel", "filter": {"created_after": "soon"}}, "#/filter/created_after"),
    ],
)
def test_a_wrong_field_is_refused_by_name(acme: Tenant, body: Any, pointer: str) -> None:
    reply = acme.ask("POST", "/v1/tasks/bulk", body=body)
    assert (reply.problem, reply.body["errors"][0]["pointer"]) == ("refused", pointer)


def test_the_same_key_starts_one_operation(world: World, acme: Tenant) -> None:
    first, again = start(acme, "cancel"), start(acme, "cancel")
    assert (again.status, again.body["id"]) == (202, first.body["id"])
    assert start(acme, "redo").problem == "refused"
    assert start(acme, "cancel", key="other").body["id"] != first.body["id"]
    run(world)
    assert start(acme, "cancel").body["status"] == "done"


def test_an_operation_is_its_tenants_own_and_needs_its_scopes(world: World, acme: Tenant, globex: Tenant) -> None:
    reply = start(acme, "cancel")
    assert globex.ask("GET", reply.headers["Location"]).problem == "not-found"
    assert globex.ask("POST", f"{reply.headers['Location']}/cancel").problem == "not-found"
    assert acme.ask("GET", "/v1/operations/op_nonsense").problem == "not-found"
    key = make_key(world, "acme", scopes=("read",))
    assert world.ask("GET", reply.headers["Location"], key=key).status == 200
    assert world.ask("POST", "/v1/tasks/bulk", key=key, body={}).problem == "forbidden"


def test_a_cancelled_operation_stops_where_it_is(world: World, acme: Tenant) -> None:
    ids = submit_many(world, acme, 230)
    reply = start(acme, "cancel")
    stop = f"{reply.headers['Location']}/cancel"
    world.calls.at(
        Point("janitor", "dynamodb.PutItem", BEFORE, 2), lambda: assert_status(acme.ask("POST", stop), "cancelled")
    )
    run(world)
    found = operation(acme, reply)
    assert counts(found) == ("cancelled", 200, 200, 0)
    assert [acme.task(task_id)["status"] for task_id in ids].count("cancelled") == 200
    assert acme.ask("POST", stop).problem == "conflict"


def assert_status(reply: Reply, status: str) -> None:
    assert (reply.status, reply.body["status"]) == (200, status)


#: Calls of the janitor on an operation of three tasks, by kind: reading, cancelling and telling, saving, continuing.
POINTS = [
    *(("dynamodb.GetItem", n) for n in (1, 2)),
    *(("dynamodb.Query", n) for n in (1, 4)),
    ("dynamodb.BatchGetItem", 1),
    *(("dynamodb.UpdateItem", n) for n in range(1, 7)),
    ("sqs.SendMessageBatch", 1),
    ("dynamodb.PutItem", 1),
]


@pytest.mark.parametrize(("call", "nth"), POINTS)
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_janitor_that_dies_anywhere_cancels_each_once_and_counts_right(
    world: World, acme: Tenant, call: str, nth: int, when: When
) -> None:
    ids = submit_many(world, acme, 3)
    reply = start(acme, "cancel", status="queued")
    world.calls.at(Point("janitor", call, when, nth), die)
    run(world)
    assert counts(operation(acme, reply)) == ("done", 3, 3, 0)
    world.settle()
    for task_id in ids:
        assert_one_end(acme, task_id, status="cancelled", runs=0)


@pytest.mark.parametrize(("call", "nth"), POINTS)
@pytest.mark.parametrize(("when", "fail"), [(BEFORE, refuse_connection), (AFTER, lose_answer)])
def test_a_call_that_fails_changes_nothing_of_that(
    world: World, acme: Tenant, call: str, nth: int, when: When, fail: Callable[[], None]
) -> None:
    ids = submit_many(world, acme, 3)
    reply = start(acme, "cancel", status="queued")
    world.calls.at(Point("janitor", call, when, nth), fail)
    run(world)
    assert counts(operation(acme, reply)) == ("done", 3, 3, 0)
    world.settle()
    for task_id in ids:
        assert_one_end(acme, task_id, status="cancelled", runs=0)


@pytest.mark.parametrize(
    ("call", "nth"),
    [("dynamodb.GetItem", 5), ("dynamodb.PutItem", 1), ("dynamodb.PutItem", 4), ("sqs.SendMessageBatch", 2)],
)
@pytest.mark.parametrize(
    ("when", "fail"), [(BEFORE, die), (AFTER, die), (BEFORE, refuse_connection), (AFTER, lose_answer)]
)
def test_a_bulk_redo_that_is_interrupted_redoes_each_once(
    world: World, acme: Tenant, call: str, nth: int, when: When, fail: Callable[[], None]
) -> None:
    acme.register(retry={"max_attempts": 1})
    world.functions.scripts[ECHO] = raises()
    ids = submit_many(world, acme, 3)
    world.settle()
    world.functions.scripts[ECHO] = returns()
    reply = start(acme, "redo")
    world.calls.at(Point("janitor", call, when, nth), fail)
    run(world)
    assert counts(operation(acme, reply)) == ("done", 3, 3, 0)
    world.settle()
    again = [record for record in records_of(acme) if "redo_of" in record]
    assert sorted(record["redo_of"]["S"] for record in again) == sorted(ids)
    for record in again:
        assert_one_end(acme, record["pk"]["S"].partition("#")[2], runs=1)


@pytest.mark.parametrize("call", ["dynamodb.PutItem", "sqs.SendMessageBatch"])
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_gateway_that_dies_while_it_starts_an_operation_starts_one(
    world: World, acme: Tenant, call: str, when: When
) -> None:
    submit_many(world, acme, 2)
    world.calls.at(Point("gateway", call, when), die)
    reply = world.persist(lambda: start(acme, "cancel"))
    run(world)
    assert counts(operation(acme, reply)) == ("done", 2, 2, 0)
    assert len([item for item in world.items("Tasks") if "#op_" in item["pk"]["S"]]) == 1


def test_an_operation_goes_on_without_the_message_that_wakes(world: World, acme: Tenant) -> None:
    submit_many(world, acme, 2)
    world.calls.at(Point("gateway", "sqs.SendMessageBatch", BEFORE), refuse_connection)
    reply = start(acme, "cancel")
    assert reply.status == 202
    assert world.poll("janitor") == 0
    assert world.tidy()["operations"] == 1
    assert counts(operation(acme, reply)) == ("done", 2, 2, 0)


def test_two_that_run_an_operation_at_once_count_each_task_once(world: World, acme: Tenant) -> None:
    ids = submit_many(world, acme, 5)
    reply = start(acme, "cancel")
    assert world.depth(world.stack.arn("Wake")) == 1
    world.calls.at(Point("janitor", "dynamodb.UpdateItem", BEFORE, 3), lambda: run_again(world))
    run(world)
    assert counts(operation(acme, reply)) == ("done", 5, 5, 0)
    world.settle()
    for task_id in ids:
        assert_one_end(acme, task_id, status="cancelled", runs=0)


def run_again(world: World) -> None:
    world.tidy()


def test_a_redo_over_a_limit_waits_and_goes_on(world: World, acme: Tenant) -> None:
    acme.register(retry={"max_attempts": 1})
    world.functions.scripts[ECHO] = raises()
    ids = submit_many(world, acme, 3)
    world.settle()
    world.functions.scripts[ECHO] = returns()
    limits = {"limits": {"backlog": 2}, "targets": ["*"]}
    assert world.ask("PUT", "/v1/tenants/acme", key=world.admin_key, body=limits).status == 200
    reply = start(acme, "redo")
    world.poll("janitor")
    stuck = operation(acme, reply)
    assert (stuck["status"], "backlog" in stuck["error"]) == ("running", True)
    world.settle()
    assert counts(operation(acme, reply)) == ("done", 3, 3, 0)
    assert len([record for record in records_of(acme) if "redo_of" in record]) == len(ids)


def test_a_message_that_asks_for_nothing_known_is_buried(world: World) -> None:
    client("sqs").send_message(QueueUrl=world.stack.ref("Wake"), MessageBody="hello")
    world.poll("janitor")
    [letter] = world.dead_letters()
    assert "wakes" in letter["MessageAttributes"]["reason"]["StringValue"]
