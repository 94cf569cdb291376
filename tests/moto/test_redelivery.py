"""SQS may deliver any message again at any time, also to two processes at once: one end, one result."""

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fairlane.ports.targets import Answer, Returned
from tests.moto.calls import AFTER, BEFORE, Point, When, die
from tests.moto.endings import assert_one_end, records_of, runs_of
from tests.moto.stack import client
from tests.moto.tenant_functions import CALL, Script, raises
from tests.moto.tenants import ECHO, Tenant, an_event
from tests.moto.test_crash_points import FLAKY, LONG, OURS, SHORT, STEPS, Step
from tests.moto.world import World

OF_MESSAGES = [step for step in STEPS if step.function in ("dispatcher", "deliverer")]
each_step_of_messages = pytest.mark.parametrize("step", OF_MESSAGES, ids=lambda step: step.name.replace(" ", "-"))
each_time = pytest.mark.parametrize("when", [BEFORE, AFTER])


def point(step: Step, when: When) -> Point:
    return Point(step.function, step.call, when, step.nth)


@each_step_of_messages
@each_time
def test_a_message_that_comes_to_a_second_process_at_any_point_makes_one_end(
    world: World, acme: Tenant, step: Step, when: When
) -> None:
    world.functions.scripts[ECHO] = step.script
    world.calls.at(point(step, when), lambda: world.redeliver(step.function, world.seen_by(step.function)))
    task_id = acme.submit().body["id"]
    world.settle()
    assert_one_end(acme, task_id, runs=2 if step.script is FLAKY else 1)


@pytest.mark.parametrize("step", [step for step in OURS if step.function == "gateway"], ids=lambda step: step.name)
@each_time
def test_an_event_that_is_submitted_twice_at_once_makes_one_task(
    world: World, acme: Tenant, step: Step, when: When
) -> None:
    replies = []
    world.calls.at(point(step, when), lambda: replies.append(acme.submit()))
    replies.append(acme.submit())
    assert {reply.status for reply in replies} == {200, 202}
    [task_id] = {reply.body["id"] for reply in replies}
    world.settle()
    assert_one_end(acme, task_id, runs=1)
    assert len(records_of(acme)) == 1


@pytest.mark.parametrize("script", [SHORT, LONG, FLAKY, raises()], ids=["short", "long", "flaky", "failing"])
def test_every_message_that_comes_again_after_the_end_only_repeats_the_result(
    world: World, acme: Tenant, script: Script
) -> None:
    world.functions.scripts[ECHO] = script
    task_id = acme.submit().body["id"]
    world.settle()
    before = acme.task(task_id)
    runs = len(runs_of(acme, task_id))
    for function in ("dispatcher", "deliverer"):
        world.redeliver(function, world.seen_by(function))
    world.settle()
    assert acme.task(task_id) == before
    assert_one_end(acme, task_id, status=before["status"], runs=runs)
    assert len(set(acme.result_texts(task_id))) == 1
    assert len(acme.result_texts(task_id)) > 1


