"""Lanes over HTTP: made, changed, chosen, paused, drained."""

from typing import Any

import pytest

from fairlane.domain import catalog
from tests.moto.endings import assert_one_end
from tests.moto.mappings import url_of
from tests.moto.stack import ACCOUNT, REGION, client
from tests.moto.tenants import Tenant, an_event
from tests.moto.world import Reply, World

SLOW = {"lambda": "fairlane-target-slow"}


def put(tenant: Tenant, lane: str = "fast", **body: Any) -> Reply:
    return tenant.ask("PUT", f"/v1/lanes/{lane}", body=body)


def get(tenant: Tenant, lane: str = "fast") -> Reply:
    return tenant.ask("GET", f"/v1/lanes/{lane}")


def delete(tenant: Tenant, lane: str = "fast") -> Reply:
    return tenant.ask("DELETE", f"/v1/lanes/{lane}")


def queue_of(tenant: Tenant, lane: str = "fast") -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:fairlane-lane-{tenant.name}-{lane}"


def mapping_of(world: World, tenant: Tenant, lane: str = "fast") -> tuple[int, int]:
    """(batch size, maximum concurrency)."""
    mapping = world.mappings.by_queue[queue_of(tenant, lane)]
    return mapping["BatchSize"], mapping["ScalingConfig"]["MaximumConcurrency"]


def drained(world: World) -> None:
    """Long enough for the schedule to see an empty lane twice."""
    world.operate("converge")
    world.pass_time(minutes=16)
    world.operate("converge")


# --- making and changing ------------------------------------------------------------------------


def test_the_default_lane_is_shown_listed_changed_and_not_deleted(world: World, acme: Tenant) -> None:
    acme.submit()
    lane = get(acme, "default").body
    assert (lane["lane"], lane["status"], lane["depth"], lane["running"]) == ("default", "active", 1, 0)
    assert acme.ask("GET", "/v1/lanes").body["items"] == [lane]
    changed = put(acme, "default", concurrency=8)
    assert (changed.status, changed.body["concurrency"]) == (200, 8)
    assert mapping_of(world, acme, "default") == (1, 8)
    assert delete(acme, "default").problem == "conflict"


def test_a_lane_is_made_changed_shown_and_listed(world: World, acme: Tenant) -> None:
    made = put(acme, concurrency=50, rate=5.5, burst=10, weight=2)
    assert (made.status, made.body["status"], made.body["lane"]) == (201, "active", "fast")
    assert (made.body["rate"], made.body["burst"], made.body["weight"]) == (5.5, 10, 2)
    assert mapping_of(world, acme) == (5, 10)
    changed = put(acme, concurrency=1)
    assert (changed.status, changed.body["concurrency"], changed.body["rate"]) == (200, 1, None)
    assert mapping_of(world, acme) == (1, 2)
    assert get(acme).body == changed.body
    assert [item["lane"] for item in acme.ask("GET", "/v1/lanes").body["items"]] == ["default", "fast"]


def test_what_get_shows_can_be_put_back(acme: Tenant) -> None:
    put(acme, rate=3)
    shown = get(acme).body
    assert put(acme, **shown).body == shown


def test_a_lane_shows_settings_that_have_no_effect(acme: Tenant) -> None:
    assert put(acme, burst=3).body["not_enforced"] == ["burst"]
    assert put(acme, burst=3, rate=1, concurrency=1).body["not_enforced"] == []
    assert put(acme, weight=2).body["not_enforced"] == ["weight"]


def test_a_lanes_weight_counts_where_the_platforms_capacity_is_divided(world: World, acme: Tenant) -> None:
    world.stack._refs["PlatformCapacity"] = "100"
    world.start()
    assert put(acme, weight=2).body["not_enforced"] == []


@pytest.mark.parametrize(
    "body", [{"rate": 0}, {"rate": "5"}, {"concurrency": 0}, {"burst": 0}, {"weight": 0}, {"color": 1}, {"ordered": 1}]
)
def test_a_wrong_lane_is_refused_and_not_made(acme: Tenant, body: dict[str, Any]) -> None:
    assert put(acme, **body).problem == "refused"
    assert get(acme).problem == "not-found"


