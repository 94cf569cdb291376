"""Deferred functions of every kind at registration, and tasks that run as executions of Step Functions."""

import json
from typing import Any

import pytest

from fairlane.domain.task import TaskError
from fairlane.ports.targets import Raised, Returned
from tests.moto.calls import AFTER, BEFORE, Point, When, die
from tests.moto.deferred import TYPE, Worker, defer, make_state_machine, run_dispatcher, started
from tests.moto.endings import assert_one_end
from tests.moto.stack import client
from tests.moto.tenants import ECHO, Tenant
from tests.moto.world import World

MACHINE = "fairlane-target-acme-train"


@pytest.fixture
def machine(acme: Tenant) -> str:
    """A state machine that is registered as the function."""
    arn = make_state_machine(MACHINE)
    made = acme.register(TYPE, target={"state_machine": arn}, retry={"max_attempts": 2, "base": 0})
    assert (made.status, made.body["mode"], made.body["timeout"]) == (201, "deferred", 3600), made
    return arn


def execution_of(worker: Worker, machine: str) -> str:
    return f"{machine.replace(':stateMachine:', ':execution:')}:{worker.event['name']}"


def status_event(worker: Worker, machine: str, **changes: Any) -> dict[str, Any]:
    name = worker.event["name"]
    event = {key: value for key, value in worker.event.items() if key != "name"}
    execution = execution_of(worker, machine)
    return {"executionArn": execution, "name": name, "input": json.dumps(event), "status": "SUCCEEDED"} | changes


def test_a_state_machine_may_be_named_only_where_the_platform_allows_it(world: World, acme: Tenant) -> None:
    arn = make_state_machine(MACHINE)
    other = arn.replace(MACHINE, "fairlane-gateway")
    for target in (other, arn.replace(MACHINE, "fairlane-target-absent"), MACHINE, f"{arn}x y"):
        reply = acme.register(TYPE, target={"state_machine": target})
        assert (reply.problem, reply.body["errors"][0]["pointer"]) == ("refused", "#/target/state_machine"), target
    world.ask("PUT", "/v1/tenants/acme", key=world.admin_key, body={"targets": ["something-else"]})
    assert acme.register(TYPE, target={"state_machine": arn}).problem == "refused"


def test_an_express_state_machine_is_refused_since_it_tells_nothing(acme: Tenant) -> None:
    reply = acme.register(TYPE, target={"state_machine": make_state_machine(MACHINE, "EXPRESS")})
    assert (reply.problem, "STANDARD" in reply.body["errors"][0]["detail"]) == ("refused", True)


def test_an_execution_that_succeeded_is_the_end(world: World, acme: Tenant, machine: str) -> None:
    worker = started(world, acme)
    world.functions.executions[execution_of(worker, machine)] = Returned('{"n":1}')
    assert world.hear(status_event(worker, machine)) == "succeeded"
    assert world.hear(status_event(worker, machine)) == "the attempt is over"
    world.settle()
    assert acme.task(worker.task_id)["result"] == {"n": 1}
    assert_one_end(acme, worker.task_id, runs=0)


def test_an_execution_that_failed_is_tried_again_under_another_name(world: World, acme: Tenant, machine: str) -> None:
    worker = started(world, acme)
    world.functions.executions[execution_of(worker, machine)] = Raised(TaskError("Broken", "why"))
    assert world.hear(status_event(worker, machine, status="FAILED")) == "retrying"
    run_dispatcher(world)
    again = Worker(world, world.functions.starts[-1])
    assert again.event["name"] != worker.event["name"]
    world.functions.executions[execution_of(again, machine)] = Raised(TaskError("Broken", "again"))
    assert world.hear(status_event(again, machine, status="FAILED")) == "failed"
    world.settle()
    assert acme.task(worker.task_id)["error"] == {"type": "Broken", "message": "again"}
    assert_one_end(acme, worker.task_id, status="failed", runs=0)


@pytest.mark.parametrize("text", [None, "", "{", "[]", "{}", '{"tasktoken": 1}', '{"tasktoken": "flt.a.b.c"}'])
def test_an_execution_that_is_not_ours_is_left_alone(
    world: World, acme: Tenant, machine: str, text: str | None
) -> None:
    worker = started(world, acme)
    world.functions.executions[execution_of(worker, machine)] = Returned("1")
    event = status_event(worker, machine, input=text, executionArn="arn:aws:states:x:1:execution:m:fl-t_other")
    assert world.hear(event) == "no execution of ours"
    assert acme.task(worker.task_id)["status"] == "waiting"


