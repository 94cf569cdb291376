"""Ordered lanes: one after the other for each key, keys beside each other; a failing head blocks its own key only."""

from typing import Any

import pytest

from fairlane.domain.task import TaskError
from fairlane.ports.registry import Entry
from fairlane.ports.targets import Answer, Raised, Returned
from tests.moto.calls import AFTER, BEFORE, Point, When, die
from tests.moto.endings import assert_one_end
from tests.moto.mappings import CREATE
from tests.moto.stack import ACCOUNT, REGION, STACK, client
from tests.moto.tenant_functions import CALL, Event
from tests.moto.tenants import ECHO, Tenant
from tests.moto.world import World

ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:fairlane-lane-acme-keyed.fifo"


@pytest.fixture
def keyed(world: World, acme: Tenant) -> Tenant:
    """With a lane `keyed` that is ordered, as the controller would make it."""
    name = ARN.rpartition(":")[2]
    attributes: Any = {"FifoQueue": "true", "VisibilityTimeout": "90"}
    url = client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    lane = world.registry.get(acme.name, "lane#default")
    assert lane is not None
    doc = {**lane.doc, "queue_url": url, "queue_arn": ARN, "ordered": True}
    world.registry.put(Entry(acme.name, "lane#keyed", doc, 1), expected=0)
    owner = {"tenant": acme.name, "lane": "keyed", "queue_url": url, "results_url": doc["results_url"]}
    world.registry.put(Entry(f"queue#{name}", "queue", owner, 1), expected=0)
    world.calls.fakes[CREATE]({"EventSourceArn": ARN, "FunctionName": f"{STACK}-dispatcher"})
    return acme


def submit(tenant: Tenant, name: str, key: str = "a") -> str:
    reply = tenant.submit(id=name, lane="keyed", partitionkey=key)
    assert reply.status == 202, reply
    task_id: str = reply.body["id"]
    return task_id


def runs(world: World) -> list[str]:
    return [event["id"] for event in world.functions.runs]


def failing(*names: str, times: int) -> Any:
    """Those events fail so often."""

    def script(event: Event) -> Answer:
        if event["id"] in names and event["attempt"] <= times:
            return Raised(TaskError("ValueError", "no"))
        return Returned("1")

    return script


def test_an_ordered_lane_wants_a_partition_key(keyed: Tenant) -> None:
    reply = keyed.submit(lane="keyed")

    assert (reply.status, reply.body["errors"][0]["pointer"]) == (422, "#/partitionkey")


def test_tasks_of_a_key_run_in_their_order(world: World, keyed: Tenant) -> None:
    ids = [submit(keyed, f"{key}{n}", key) for n in range(4) for key in "ab"]
    world.settle()

    for key in "ab":
        assert [name for name in runs(world) if name[0] == key] == [f"{key}{n}" for n in range(4)]
    for task_id in ids:
        assert_one_end(keyed, task_id, runs=1)


def test_a_retry_keeps_the_order_and_blocks_its_own_key_only(world: World, keyed: Tenant) -> None:
    world.functions.scripts[ECHO] = failing("a0", times=2)
    for n in range(3):
        for key in "abc":
            submit(keyed, f"{key}{n}", key)
    world.poll("dispatcher")
    assert sorted(runs(world)) == ["a0", "b0", "b1", "b2", "c0", "c1", "c2"]

    world.settle()
    assert [name for name in runs(world) if name[0] == "a"] == ["a0", "a0", "a0", "a1", "a2"]


def test_as_many_keys_are_blocked_as_have_a_failing_head(world: World, keyed: Tenant) -> None:
    keyed.register(retry={"max_attempts": 20, "base": 60, "cap": 600})
    world.functions.scripts[ECHO] = failing("a0", "b0", times=1_000)
    for n in range(2):
        for key in "abcde":
            submit(keyed, f"{key}{n}", key)
    for _ in range(10):
        world.poll("dispatcher")
        world.pass_time(seconds=5)

    assert {name for name in runs(world) if name[1] == "1"} == {"c1", "d1", "e1"}
    assert len(keyed.ask("GET", "/v1/tasks", query={"status": "queued"}).body["items"]) == 2


@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize("call", [CALL, "dynamodb.UpdateItem", "sqs.SendMessageBatch"])
def test_a_dispatcher_that_dies_lets_nobody_overtake(world: World, keyed: Tenant, call: str, when: When) -> None:
    world.calls.at(Point("dispatcher", call, when), die)
    ids = [submit(keyed, f"a{n}") for n in range(3)]
    world.settle()

    order = runs(world)
    assert sorted(set(order), key=order.index) == ["a0", "a1", "a2"]
    assert order == sorted(order)
    for task_id in ids:
        assert_one_end(keyed, task_id)


def test_a_repeated_submission_keeps_its_place(world: World, keyed: Tenant) -> None:
    submit(keyed, "a0")
    submit(keyed, "a1")
    assert keyed.submit(id="a0", lane="keyed", partitionkey="a").status == 200
    world.settle()

    assert runs(world) == ["a0", "a1"]


def test_a_limit_holds_in_an_ordered_lane_too(world: World, keyed: Tenant) -> None:
    entry = world.registry.get(keyed.name, "lane#keyed")
    assert entry is not None
    world.registry.put(Entry(keyed.name, "lane#keyed", {**entry.doc, "concurrency": 1}, 2), expected=1)
    for n in range(3):
        for key in "abc":
            submit(keyed, f"{key}{n}", key)
    world.settle()

    assert sorted(runs(world)) == sorted(f"{key}{n}" for key in "abc" for n in range(3))
    assert all("x." not in str(item) for item in world.items("Quotas") if "#slots" in item["pk"]["S"])