def test_a_tenant_has_only_so_many_lanes(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.lanes.MOST_LANES", 2)
    assert put(acme).status == 201
    assert put(acme, "third").problem == "conflict"
    assert put(acme, concurrency=3).status == 200  # those that are there can be changed


def test_another_tenants_lane_is_not_there(acme: Tenant, globex: Tenant) -> None:
    put(acme)
    assert get(globex).problem == "not-found"
    assert delete(globex).problem == "not-found"
    assert globex.ask("POST", "/v1/lanes/fast/pause").problem == "not-found"
    assert globex.submit(lane="fast").problem == "refused"


# --- what follows from limits and functions -------------------------------------------------------


def test_the_tenants_concurrency_bounds_every_lane(world: World, acme: Tenant) -> None:
    put(acme, concurrency=9)
    body = {"targets": ["fairlane-target-*"], "limits": {"concurrency": 4}}
    world.ask("PUT", "/v1/tenants/acme", key=world.admin_key, body=body)
    assert mapping_of(world, acme) == mapping_of(world, acme, "default") == (1, 4)


def test_functions_that_all_have_a_limit_bound_their_lane(world: World, acme: Tenant) -> None:
    put(acme)
    assert mapping_of(world, acme) == (10, 20)
    acme.register("paint", lane="fast", concurrency=3)
    assert mapping_of(world, acme) == (1, 3)
    acme.register("print", lane="fast", concurrency=4)
    assert mapping_of(world, acme) == (1, 7)
    acme.register("paint", lane="default")
    assert (mapping_of(world, acme), mapping_of(world, acme, "default")) == ((1, 4), (10, 20))
    acme.ask("DELETE", "/v1/functions/print")
    assert mapping_of(world, acme) == (10, 20)


def test_a_rate_bounds_the_mapping_by_the_longest_function(world: World, acme: Tenant) -> None:
    put(acme, rate=2)
    acme.register("paint", lane="fast", timeout=4)
    assert mapping_of(world, acme) == (1, 9)


# --- where tasks go ---------------------------------------------------------------------------------


def test_a_task_goes_to_its_functions_lane_or_to_the_one_that_its_event_names(world: World, acme: Tenant) -> None:
    put(acme)
    acme.register("paint", lane="fast")
    first = acme.submit(type="paint").body["id"]
    second = acme.submit(id="e-2", type="paint", lane="default").body["id"]
    third = acme.submit(id="e-3", lane="fast").body["id"]
    assert [acme.task(task)["lane"] for task in (first, second, third)] == ["fast", "default", "fast"]
    assert (world.depth(queue_of(acme)), world.depth(acme.lane_arn)) == (2, 1)
    world.settle()
    for task in (first, second, third):
        assert_one_end(acme, task, runs=1)


def test_a_lane_that_is_not_there_is_a_422_for_events_and_functions(acme: Tenant) -> None:
    reply = acme.submit(lane="nowhere")
    assert (reply.status, reply.body["errors"][0]["pointer"]) == (422, "#/lane")
    reply = acme.register("paint", lane="nowhere")
    assert (reply.status, reply.body["errors"][0]["pointer"]) == (422, "#/lane")


def test_a_lane_is_long_once_a_function_of_it_is(world: World, acme: Tenant) -> None:
    put(acme)
    acme.register("slow", target=SLOW, lane="fast")
    assert queue_of(acme) in world.mappings.fed_by("long-dispatcher")
    assert acme.lane_arn in world.mappings.fed_by("dispatcher")
    task = acme.submit(type="slow").body["id"]
    world.settle()
    assert_one_end(acme, task, runs=1)


def test_a_long_function_is_refused_in_a_short_lane(acme: Tenant) -> None:
    put(acme)
    acme.register("slow", target=SLOW, lane="fast")
    reply = acme.submit(type="slow", lane="default")
    assert (reply.status, reply.body["errors"][0]["pointer"]) == (422, "#/lane")
    assert "runs functions of up to 50 s" in reply.body["detail"]
    assert acme.submit(type="slow", lane="fast").status == 202


def test_a_function_that_becomes_long_takes_along_every_lane_that_may_hold_its_tasks(
    world: World, acme: Tenant
) -> None:
    put(acme)
    acme.register("slow", target={"lambda": "fairlane-target-echo"})
    task = acme.submit(type="slow", lane="fast").body["id"]
    acme.register("slow", target=SLOW)
    assert set(world.mappings.fed_by("long-dispatcher")) == {queue_of(acme), acme.lane_arn}
    world.settle()
    assert_one_end(acme, task, runs=1)


def test_a_lane_stays_long_as_tasks_of_a_long_function_may_lie_in_it(world: World, acme: Tenant) -> None:
    acme.register("slow", target=SLOW)
    acme.ask("DELETE", "/v1/functions/slow")
    put(acme, "default", concurrency=3)
    assert acme.lane_arn in world.mappings.fed_by("long-dispatcher")


# --- provisioning ---------------------------------------------------------------------------------


def test_a_lane_is_provisioning_until_its_mapping_is_in_force(world: World, acme: Tenant) -> None:
    world.mappings.first_state = "Creating"
    assert (put(acme).status, get(acme).body["status"]) == (202, "provisioning")
    task = acme.submit(lane="fast").body["id"]  # waits for it
    world.mappings.enable()
    world.operate("converge")
    assert get(acme).body["status"] == "active"
    world.settle()
    assert_one_end(acme, task, runs=1)


def test_a_change_while_the_mapping_is_changing_is_taken_and_follows(world: World, acme: Tenant) -> None:
    world.mappings.slow = True
    assert put(acme, "default", concurrency=8).status == 200
    assert put(acme, "default", concurrency=3).status == 200  # AWS takes no update now
    assert mapping_of(world, acme, "default") == (1, 8)
    world.mappings.enable()
    world.operate("converge")
    assert mapping_of(world, acme, "default") == (1, 3)


def test_nothing_is_left_under_way_when_all_is_in_force(world: World, acme: Tenant) -> None:
    put(acme)
    assert [item for item in world.items("Registry") if item["tenant"]["S"] == "#under-way"] == []
    assert world.operate("converge") == {"moved": 0}


# --- pausing ----------------------------------------------------------------------------------------


def test_a_paused_lane_hands_over_nothing_takes_tasks_and_goes_on(world: World, acme: Tenant) -> None:
    put(acme, concurrency=8)
    paused = acme.ask("POST", "/v1/lanes/fast/pause")
    assert (paused.status, paused.body["status"], paused.body["paused_by"]) == (200, "paused", "lane")
    assert paused.body["paused_at"] == "2026-11-24T12:00:00.000Z"
    assert get(acme).body == paused.body
    task = acme.submit(lane="fast").body["id"]
    assert world.poll("dispatcher") == 0
    resumed = acme.ask("POST", "/v1/lanes/fast/resume")
    assert (resumed.status, resumed.body["status"], resumed.body["paused_at"]) == (200, "active", None)
    world.settle()
    assert_one_end(acme, task, runs=1)
    assert mapping_of(world, acme) == (1, 8)


def test_pausing_and_resuming_twice_is_the_same_as_once(world: World, acme: Tenant) -> None:
    first = acme.ask("POST", "/v1/lanes/default/pause").body
    world.pass_time(seconds=5)
    assert acme.ask("POST", "/v1/lanes/default/pause").body == first
    once = acme.ask("POST", "/v1/lanes/default/resume").body
    assert acme.ask("POST", "/v1/lanes/default/resume").body == once


def test_changing_a_paused_lane_keeps_the_pause(world: World, acme: Tenant) -> None:
    paused = acme.ask("POST", "/v1/lanes/default/pause").body
    changed = put(acme, "default", concurrency=3).body
    assert (changed["status"], changed["paused_at"]) == ("paused", paused["paused_at"])
    assert not world.mappings.runs(acme.lane_arn)


def test_a_pause_while_the_mapping_is_changing_is_taken_and_follows(world: World, acme: Tenant) -> None:
    world.mappings.slow = True
    put(acme, "default", concurrency=8)
    assert acme.ask("POST", "/v1/lanes/default/pause").body["status"] == "paused"
    assert world.mappings.runs(acme.lane_arn)  # the dispatcher sees the flag; the mapping follows
    world.mappings.enable()
    world.operate("converge")
    assert not world.mappings.runs(acme.lane_arn)


def test_a_paused_tenant_pauses_all_its_lanes_and_resuming_leaves_paused_lanes_paused(
    world: World, acme: Tenant
) -> None:
    put(acme)
    acme.ask("POST", "/v1/lanes/fast/pause")
    paused = world.ask("POST", "/v1/tenants/acme/pause", key=world.admin_key)
    assert (paused.status, paused.body["paused"], paused.body["status"]) == (200, True, "active")
    assert not any(world.mappings.runs(arn) for arn in (queue_of(acme), acme.lane_arn))
    assert world.mappings.runs(acme.results_arn)
    assert (get(acme, "default").body["status"], get(acme, "default").body["paused_by"]) == ("paused", "tenant")
    assert get(acme).body["paused_by"] == "lane"
    body = {"targets": ["fairlane-target-*"], "limits": {"concurrency": 4}}
    changed = world.ask("PUT", "/v1/tenants/acme", key=world.admin_key, body=body)
    assert changed.body["paused_at"] == paused.body["paused_at"]
    resumed = world.ask("POST", "/v1/tenants/acme/resume", key=world.admin_key).body
    assert (resumed["paused"], resumed["paused_at"]) == (False, None)
    assert (world.mappings.runs(acme.lane_arn), world.mappings.runs(queue_of(acme))) == (True, False)


def test_a_tenant_cannot_pause_itself(acme: Tenant) -> None:
    assert acme.ask("POST", "/v1/tenants/acme/pause").problem == "forbidden"


def test_a_paused_function_says_so_and_keeps_it_when_it_is_changed(world: World, acme: Tenant) -> None:
    paused = acme.ask("POST", "/v1/functions/resize/pause")
    assert (paused.status, paused.body["paused"]) == (200, True)
    assert acme.register(timeout=20).body["paused_at"] == paused.body["paused_at"]
    assert world.mappings.runs(acme.lane_arn)
    resumed = acme.ask("POST", "/v1/functions/resize/resume").body
    assert (resumed["paused"], resumed["paused_at"]) == (False, None)


@pytest.mark.parametrize("path", ["/v1/lanes/none", "/v1/functions/none"])
def test_pausing_what_is_not_there_is_a_404(acme: Tenant, path: str) -> None:
    assert acme.ask("POST", f"{path}/pause").problem == "not-found"
    assert acme.ask("POST", f"{path}/resume").problem == "not-found"


# --- deleting ---------------------------------------------------------------------------------------


def test_an_empty_lane_is_gone_at_once_and_its_queue_when_nothing_can_come(world: World, acme: Tenant) -> None:
    put(acme)
    assert delete(acme).status == 204
    assert get(acme).problem == "not-found"
    assert delete(acme).problem == "not-found"
    assert [item["lane"] for item in acme.ask("GET", "/v1/lanes").body["items"]] == ["default"]
    assert acme.submit(lane="fast").problem == "refused"
    assert acme.register("paint", lane="fast").problem == "refused"
    world.operate("converge")
    world.pass_time(minutes=14)
    world.operate("converge")
    assert world.depth(queue_of(acme)) == 0  # still there: a message may be on its way
    world.pass_time(minutes=2)
    world.operate("converge")
    assert queue_of(acme) not in world.mappings.by_queue
    assert "fairlane-lane-acme-fast" not in str(client("sqs").list_queues())
    left = [item for item in world.items("Registry") if "fast" in item["tenant"]["S"] + item["item"]["S"]]
    assert left == []


def test_a_lane_with_tasks_drains_and_takes_no_new_ones(world: World, acme: Tenant) -> None:
    put(acme)
    task = acme.submit(lane="fast").body["id"]
    draining = delete(acme)
    assert (draining.status, draining.body["status"], draining.body["depth"]) == (202, "draining", 1)
    assert get(acme).body["status"] == "draining"
    refused = acme.submit(id="e-2", lane="fast")
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "#/lane")
    assert put(acme).problem == "conflict"
    repeated = acme.submit(lane="fast")
    assert (repeated.status, repeated.body["id"], repeated.body["duplicate"]) == (200, task, True)
    world.settle()
    assert_one_end(acme, task, runs=1)
    drained(world)
    assert get(acme).problem == "not-found"
    assert queue_of(acme) not in world.mappings.by_queue


