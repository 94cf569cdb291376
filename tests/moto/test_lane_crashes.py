"""The controller dying at each call while it works on a lane: the repeated request or the schedule finishes it."""

import pytest

from tests.moto.calls import AFTER, BEFORE, Point, When, die, lose_answer
from tests.moto.crashing import DROP, FIND, GET, LOOK, MAKE, PUT, QUERY, READS, REMOVE, each_point, trace
from tests.moto.endings import assert_one_end
from tests.moto.mappings import CREATE, DELETE, LIST, UPDATE
from tests.moto.stack import ACCOUNT, REGION, client
from tests.moto.tenants import Tenant
from tests.moto.world import Reply, World

FAST = f"arn:aws:sqs:{REGION}:{ACCOUNT}:fairlane-lane-acme-fast"

#: Reading what is wanted, before and after AWS was brought to it.
_WANTED = [GET, QUERY, QUERY]
#: The depth, and the tenant's slots, as the lane has a limit.
_SHOWN = [LOOK, GET]
MAKE_LANE = [
    *[GET, GET, GET, QUERY, QUERY, PUT, PUT],
    *[*_WANTED, MAKE, LOOK, GET, PUT, LIST, CREATE, PUT, *_WANTED, REMOVE],
    *_SHOWN,
]
CHANGE_LANE = [*[GET, GET, GET, PUT, PUT], *[*_WANTED, LIST, UPDATE, GET, *_WANTED, REMOVE], *_SHOWN]
PAUSE_LANE = [*[GET, GET, PUT, PUT], *[*_WANTED, LIST, UPDATE, GET, *_WANTED, REMOVE], *[GET, *_SHOWN]]
PAUSE_TENANT = [
    *[GET, GET, PUT, PUT, LIST, GET, QUERY, QUERY],
    *[*_WANTED, LIST, UPDATE, GET, *_WANTED],
    *[*_WANTED, LIST, UPDATE, GET, *_WANTED],
    REMOVE,
]
DELETE_LANE = [*[GET, GET, QUERY, QUERY, PUT, PUT], *[*_WANTED, LOOK, PUT]]
REMOVE_LANE = [*[QUERY, QUERY, GET], *[*_WANTED, LOOK, PUT, LIST, DELETE, FIND, DROP, REMOVE, REMOVE], REMOVE]


def put(acme: Tenant, **body: object) -> Reply:
    return acme.ask("PUT", "/v1/lanes/fast", body=body)


def pause(acme: Tenant) -> Reply:
    return acme.ask("POST", "/v1/lanes/fast/pause")


def pause_tenant(world: World) -> Reply:
    return world.ask("POST", "/v1/tenants/acme/pause", key=world.admin_key)


def finish(world: World) -> None:
    """The schedule's next runs, after which nothing may be left under way."""
    for _ in range(2):
        world.operate("converge")
        world.pass_time(minutes=2)
    assert world.operate("converge") == {"moved": 0}


def assert_fast_works(world: World, acme: Tenant, maximum: int) -> None:
    """One queue with one mapping, and a task that runs."""
    shown = acme.ask("GET", "/v1/lanes/fast").body
    assert (shown["status"], shown["concurrency"]) == ("active", maximum)
    assert world.mappings.by_queue[FAST]["ScalingConfig"]["MaximumConcurrency"] == maximum
    assert world.mappings.by_queue[FAST]["State"] == "Enabled"
    task = acme.submit(lane="fast").body["id"]
    world.settle()
    assert_one_end(acme, task, runs=1)


# --- making and changing ------------------------------------------------------------------------


def test_what_is_done_to_a_lane_takes_these_calls(world: World, acme: Tenant) -> None:
    assert trace(world, lambda: put(acme, concurrency=3)) == MAKE_LANE
    assert trace(world, lambda: put(acme, concurrency=5)) == CHANGE_LANE
    assert trace(world, lambda: pause(acme)) == PAUSE_LANE
    acme.ask("POST", "/v1/lanes/fast/resume")
    assert trace(world, lambda: pause_tenant(world)) == PAUSE_TENANT
    assert trace(world, lambda: acme.ask("DELETE", "/v1/lanes/fast")) == DELETE_LANE
    world.pass_time(minutes=20)
    assert trace(world, lambda: world.operate("converge")) == REMOVE_LANE


@each_point(MAKE_LANE)
def test_a_lane_whose_making_died_anywhere_is_made_by_the_repeated_request(
    world: World, acme: Tenant, point: Point
) -> None:
    world.calls.at(point, die)
    assert world.persist(lambda: put(acme, concurrency=3)).status in (200, 201)
    assert_fast_works(world, acme, 3)
    finish(world)


@each_point(MAKE_LANE)
def test_a_lane_whose_client_gave_up_is_made_by_the_schedule_or_was_never_begun(
    world: World, acme: Tenant, point: Point
) -> None:
    world.calls.at(point, die)
    world.survive(lambda: put(acme, concurrency=3))
    finish(world)
    if acme.ask("GET", "/v1/lanes/fast").status == 404:
        assert FAST not in world.mappings.by_queue
        assert "fairlane-lane-acme-fast" not in str(client("sqs").list_queues())
    else:
        assert_fast_works(world, acme, 3)


@each_point(CHANGE_LANE)
def test_a_change_that_died_anywhere_is_in_force_by_the_schedule_or_was_never_begun(
    world: World, acme: Tenant, point: Point
) -> None:
    put(acme, concurrency=3)
    world.calls.at(point, die)
    world.survive(lambda: put(acme, concurrency=5))
    finish(world)
    assert_fast_works(world, acme, acme.ask("GET", "/v1/lanes/fast").body["concurrency"])


