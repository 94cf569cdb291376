"""What GET of a lane tells of its queue."""

from datetime import timedelta
from typing import Any

import boto3
import pytest

from fairlane.aws.slots import DynamoSlots
from fairlane.domain.slots import Change, Lease, lane_scope
from fairlane.domain.times import utc_now
from tests.moto.calls import refuse_connection
from tests.moto.mappings import url_of
from tests.moto.stack import client
from tests.moto.tenants import Tenant
from tests.moto.world import World

METRICS, LOOK_INTO = "cloudwatch.GetMetricData", "sqs.ReceiveMessage"


def lane(tenant: Tenant) -> Any:
    return tenant.ask("GET", "/v1/lanes/default").body


def measured(world: World, *values: float) -> None:
    """What CloudWatch answers for every queue, the newest first."""

    def answer(params: dict[str, Any]) -> dict[str, Any]:
        return {
            "MetricDataResults": [{"Id": query["Id"], "Values": list(values)} for query in params["MetricDataQueries"]]
        }

    world.calls.fakes[METRICS] = answer


def receive(tenant: Tenant) -> None:
    """As a mapping that is still at it."""
    client("sqs").receive_message(QueueUrl=url_of(tenant.lane_arn))


def test_an_empty_lane_has_nothing_old_and_costs_one_look(world: World, acme: Tenant) -> None:
    world.calls.made.clear()
    assert lane(acme)["oldest_age"] == 0
    calls = world.calls.names("controller")
    assert METRICS not in calls
    assert LOOK_INTO not in calls


def test_the_age_comes_from_the_metrics_where_they_are_fresh(world: World, acme: Tenant) -> None:
    acme.submit()
    measured(world, 37, 3)
    assert lane(acme)["oldest_age"] == 37
    assert LOOK_INTO not in world.calls.names("controller")


@pytest.mark.parametrize("broken", [False, True])
def test_without_metrics_messages_are_looked_at_and_stay(world: World, acme: Tenant, broken: bool) -> None:
    task = acme.submit().body["id"]
    world.pass_time(seconds=30)
    acme.submit(id="e-2")
    measured(world)
    if broken:
        world.calls.at_next("controller", METRICS, refuse_connection)
    world.pass_time(seconds=5)
    shown = lane(acme)
    assert (shown["depth"], shown["oldest_age"]) == (2, 35)
    world.settle()
    assert acme.task(task)["status"] == "succeeded"


def test_a_look_is_remembered_for_seconds_as_each_counts_as_a_receive(world: World, acme: Tenant) -> None:
    acme.submit()
    measured(world)
    world.pass_time(seconds=5)
    assert [lane(acme)["oldest_age"], lane(acme)["oldest_age"]] == [5, 5]
    world.pass_time(seconds=9)
    assert lane(acme)["oldest_age"] == 14
    assert world.calls.names("controller").count(LOOK_INTO) == 1
    world.pass_time(seconds=2)
    assert lane(acme)["oldest_age"] == 16
    assert world.calls.names("controller").count(LOOK_INTO) == 2


def test_the_age_of_what_only_runs_is_not_known_without_metrics(world: World, acme: Tenant) -> None:
    acme.submit()
    measured(world)
    receive(acme)
    shown = lane(acme)
    assert (shown["depth"], shown["running"], shown["oldest_age"]) == (0, 1, None)


def test_an_ordered_lane_is_never_looked_into(world: World, acme: Tenant) -> None:
    acme.ask("PUT", "/v1/lanes/fast", body={"ordered": True})
    assert acme.submit(lane="fast", partitionkey="a").status == 202
    measured(world)
    assert acme.ask("GET", "/v1/lanes/fast").body["oldest_age"] is None
    assert LOOK_INTO not in world.calls.names("controller")
    measured(world, 12)
    assert acme.ask("GET", "/v1/lanes/fast").body["oldest_age"] == 12


def test_a_page_asks_for_the_metrics_of_all_its_lanes_at_once(world: World, acme: Tenant) -> None:
    for name in ("a", "b", "c"):
        acme.ask("PUT", f"/v1/lanes/{name}", body={})
        acme.submit(id=name, lane=name)
    measured(world, 4)
    world.calls.made.clear()
    shown = {each["lane"]: each["oldest_age"] for each in acme.ask("GET", "/v1/lanes").body["items"]}
    assert shown == {"a": 4, "b": 4, "c": 4, "default": 0}
    assert world.calls.names("controller").count(METRICS) == 1


def test_what_runs_is_told_by_slots_where_the_lane_has_a_limit(world: World, acme: Tenant) -> None:
    slots = DynamoSlots(boto3.client("dynamodb"), world.stack.ref("Quotas"))
    now = utc_now()
    scope = lane_scope("default")
    for name, count, minutes in (("one", 2, 1), ("two", 1, 1), ("dead", 5, -1)):
        lease = Lease(now + timedelta(minutes=minutes), 1, {scope: count})
        slots.change("acme", Change(mine=name, leases={name: (None, lease)}))
    acme.submit()
    receive(acme)
    assert lane(acme)["running"] == 1
    acme.ask("PUT", "/v1/lanes/default", body={"concurrency": 9})
    assert lane(acme)["running"] == 3
