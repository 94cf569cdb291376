"""Deferred tasks over the whole path: started, waited for, called back, timed out."""

from datetime import timedelta
from typing import Any

import pytest

from fairlane.domain.task import TaskError
from fairlane.domain.times import rfc3339, utc_now
from fairlane.ports.targets import Raised, Returned, Throttled, Unknown
from tests.moto.deferred import TYPE, Worker, defer, run_dispatcher, started, submitted
from tests.moto.endings import assert_one_end
from tests.moto.stack import client
from tests.moto.tenants import ECHO, Tenant
from tests.moto.world import World


@pytest.fixture
def deferring(acme: Tenant) -> Tenant:
    """A tenant whose function is deferred."""
    defer(acme)
    return acme


def test_a_started_task_waits_without_a_message_until_it_is_completed(world: World, deferring: Tenant) -> None:
    worker = started(world, deferring)
    task = deferring.task(worker.task_id)
    assert (task["status"], task["attempt"], world.depth(deferring.lane_arn)) == ("waiting", 1, 0)
    assert [moment["status"] for moment in task["timeline"]] == ["queued", "running", "waiting"]
    reply = worker.complete({"n": 7})
    assert (reply.status, reply.body["status"], reply.body["result"]) == (200, "succeeded", {"n": 7})
    world.settle()
    assert_one_end(deferring, worker.task_id, runs=0)


def test_the_function_is_told_its_task_its_deadline_and_a_token(world: World, deferring: Tenant) -> None:
    event = started(world, deferring).event
    assert (event["tenant"], event["attempt"], event["data"]) == ("acme", 1, {"n": 1})
    assert event["deadline"] == rfc3339(utc_now() + timedelta(hours=1))
    assert event["tasktoken"].startswith("flt.")
    assert deferring.task(event["taskid"])["id"] == event["taskid"]


def test_a_result_at_once_is_the_end(world: World, acme: Tenant) -> None:
    defer(acme, target={"lambda": ECHO})
    world.functions.starters[ECHO] = lambda _: Returned("5")
    task_id = submitted(acme)
    world.settle()
    assert acme.task(task_id)["result"] == 5
    assert_one_end(acme, task_id, runs=0)


def test_a_long_result_is_kept_and_told(world: World, deferring: Tenant) -> None:
    worker = started(world, deferring)
    assert worker.complete("x" * 10_000).status == 200
    world.settle()
    assert deferring.task(worker.task_id)["result"] == "x" * 10_000
    assert_one_end(deferring, worker.task_id, runs=0)


def test_a_result_that_is_too_large_is_refused_and_the_attempt_goes_on(world: World, deferring: Tenant) -> None:
    worker = started(world, deferring)
    assert worker.complete("x" * 200_001).problem == "too-large"
    assert worker.complete("shorter").status == 200


def test_the_same_callback_again_gets_the_same_answer_and_another_one_is_refused(
    world: World, deferring: Tenant
) -> None:
    worker = started(world, deferring)
    first = worker.complete([1])
    assert worker.complete([1]).body["status"] == first.body["status"] == "succeeded"
    assert worker.complete([2]).problem == "conflict"
    assert worker.fail().problem == "conflict"
    assert worker.heartbeat().problem == "conflict"
    world.settle()
    assert deferring.task(worker.task_id)["result"] == [1]
    assert_one_end(deferring, worker.task_id, runs=0)


def test_a_failure_is_tried_again_with_a_new_token(world: World, deferring: Tenant) -> None:
    worker = started(world, deferring)
    reply = worker.fail("Hiccup", "try later")
    assert (reply.status, reply.body["status"]) == (200, "retrying")
    assert worker.fail("Hiccup", "try later").status == 200  # said before
    assert worker.complete().problem == "conflict"
    world.pass_time(seconds=10)
    run_dispatcher(world)
    again = Worker(world, world.functions.starts[-1])
    assert (again.event["attempt"], again.token == worker.token) == (2, False)
    for late in (worker.complete(), worker.fail(), worker.heartbeat()):
        assert late.problem == "conflict"
    assert again.complete().status == 200
    world.settle()
    assert_one_end(deferring, again.task_id, runs=0)


def test_a_failure_that_is_not_retryable_is_the_end(world: World, deferring: Tenant) -> None:
    worker = started(world, deferring)
    assert worker.fail("Broken", "for good", retryable=False).body["status"] == "failed"
    assert worker.fail("Broken", "for good", retryable=False).status == 200
    assert worker.fail("Broken", "otherwise", retryable=False).problem == "conflict"
    world.settle()
    assert_one_end(deferring, worker.task_id, status="failed", runs=0)
    assert deferring.task(worker.task_id)["error"] == {"type": "Broken", "message": "for good"}


def test_the_functions_policy_holds_for_callbacks(world: World, acme: Tenant) -> None:
    defer(acme, retry={"max_attempts": 2, "base": 0, "non_retryable": ["Fatal"]})
    first = started(world, acme)
    assert first.fail("Fatal").body["status"] == "failed"
    second = started(world, acme, id="e-2")
    assert second.fail().body["status"] == "retrying"
    run_dispatcher(world)
    assert Worker(world, world.functions.starts[-1]).fail().body["status"] == "failed"