def test_what_comes_late_into_a_deleted_lane_is_run_before_its_queue_goes(world: World, acme: Tenant) -> None:
    put(acme)
    body = an_event(lane="fast")
    acme.submit(lane="fast")
    url = url_of(queue_of(acme))
    (message,) = client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert delete(acme).status == 204
    world.pass_time(minutes=10)
    # a gateway that had cached the lane sends now
    client("sqs").send_message(
        QueueUrl=url, MessageBody=message["Body"], MessageAttributes=message["MessageAttributes"]
    )
    world.operate("converge")
    world.pass_time(minutes=10)
    world.operate("converge")
    world.settle()
    assert_one_end(acme, acme.submit(**body).body["id"], runs=1)
    drained(world)
    assert queue_of(acme) not in world.mappings.by_queue


def test_a_duplicate_whose_lane_is_gone_runs_in_the_default_lane(world: World, acme: Tenant) -> None:
    put(acme)
    task = acme.submit(lane="fast").body["id"]
    client("sqs").purge_queue(QueueUrl=url_of(queue_of(acme)))  # as if the send had never happened
    delete(acme)
    drained(world)
    repeated = acme.submit(lane="fast")
    assert (repeated.status, repeated.body["id"]) == (200, task)
    world.settle()
    assert_one_end(acme, task, runs=1)


