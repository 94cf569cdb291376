"""Ordered lanes: their queues, and what is sent to them. How a batch keeps the order is tested with the dispatcher."""

import json
from typing import Any

import pytest

from tests.moto.endings import assert_one_end
from tests.moto.mappings import url_of
from tests.moto.stack import ACCOUNT, REGION, client
from tests.moto.tenants import Tenant
from tests.moto.world import Reply, World

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:fairlane-lane-acme-pay.fifo"


def put(acme: Tenant, **body: Any) -> Reply:
    return acme.ask("PUT", "/v1/lanes/pay", body=body)


@pytest.fixture
def ordered(acme: Tenant) -> Tenant:
    """A tenant with an ordered lane."""
    assert put(acme, ordered=True).status == 201
    return acme


def received() -> list[dict[str, Any]]:
    answer = client("sqs").receive_message(QueueUrl=url_of(QUEUE), MaxNumberOfMessages=10, AttributeNames=["All"])
    return list(answer.get("Messages", []))


def test_an_ordered_lane_has_an_ordered_queue_of_high_throughput(world: World, ordered: Tenant) -> None:
    assert ordered.ask("GET", "/v1/lanes/pay").body["ordered"] is True
    found = client("sqs").get_queue_attributes(QueueUrl=url_of(QUEUE), AttributeNames=["All"])["Attributes"]
    assert found["FifoQueue"] == "true"
    assert found["ContentBasedDeduplication"] == "false"
    assert (found["DeduplicationScope"], found["FifoThroughputLimit"]) == ("messageGroup", "perMessageGroupId")
    assert json.loads(found["RedrivePolicy"])["deadLetterTargetArn"].endswith(":fairlane-lane-redrive.fifo")
    assert QUEUE in world.mappings.fed_by("dispatcher")


def test_an_event_without_a_partitionkey_is_refused(ordered: Tenant) -> None:
    reply = ordered.submit(lane="pay")
    assert (reply.status, reply.body["errors"][0]["pointer"]) == (422, "#/partitionkey")
    assert ordered.submit(lane="pay", partitionkey="order 7/\u00fc" * 9).status == 202


def test_keys_are_groups_of_their_own_and_keep_their_order(ordered: Tenant) -> None:
    for n in range(6):
        ordered.submit(id=f"e-{n}", lane="pay", partitionkey="odd" if n % 2 else "even")
    messages = received()
    groups = {json.loads(each["Body"])["partitionkey"]: each["Attributes"]["MessageGroupId"] for each in messages}
    assert len(set(groups.values())) == 2
    for key, ids in (("even", ["e-0", "e-2", "e-4"]), ("odd", ["e-1", "e-3", "e-5"])):
        mine = [json.loads(each["Body"]) for each in messages]
        assert [each["id"] for each in mine if each["partitionkey"] == key] == ids


def test_the_groups_of_two_lanes_never_meet(ordered: Tenant) -> None:
    ordered.ask("PUT", "/v1/lanes/pay2", body={"ordered": True})
    ordered.submit(id="e-1", lane="pay", partitionkey="k")
    (first,) = received()
    ordered.submit(id="e-2", lane="pay2", partitionkey="k")
    url = url_of(QUEUE.replace("pay.fifo", "pay2.fifo"))
    (second,) = client("sqs").receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    assert first["Attributes"]["MessageGroupId"] != second["Attributes"]["MessageGroupId"]


def test_a_repeated_event_does_not_take_a_second_place(world: World, ordered: Tenant) -> None:
    first = ordered.submit(id="e-1", lane="pay", partitionkey="k").body["id"]
    ordered.submit(id="e-2", lane="pay", partitionkey="k")
    again = ordered.submit(id="e-1", lane="pay", partitionkey="k")
    assert (again.status, again.body["id"]) == (200, first)
    assert world.depth(QUEUE) == 2
    world.settle()
    assert_one_end(ordered, first, runs=1)


def test_whether_a_lane_is_ordered_cannot_be_changed(ordered: Tenant) -> None:
    refused = put(ordered, ordered=False)
    assert (refused.status, refused.problem) == (409, "conflict")
    assert "delete this one" in refused.body["detail"]
    assert ordered.ask("PUT", "/v1/lanes/default", body={"ordered": True}).problem == "conflict"
    assert put(ordered, ordered=True, rate=3).status == 200


def test_a_deleted_ordered_lane_takes_its_queue_along(world: World, ordered: Tenant) -> None:
    assert ordered.ask("DELETE", "/v1/lanes/pay").status == 204
    assert put(ordered).problem == "unavailable"  # of another type while the first is still being removed
    world.operate("converge")
    world.pass_time(minutes=16)
    world.operate("converge")
    assert QUEUE not in world.mappings.by_queue
    assert put(ordered).status == 201
    assert QUEUE.removesuffix(".fifo") in world.mappings.by_queue


def test_long_names_fit_with_the_suffix(world: World, acme: Tenant) -> None:
    for last in "bc":
        assert acme.ask("PUT", "/v1/lanes/" + "a" * 62 + last, body={"ordered": True}).status == 201
    names = [queue.rpartition(":")[2] for queue in world.mappings.by_queue if queue.endswith(".fifo")]
    assert len(names) == 3
    assert all(len(name) <= 80 for name in names)