def test_nothing_is_heard_until_the_deadline(world: World, acme: Tenant) -> None:
    defer(acme, timeout=120, retry={"max_attempts": 2, "base": 0})
    worker = started(world, acme)
    world.pass_time(seconds=119)
    world.tidy()
    assert acme.task(worker.task_id)["status"] == "waiting"
    world.pass_time(seconds=2)
    world.tidy()
    assert acme.task(worker.task_id)["error"]["type"] == "Timeout"
    run_dispatcher(world)
    assert len(world.functions.starts) == 2
    world.pass_time(seconds=121)
    world.settle()
    assert worker.complete().problem == "conflict"
    assert acme.task(worker.task_id)["status"] == "failed"
    assert_one_end(acme, worker.task_id, status="failed", runs=0)


def test_heartbeats_keep_an_attempt_alive_until_its_deadline_and_no_longer(world: World, acme: Tenant) -> None:
    defer(acme, timeout=300, heartbeat_timeout=60, retry={"max_attempts": 1})
    worker = started(world, acme)
    for _ in range(6):
        world.pass_time(seconds=49)
        assert worker.heartbeat().status == 200
        world.tidy()
    assert acme.task(worker.task_id)["status"] == "waiting"
    world.pass_time(seconds=10)
    world.tidy()
    assert acme.task(worker.task_id)["error"]["type"] == "Timeout"


def test_an_attempt_that_falls_silent_is_over(world: World, acme: Tenant) -> None:
    defer(acme, heartbeat_timeout=60, retry={"max_attempts": 1})
    worker = started(world, acme)
    world.pass_time(seconds=61)
    world.tidy()
    assert acme.task(worker.task_id)["error"]["type"] == "HeartbeatTimeout"
    assert worker.heartbeat().problem == "conflict"
    world.settle()
    assert_one_end(acme, worker.task_id, status="failed", runs=0)


def test_a_heartbeat_that_comes_while_the_janitor_decides_wins(world: World, acme: Tenant) -> None:
    defer(acme, heartbeat_timeout=60)
    worker = started(world, acme)
    world.pass_time(seconds=61)

    def beat() -> None:
        assert worker.heartbeat().status == 200

    world.calls.at_next("janitor", "dynamodb.UpdateItem", beat)
    world.tidy()
    assert acme.task(worker.task_id)["status"] == "waiting"


def test_progress_is_shown_and_starts_anew_with_each_attempt(world: World, acme: Tenant) -> None:
    defer(acme, retry={"base": 0})
    worker = started(world, acme)
    reply = worker.heartbeat(progress=0.25, message="a quarter")
    assert (reply.status, reply.body["cancel"], reply.body["progress"]) == (200, False, 0.25)
    assert worker.heartbeat().body["progress"] == 0.25
    assert acme.task(worker.task_id)["progress_message"] == "a quarter"
    worker.fail()
    run_dispatcher(world)
    assert acme.task(worker.task_id)["progress"] is None


@pytest.mark.parametrize(
    ("verb", "body", "pointer"),
    [
        ("complete", {"results": 1}, "#/results"),
        ("fail", {}, "#/error"),
        ("fail", {"error": "no"}, "#/error"),
        ("fail", {"error": {"type": ""}}, "#/error/type"),
        ("fail", {"error": {"type": "x" * 129}}, "#/error/type"),
        ("fail", {"error": {"type": "x", "message": 1}}, "#/error/message"),
        ("fail", {"error": {}, "retryable": "yes"}, "#/retryable"),
        ("heartbeat", {"progress": 1.01}, "#/progress"),
        ("heartbeat", {"progress": -0.1}, "#/progress"),
        ("heartbeat", {"progress": True}, "#/progress"),
        ("heartbeat", {"progress": "0.5"}, "#/progress"),
        ("heartbeat", {"message": 1}, "#/message"),
    ],
)
def test_a_wrong_callback_names_the_field_and_changes_nothing(
    world: World, deferring: Tenant, verb: str, body: Any, pointer: str
) -> None:
    worker = started(world, deferring)
    reply = worker.call(verb, body)
    assert (reply.status, reply.problem) == (422, "refused")
    assert [error["pointer"] for error in reply.body["errors"]] == [pointer]
    assert deferring.task(worker.task_id)["status"] == "waiting"


@pytest.mark.parametrize("verb", ["complete", "fail", "heartbeat"])
def test_only_the_tasks_own_token_opens_its_callbacks(world: World, deferring: Tenant, verb: str) -> None:
    worker, other = started(world, deferring), started(world, deferring, id="e-2")
    key, changed = deferring.key, worker.token[:-1] + ("A" if worker.token[-1] != "A" else "B")
    for token in ("nonsense", key, changed, f"{worker.token}x", "flt.a.b.c"):
        assert worker.call(verb, {}, token=token).problem == "unauthorized"
    path = f"/v1/tasks/{worker.task_id}/{verb}"
    assert world.ask("POST", path, body={}).problem == "unauthorized"
    assert worker.call(verb, {}, token=other.token).problem == "forbidden"
    assert deferring.task(worker.task_id)["status"] == "waiting"