def test_a_lane_that_functions_name_is_not_deleted(acme: Tenant) -> None:
    put(acme)
    acme.register("paint", lane="fast")
    refused = delete(acme)
    assert refused.problem == "conflict"
    assert "paint" in refused.body["detail"]
    acme.register("paint")
    assert delete(acme).status == 204


def test_a_deleted_lane_can_be_made_again_before_and_after_its_queue_is_gone(world: World, acme: Tenant) -> None:
    put(acme, concurrency=3)
    delete(acme)
    again = put(acme)
    assert (again.status, again.body["status"], again.body["concurrency"]) == (201, "active", None)
    drained(world)
    task = acme.submit(lane="fast").body["id"]
    world.settle()
    assert_one_end(acme, task, runs=1)
    delete(acme)
    drained(world)
    world.pass_time(minutes=2)
    assert put(acme).status == 201
    assert acme.submit(id="e-2", lane="fast").status == 202


def test_a_tenant_with_many_lanes_is_removed_when_all_of_them_are_empty(world: World, acme: Tenant) -> None:
    put(acme)
    put(acme, "third")
    task = acme.submit(lane="third").body["id"]
    world.ask("DELETE", "/v1/tenants/acme", key=world.admin_key)
    assert put(acme, "fourth").problem == "conflict"
    drained(world)
    assert world.ask("GET", "/v1/tenants/acme", key=world.admin_key).body["status"] == "draining"
    world.settle()
    assert_one_end(acme, task, runs=1)
    drained(world)
    assert world.ask("GET", "/v1/tenants/acme", key=world.admin_key).problem == "not-found"
    assert world.mappings.by_queue.keys() == set(world.redrive_arns())


def test_the_visibility_of_a_long_lane_exceeds_its_dispatcher(acme: Tenant) -> None:
    put(acme)
    acme.register("slow", target=SLOW, lane="fast")
    attributes = client("sqs").get_queue_attributes(
        QueueUrl=url_of(queue_of(acme)), AttributeNames=["VisibilityTimeout"]
    )["Attributes"]
    assert attributes["VisibilityTimeout"] == str(catalog.LONG_VISIBILITY_S)