def test_the_same_message_twice_in_one_batch_runs_once(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    assert acme.submit().body["duplicate"]  # a duplicate of an unclaimed task sends again
    assert world.depth(acme.lane_arn) == 2
    world.settle()
    assert_one_end(acme, task_id, runs=1)


def test_a_duplicate_of_a_task_that_has_ended_sends_nothing(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    world.settle()
    reply = acme.submit()
    assert (reply.status, reply.body) == (200, {"id": task_id, "status": "succeeded", "duplicate": True})
    assert world.depth(acme.lane_arn) == 0


# --- the fence ----------------------------------------------------------------------------------


def overtaken(world: World, late: str, in_time: str) -> Script:
    """The first attempt outlives its lease, so that the message comes again and a second one is quicker."""
    results = [in_time, late]

    def script(_: object) -> Answer:
        result = results.pop()
        if results:
            world.pass_time(seconds=120)
            world.redeliver("dispatcher", world.seen_by("dispatcher"))
        return Returned(json.dumps(result))

    return script


@pytest.mark.parametrize("length", [1, 3000], ids=["short", "long"])
def test_the_outcome_of_an_attempt_that_outlived_its_lease_is_discarded(
    world: World, acme: Tenant, length: int
) -> None:
    world.functions.scripts[ECHO] = overtaken(world, "late" * length, "in time" * length)
    task_id = acme.submit().body["id"]
    world.settle()
    task = assert_one_end(acme, task_id, runs=2)
    assert (task["result"], task["attempt"]) == ("in time" * length, 2)


def test_a_late_outcome_is_discarded_also_while_a_later_attempt_is_under_way(world: World, acme: Tenant) -> None:
    def script(event: Mapping[str, Any]) -> Answer:
        if event["attempt"] > 1:
            return Returned('"in time"')
        world.pass_time(seconds=120)
        world.calls.at(Point("dispatcher", CALL, BEFORE), die)  # the second attempt has claimed and stays silent
        world.survive(lambda: world.redeliver("dispatcher", world.seen_by("dispatcher")))
        return Returned('"late"')

    world.functions.scripts[ECHO] = script
    task_id = acme.submit().body["id"]
    world.settle()
    task = assert_one_end(acme, task_id, runs=2)
    assert (task["result"], task["attempt"]) == ("in time", 3)


# --- no record, no run --------------------------------------------------------------------------


def forget(world: World, task_id: str) -> None:
    """TTL has removed the record."""
    key = {"pk": {"S": f"acme#{task_id}"}}
    client("dynamodb").delete_item(TableName=world.stack.ref("Tasks"), Key=key)


def reasons(world: World) -> list[str]:
    return [message["MessageAttributes"]["reason"]["StringValue"] for message in world.dead_letters()]


def test_a_message_without_a_record_is_buried_with_the_reason(world: World, acme: Tenant) -> None:
    forget(world, acme.submit().body["id"])
    world.settle()
    assert world.functions.runs == []
    [reason] = reasons(world)
    assert "no record" in reason


def test_a_message_of_an_earlier_generation_never_runs_the_new_task(world: World, acme: Tenant) -> None:
    task_id = acme.submit(data={"n": 1}).body["id"]
    forget(world, task_id)
    world.pass_time(days=1)
    assert acme.submit(data={"n": 2}).body == {"id": task_id, "status": "queued", "duplicate": False}
    world.settle()
    [run] = runs_of(acme, task_id)
    assert run["data"] == {"n": 2}
    assert "another generation" in reasons(world)[0]


@pytest.mark.parametrize("body", ["no json", "[]", '{"type": "resize"}', '{"a": NaN}'])
def test_a_message_that_fairlane_did_not_send_is_buried_unrun(world: World, acme: Tenant, body: str) -> None:
    client("sqs").send_message(QueueUrl=acme.lane_arn.rpartition(":")[2], MessageBody=body)
    world.settle()
    assert world.functions.runs == []
    assert "not a message of Fairlane" in reasons(world)[0]


@pytest.mark.parametrize("body", ["no json", "[]", "{}", '{"tenant": "globex", "type": "x"}', '{"tenant": "acme"}'])
def test_a_result_message_that_fairlane_did_not_send_is_buried(world: World, acme: Tenant, body: str) -> None:
    client("sqs").send_message(QueueUrl=acme.results_arn.rpartition(":")[2], MessageBody=body)
    world.settle()
    assert acme.results() == []
    assert len(reasons(world)) == 1


def test_a_burial_that_is_not_confirmed_keeps_the_message(world: World, acme: Tenant) -> None:
    client("sqs").send_message(QueueUrl=acme.lane_arn.rpartition(":")[2], MessageBody="no json")
    world.calls.at(Point("dispatcher", "sqs.SendMessageBatch", BEFORE), die)
    world.poll("dispatcher")
    assert world.depth(acme.lane_arn) == 1
    world.settle()
    assert len(reasons(world)) == 1


# --- the last nets ------------------------------------------------------------------------------


def redrive(world: World, queue: str, home: str) -> None:
    """Move the only message of a queue as SQS does after maxReceiveCount."""
    sqs = client("sqs")
    [message] = sqs.receive_message(QueueUrl=home.rpartition(":")[2], MessageAttributeNames=["All"])["Messages"]
    sqs.delete_message(QueueUrl=home.rpartition(":")[2], ReceiptHandle=message["ReceiptHandle"])
    sent = {"MessageBody": message["Body"], "MessageAttributes": message["MessageAttributes"]}
    sqs.send_message(QueueUrl=world.stack.ref(queue), **sent)
    function = "dispatcher" if queue == "LaneRedrive" else "deliverer"
    world.poller.poll(world.stack.arn(queue), lambda event: world.handle(function, event), home_arn=home)
    assert world.depth(world.stack.arn(queue)) == 0


def test_a_lane_message_that_sqs_gave_up_on_is_sent_again(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    redrive(world, "LaneRedrive", acme.lane_arn)
    assert (world.functions.runs, world.depth(acme.lane_arn)) == ([], 1)
    world.settle()
    assert_one_end(acme, task_id, runs=1)


def test_a_result_that_sqs_gave_up_on_is_published_all_the_same(world: World, acme: Tenant) -> None:
    acme.submit()
    world.poll("dispatcher")
    redrive(world, "ResultRedrive", acme.results_arn)
    assert len(acme.results()) == 1


def test_a_message_of_eleven_days_gets_a_fresh_copy_before_sqs_drops_it(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    world.pass_time(days=11)
    world.functions.scripts[ECHO] = raises(times=1)
    world.poll("dispatcher")
    [(_, old)] = world.seen_by("dispatcher")
    assert world.depth(acme.lane_arn) == 1
    world.settle()
    assert assert_one_end(acme, task_id, runs=2)["attempt"] == 2
    fresh = world.seen_by("dispatcher")[-1][1]
    assert fresh["messageId"] != old["messageId"]
    assert fresh["body"] == old["body"]


# --- anything, in any order ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_deaths_duplicates_and_delays_ends_each_task_once(world: World, acme: Tenant, seed: int) -> None:
    choose = random.Random(seed)  # noqa: S311 - a schedule that can be repeated
    acme.register(retry={"max_attempts": 50})

    def any_script(event: Mapping[str, Any]) -> Answer:
        return choose.choice([SHORT, LONG, FLAKY])(event)

    world.functions.scripts[ECHO] = any_script

    def somewhere() -> Point:
        step = choose.choice(OF_MESSAGES)
        return Point(step.function, step.call, choose.choice([BEFORE, AFTER]), choose.randint(1, 3))

    def submit() -> None:
        world.submit_batch(acme.key, [an_event(id=f"e-{choose.randint(1, 4)}") for _ in range(2)])

    def redeliver() -> None:
        function = choose.choice(["dispatcher", "deliverer"])
        if seen := world.seen_by(function):
            world.redeliver(function, [choose.choice(seen)])

    happenings: list[Callable[[], object]] = [
        submit,
        redeliver,
        lambda: world.poll("dispatcher"),
        lambda: world.poll("deliverer"),
        lambda: world.pass_time(seconds=choose.choice([1, 20, 95])),
    ]
    for _ in range(30):
        world.calls.forget_plans()
        world.calls.at(somewhere(), choose.choice([die, redeliver]))
        world.survive(choose.choice(happenings))
    world.calls.forget_plans()
    submit()
    world.settle()
    for record in records_of(acme):
        assert_one_end(acme, record["pk"]["S"].partition("#")[2])