def test_a_token_of_a_record_that_is_gone_finds_nothing(world: World, deferring: Tenant) -> None:
    worker = started(world, deferring)
    client("dynamodb").delete_item(TableName=world.stack.ref("Tasks"), Key={"pk": {"S": f"acme#{worker.task_id}"}})
    assert worker.complete().problem == "not-found"


def test_a_token_outlives_the_rotation_of_its_key_but_not_for_ever(world: World, deferring: Tenant) -> None:
    defer(deferring, timeout=7 * 24 * 3600)
    old = started(world, deferring)
    assert world.operate("rotate-task-token-key") == {"keys": 2}
    new = started(world, deferring, id="e-2")
    assert old.token.split(".")[1] != new.token.split(".")[1]
    assert (old.heartbeat().status, new.heartbeat().status) == (200, 200)
    world.pass_time(days=8, seconds=1)
    assert world.operate("rotate-task-token-key") == {"keys": 2}
    assert old.heartbeat().problem == "unauthorized"


def test_no_capacity_at_the_start_is_no_attempt(world: World, acme: Tenant) -> None:
    defer(acme, target={"lambda": ECHO})
    answers: list[Any] = [Throttled(TaskError("TooManyRequestsException", "later"))]
    world.functions.starters[ECHO] = lambda _: answers.pop() if answers else Returned("1")
    task_id = submitted(acme)
    world.settle()
    assert (acme.task(task_id)["attempt"], len(world.functions.starts)) == (1, 2)
    assert_one_end(acme, task_id, runs=0)


def test_a_start_that_fails_is_an_attempt(world: World, acme: Tenant) -> None:
    defer(acme, target={"lambda": ECHO}, retry={"max_attempts": 2, "base": 0})
    world.functions.starters[ECHO] = lambda _: Raised(TaskError("Nope", "no"))
    task_id = submitted(acme)
    world.settle()
    assert len(world.functions.starts) == 2
    assert_one_end(acme, task_id, status="failed", runs=0)


def test_a_start_without_an_answer_is_waited_for(world: World, acme: Tenant) -> None:
    defer(acme, target={"lambda": ECHO})
    world.functions.starters[ECHO] = lambda _: Unknown(TaskError("NoAnswer", "cut"))
    worker = started(world, acme)
    world.pass_time(minutes=30)
    run_dispatcher(world)
    assert (len(world.functions.starts), acme.task(worker.task_id)["status"]) == (1, "waiting")
    assert worker.complete().status == 200


def test_a_callback_that_overtakes_our_own_note_of_the_start_counts(world: World, acme: Tenant) -> None:
    defer(acme, target={"lambda": ECHO})

    def call_back(event: Any) -> Any:
        assert Worker(world, event).complete("fast").status == 200
        return Unknown(TaskError("NoAnswer", "cut"))

    world.functions.starters[ECHO] = call_back
    task_id = submitted(acme)
    world.settle()
    assert acme.task(task_id)["result"] == "fast"
    assert_one_end(acme, task_id, runs=0)


def test_a_plain_function_gets_no_token(world: World, acme: Tenant) -> None:
    acme.submit()
    world.settle()
    assert "tasktoken" not in world.functions.runs[0]


def test_a_function_that_is_deleted_meanwhile_can_still_be_completed(world: World, deferring: Tenant) -> None:
    worker = started(world, deferring)
    assert deferring.ask("DELETE", f"/v1/functions/{TYPE}").status == 204
    assert worker.complete(1).status == 200


def test_a_heartbeat_tells_that_the_task_was_cancelled(world: World, deferring: Tenant) -> None:
    worker = started(world, deferring)
    assert deferring.ask("POST", f"/v1/tasks/{worker.task_id}/cancel").status == 200
    reply = worker.heartbeat(progress=0.5)
    assert (reply.status, reply.body["cancel"], reply.body["progress"]) == (200, True, None)
    assert worker.complete().problem == "conflict"
    world.settle()
    assert_one_end(deferring, worker.task_id, status="cancelled", runs=0)


def test_a_deferred_task_that_failed_can_be_redone(world: World, acme: Tenant) -> None:
    defer(acme, retry={"max_attempts": 1})
    worker = started(world, acme)
    worker.fail()
    reply = acme.ask("POST", f"/v1/tasks/{worker.task_id}/redo")
    assert reply.status == 202
    run_dispatcher(world)
    again = Worker(world, world.functions.starts[-1])
    assert (again.task_id == worker.task_id, again.event["data"]) == (False, worker.event["data"])
    assert again.complete().status == 200


def test_a_place_in_the_backlog_is_free_again_after_a_callback(world: World, acme: Tenant) -> None:
    world.ask("PUT", "/v1/tenants/acme", key=world.admin_key, body={"limits": {"backlog": 1}, "targets": ["*"]})
    defer(acme)
    worker = started(world, acme)
    assert acme.submit(type=TYPE, id="e-2").status == 429
    assert worker.complete().status == 200
    world.pass_time(seconds=5)
    assert acme.submit(type=TYPE, id="e-3").status == 202