def test_a_lane_that_aws_refuses_to_make_now_is_provisioning_and_made_by_the_schedule(
    world: World, acme: Tenant
) -> None:
    world.calls.at(Point("controller", CREATE, BEFORE), lose_answer)
    made = put(acme, concurrency=3)
    assert (made.status, made.body["status"]) == (202, "provisioning")
    finish(world)
    assert_fast_works(world, acme, 3)


def test_two_changes_at_once_leave_the_mapping_as_the_registry_has_it(world: World, acme: Tenant) -> None:
    put(acme, concurrency=3)
    world.calls.at_next("controller", UPDATE, lambda: put(acme, concurrency=7))
    put(acme, concurrency=5)
    shown = acme.ask("GET", "/v1/lanes/fast").body["concurrency"]
    assert shown == 7
    assert_fast_works(world, acme, shown)


def test_a_change_of_the_tenant_meanwhile_is_in_force_too(world: World, acme: Tenant) -> None:
    put(acme, concurrency=9)
    body = {"targets": ["fairlane-target-*"], "limits": {"concurrency": 2}}
    world.calls.at_next(
        "controller", UPDATE, lambda: world.ask("PUT", "/v1/tenants/acme", key=world.admin_key, body=body)
    )
    put(acme, concurrency=8)
    assert world.mappings.by_queue[FAST]["ScalingConfig"]["MaximumConcurrency"] == 2


# --- pausing --------------------------------------------------------------------------------------


@each_point(PAUSE_LANE)
def test_a_pause_that_died_anywhere_holds_by_the_schedule_or_was_never_begun(
    world: World, acme: Tenant, point: Point
) -> None:
    put(acme, concurrency=3)
    world.calls.at(point, die)
    world.survive(lambda: pause(acme))
    finish(world)
    is_paused = acme.ask("GET", "/v1/lanes/fast").body["status"] == "paused"
    assert world.mappings.runs(FAST) is not is_paused
    acme.ask("POST", "/v1/lanes/fast/resume")
    assert_fast_works(world, acme, 3)


@each_point(PAUSE_TENANT)
def test_a_pause_of_a_tenant_that_died_anywhere_holds_for_all_lanes_by_the_schedule(
    world: World, acme: Tenant, point: Point
) -> None:
    put(acme, concurrency=3)
    world.calls.at(point, die)
    assert world.persist(lambda: pause_tenant(world)).body["paused"] is True
    finish(world)
    assert not any(world.mappings.runs(arn) for arn in (FAST, acme.lane_arn))


# --- deleting -------------------------------------------------------------------------------------


@each_point(DELETE_LANE)
def test_a_deletion_that_died_anywhere_is_finished_by_the_schedule_or_was_never_begun(
    world: World, acme: Tenant, point: Point
) -> None:
    put(acme, concurrency=3)
    world.calls.at(point, die)
    world.survive(lambda: acme.ask("DELETE", "/v1/lanes/fast"))
    for _ in range(3):
        world.operate("converge")
        world.pass_time(minutes=20)
    if acme.ask("GET", "/v1/lanes/fast").status == 200:
        assert_fast_works(world, acme, 3)
    else:
        assert FAST not in world.mappings.by_queue
    assert world.operate("converge") == {"moved": 0}


@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize(
    ("call", "nth"),
    [(name, REMOVE_LANE[: n + 1].count(name)) for n, name in enumerate(REMOVE_LANE) if name not in READS],
)
def test_a_removal_that_died_anywhere_is_finished_by_the_schedule(
    world: World, acme: Tenant, call: str, nth: int, when: When
) -> None:
    put(acme, concurrency=3)
    acme.ask("DELETE", "/v1/lanes/fast")
    world.pass_time(minutes=20)
    world.calls.at(Point("controller", call, when, nth), die)
    world.survive(lambda: world.operate("converge"))
    finish(world)
    assert FAST not in world.mappings.by_queue
    assert "fairlane-lane-acme-fast" not in str(client("sqs").list_queues())
    left = [item for item in world.items("Registry") if "fast" in item["tenant"]["S"] + item["item"]["S"]]
    assert left == []


def test_a_lane_cannot_be_revived_while_its_queue_is_being_removed(world: World, acme: Tenant) -> None:
    put(acme, concurrency=3)
    acme.ask("DELETE", "/v1/lanes/fast")
    world.pass_time(minutes=20)
    replies: list[Reply] = []

    def revive() -> None:
        with world.calls.by("controller"):
            replies.append(put(acme, concurrency=4))

    world.calls.at_next("controller", DROP, revive)
    world.operate("converge")
    assert replies[0].problem == "unavailable"
    assert acme.ask("GET", "/v1/lanes/fast").status == 404
    world.pass_time(minutes=2)
    assert put(acme, concurrency=4).status == 201
    assert_fast_works(world, acme, 4)


def test_a_lane_that_is_revived_in_time_keeps_its_queue(world: World, acme: Tenant) -> None:
    put(acme, concurrency=3)
    acme.ask("DELETE", "/v1/lanes/fast")
    world.pass_time(minutes=20)
    world.calls.at_next("controller", LOOK, lambda: put(acme, concurrency=4))
    world.operate("converge")
    finish(world)
    assert_fast_works(world, acme, 4)