def test_the_token_of_a_task_in_another_execution_ends_nothing(world: World, acme: Tenant, machine: str) -> None:
    worker = started(world, acme)
    other = "arn:aws:states:us-east-1:123456789012:execution:theirs:fl-t_x"
    world.functions.executions[other] = Returned('"forged"')
    assert world.hear(status_event(worker, machine, executionArn=other)) == "the attempt is over"
    assert acme.task(worker.task_id)["status"] == "waiting"


def test_an_input_that_the_event_leaves_out_is_asked_for(world: World, acme: Tenant, machine: str) -> None:
    worker = started(world, acme)
    world.functions.executions[execution_of(worker, machine)] = Returned("2")
    assert world.hear(status_event(worker, machine, input=None)) == "succeeded"


@pytest.mark.parametrize("call", ["dynamodb.GetItem", "dynamodb.UpdateItem", "sqs.SendMessageBatch"])
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_status_event_that_is_not_heard_to_its_end_is_made_up_for(
    world: World, acme: Tenant, machine: str, call: str, when: When
) -> None:
    """Lambda repeats it; were all of its tries lost, the janitor looks at the execution within the hour."""
    worker = started(world, acme)
    world.functions.executions[execution_of(worker, machine)] = Returned("3")
    world.calls.at(Point("janitor", call, when), die)
    world.survive(lambda: world.hear(status_event(worker, machine)))
    world.pass_time(seconds=3601)
    world.settle()
    assert acme.task(worker.task_id)["result"] == 3
    assert_one_end(acme, worker.task_id, runs=0)


def test_an_execution_that_runs_is_looked_at_now_and_then_and_stopped_at_its_deadline(
    world: World, acme: Tenant, machine: str
) -> None:
    acme.register(TYPE, target={"state_machine": machine}, timeout=7200, retry={"max_attempts": 1})
    worker = started(world, acme)
    world.pass_time(seconds=3601)
    world.tidy()
    assert (acme.task(worker.task_id)["status"], world.functions.stopped) == ("waiting", [])
    world.pass_time(seconds=3601)
    world.tidy()
    assert acme.task(worker.task_id)["error"]["type"] == "Timeout"
    assert world.functions.stopped == [execution_of(worker, machine)]


def test_an_asynchronous_function_is_not_repeated_by_aws(acme: Tenant) -> None:
    defer(acme, target={"lambda": ECHO}, timeout=900)
    config = client("lambda").get_function_event_invoke_config(FunctionName=ECHO)
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (0, 900)
    client("lambda").delete_function_event_invoke_config(FunctionName=ECHO)
    client("lambda").put_function_event_invoke_config(
        FunctionName=ECHO, MaximumRetryAttempts=2, MaximumEventAgeInSeconds=900
    )
    reply = acme.register("other", target={"lambda": ECHO}, mode="deferred", timeout=900)
    assert (reply.problem, reply.body["errors"][0]["pointer"]) == ("refused", "#/target/lambda")
    assert "MaximumRetryAttempts to 0" in reply.body["errors"][0]["detail"]


def test_a_deferred_function_may_take_days(acme: Tenant) -> None:
    made = defer(acme, timeout=7 * 24 * 3600, heartbeat_timeout=300)
    assert (made.body["timeout"], made.body["heartbeat_timeout"]) == (604_800, 300)
    assert acme.register(TYPE, **made.body).status == 200


def test_a_cancelled_task_stops_its_execution_and_its_end_is_not_heard(
    world: World, acme: Tenant, machine: str
) -> None:
    worker = started(world, acme)
    assert acme.ask("POST", f"/v1/tasks/{worker.task_id}/cancel").body["status"] == "cancelled"
    assert world.functions.stopped == [execution_of(worker, machine)]
    world.functions.executions[execution_of(worker, machine)] = Raised(TaskError("ExecutionAborted", "stopped"))
    assert world.hear(status_event(worker, machine, status="ABORTED")) == "the attempt is over"
    world.settle()
    assert_one_end(acme, worker.task_id, status="cancelled", runs=0)
