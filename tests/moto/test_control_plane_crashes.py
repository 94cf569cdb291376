"""The controller dying before and after each call of what it does: repeating the request finishes it."""

import pytest

from tests.moto.calls import AFTER, BEFORE, Point, When, die, lose_answer
from tests.moto.crashing import (
    CHANGE,
    DROP,
    GET,
    LIST_TARGETS,
    LOOK,
    MAKE,
    NO_RULE,
    NO_TARGETS,
    PUT,
    QUERY,
    REMOVE,
    RULE,
    TARGETS,
    TIMEOUT,
    each_point,
    trace,
)
from tests.moto.endings import assert_one_end
from tests.moto.mappings import CREATE, DELETE, LIST, UPDATE
from tests.moto.stack import client
from tests.moto.tenants import Tenant, make_key
from tests.moto.world import Reply, World

#: The calls of each operation, in order. Each test checks its own list.
#: Of a tenant: its key and mark, itself, the results queue, the default lane.
MAKE_TENANT = [
    *[GET, GET, GET, PUT, PUT],
    *[MAKE, LOOK, GET, PUT, PUT, LIST, CREATE],
    *[GET, PUT, QUERY, QUERY, GET, QUERY],
    *[MAKE, LOOK, GET, PUT, LIST, CREATE, PUT, GET, QUERY],
    *[PUT, REMOVE],
]
MAKE_KEY = [GET, GET, QUERY, QUERY, PUT, PUT]
DELETE_KEY = [GET, GET, REMOVE, REMOVE]
MAKE_SUBSCRIPTION = [GET, GET, GET, QUERY, QUERY, LIST_TARGETS, RULE, TARGETS, PUT]
CHANGE_SUBSCRIPTION = [GET, GET, GET, LIST_TARGETS, TARGETS, RULE, NO_TARGETS, PUT]
DELETE_SUBSCRIPTION = [GET, GET, LIST_TARGETS, NO_TARGETS, NO_RULE, REMOVE]
MAKE_LONG_FUNCTION = [
    *[GET, GET, GET, TIMEOUT, QUERY, QUERY],
    *[PUT, PUT, GET, QUERY, QUERY, CHANGE, LIST, UPDATE, PUT, GET, QUERY, QUERY, REMOVE],
    *[GET, GET, PUT, GET],
]


# --- tenants ------------------------------------------------------------------------------------


def put_globex(world: World) -> Reply:
    body = {"targets": ["fairlane-target-*", "inbox-globex"]}
    return world.ask("PUT", "/v1/tenants/globex", key=world.admin_key, body=body)


def assert_globex_works(world: World) -> None:
    """One lane, one results queue, a mapping for each, and a task that runs."""
    reply = world.ask("GET", "/v1/tenants/globex", key=world.admin_key)
    assert (reply.status, reply.body["status"]) == (200, "active")
    made = [url for url in client("sqs").list_queues()["QueueUrls"] if "-globex" in url and "inbox" not in url]
    assert sorted(url.rpartition("/")[2] for url in made) == ["fairlane-lane-globex-default", "fairlane-results-globex"]
    assert sum("globex" in queue for queue in world.mappings.by_queue) == 2
    world.pass_time(minutes=2)
    world.operate("converge")
    assert world.operate("converge") == {"moved": 0}  # nothing is left under way
    client("sqs").create_queue(QueueName="inbox-globex")
    globex = Tenant(world, "globex", make_key(world, "globex"))
    assert globex.register().status == 201
    assert globex.subscribe().status == 201
    task_id = globex.submit().body["id"]
    world.settle()
    assert_one_end(globex, task_id, runs=1)


def test_making_a_tenant_takes_these_calls(world: World) -> None:
    assert trace(world, lambda: put_globex(world)) == MAKE_TENANT


@each_point(MAKE_TENANT)
def test_a_tenant_whose_making_died_anywhere_is_finished_by_the_repeated_request(world: World, point: Point) -> None:
    world.calls.at(point, die)
    assert world.persist(lambda: put_globex(world)).status in (200, 201)
    assert_globex_works(world)


@each_point(MAKE_TENANT)
def test_a_tenant_whose_client_gave_up_is_finished_by_the_schedule_or_was_never_begun(
    world: World, point: Point
) -> None:
    world.calls.at(point, die)
    world.survive(lambda: put_globex(world))
    world.operate("converge")
    reply = world.ask("GET", "/v1/tenants/globex", key=world.admin_key)
    assert reply.status in (200, 404)
    if reply.status == 404:  # the first write had not happened
        assert not world.items("Registry") or world.mappings.by_queue.keys() == set(world.redrive_arns())
        return
    assert_globex_works(world)


def test_a_tenant_is_provisioning_until_its_mappings_are_in_force(world: World) -> None:
    world.mappings.first_state = "Creating"
    assert (put_globex(world).status, put_globex(world).body["status"]) == (202, "provisioning")
    world.mappings.enable()
    assert_globex_works(world)


#: What the removal of a tenant does, and which times (of sixteen alike that look for noted tasks, the first and last).
REMOVALS = {REMOVE: range(1, 10), DELETE: (1, 2), DROP: (1, 2), NO_RULE: (1,), QUERY: (1, 2, 3, 20)}


@pytest.mark.parametrize(("call", "nth"), [(call, nth) for call, times in REMOVALS.items() for nth in times])
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_tenant_whose_removal_died_anywhere_is_removed_by_the_schedule(
    world: World, acme: Tenant, call: str, nth: int, when: When
) -> None:
    assert world.ask("DELETE", "/v1/tenants/acme", key=world.admin_key).body["status"] == "draining"
    world.pass_time(minutes=20)
    world.calls.at(Point("controller", call, when, nth), die)
    for _ in range(3):
        world.survive(lambda: world.operate("converge"))
    assert world.ask("GET", "/v1/tenants/acme", key=world.admin_key).status == 404
    left = [
        item["tenant"]["S"] for item in world.items("Registry") if "acme" in item["tenant"]["S"] + item["item"]["S"]
    ]
    assert left == ["#former-tenants"]  # the name rests, since tasks may still lie in the table
    assert world.mappings.by_queue.keys() == set(world.redrive_arns())
    assert client("events").list_rules(EventBusName=world.stack.ref("Results"))["Rules"] == []
    assert acme.submit().problem == "unauthorized"


def test_a_tenant_is_removed_only_when_its_queues_have_been_empty_for_long_enough(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]

    def draining() -> Reply:
        return world.ask("DELETE", "/v1/tenants/acme", key=world.admin_key)

    assert (draining().status, draining().body["status"]) == (202, "draining")
    assert acme.submit(id="e-2").problem == "conflict"
    world.pass_time(hours=1)
    assert draining().status == 202  # a task is queued still
    world.settle()
    assert_one_end(acme, task_id, runs=1)
    world.operate("converge")
    world.pass_time(minutes=14)
    world.operate("converge")
    assert draining().status == 202  # a delayed message may be on its way
    world.pass_time(minutes=2)
    world.operate("converge")
    assert draining().problem == "not-found"


def test_a_tenant_with_a_far_due_task_is_removed_only_when_that_has_ended(world: World, acme: Tenant) -> None:
    task_id = acme.submit(notbefore="2026-11-26T12:00:00Z").body["id"]
    world.ask("DELETE", "/v1/tenants/acme", key=world.admin_key)
    for _ in range(4):
        world.pass_time(hours=6)
        world.operate("converge")
    world.pass_time(hours=24)
    world.settle()
    assert_one_end(acme, task_id, runs=1)


# --- keys ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("acme")
def test_making_a_key_takes_these_calls(world: World) -> None:
    assert trace(world, lambda: make_key(world, "acme")) == MAKE_KEY


@each_point(MAKE_KEY)
@pytest.mark.usefixtures("acme")
def test_a_key_whose_making_died_anywhere_can_be_made_again_and_the_torso_revoked(world: World, point: Point) -> None:
    path, body = "/v1/tenants/acme/keys", {"scopes": ["read"]}
    world.calls.at(point, die)
    made = world.persist(lambda: world.ask("POST", path, key=world.admin_key, body=body))
    assert made.status == 201
    assert world.ask("GET", "/v1/tasks", key=made.body["key"]).status == 200
    for key in world.ask("GET", path, key=world.admin_key).body["items"]:
        assert world.ask("DELETE", f"{path}/{key['keyid']}", key=world.admin_key).status == 204
    assert world.ask("GET", "/v1/tasks", key=made.body["key"]).problem == "unauthorized"
    assert world.ask("GET", path, key=world.admin_key).body["items"] == []


def test_revoking_a_key_takes_these_calls(world: World, acme: Tenant) -> None:
    path = f"/v1/tenants/acme/keys/{acme.key.split('_')[1]}"
    assert trace(world, lambda: world.ask("DELETE", path, key=world.admin_key)) == DELETE_KEY


@each_point(DELETE_KEY)
def test_a_key_whose_revocation_died_anywhere_is_revoked_by_the_repeated_request(
    world: World, acme: Tenant, point: Point
) -> None:
    path = f"/v1/tenants/acme/keys/{acme.key.split('_')[1]}"
    world.calls.at(point, die)
    assert world.persist(lambda: world.ask("DELETE", path, key=world.admin_key)).status in (204, 404)
    assert acme.ask("GET", "/v1/tasks").problem == "unauthorized"
    assert world.ask("DELETE", path, key=world.admin_key).status == 404


# --- subscriptions ------------------------------------------------------------------------------


def rules(world: World) -> list[str]:
    found = client("events").list_rules(EventBusName=world.stack.ref("Results"))["Rules"]
    return [rule["Name"] for rule in found]


def test_making_a_subscription_takes_these_calls(world: World, acme: Tenant) -> None:
    assert trace(world, lambda: acme.subscribe("second")) == MAKE_SUBSCRIPTION


@each_point(MAKE_SUBSCRIPTION)
def test_a_subscription_whose_making_died_anywhere_is_made_by_the_repeated_request(
    world: World, acme: Tenant, point: Point
) -> None:
    world.calls.at(point, die)
    assert world.persist(lambda: acme.subscribe("second")).status in (200, 201)
    assert len(rules(world)) == 2
    acme.submit()
    world.settle()
    assert [result["id"] for result in acme.results()] == [acme.results()[0]["id"]] * 2


@each_point(MAKE_SUBSCRIPTION)
def test_a_subscription_whose_making_died_anywhere_can_be_deleted(world: World, acme: Tenant, point: Point) -> None:
    world.calls.at(point, die)
    world.survive(lambda: acme.subscribe("second"))
    assert acme.ask("DELETE", "/v1/subscriptions/second").status in (204, 404)
    assert len(rules(world)) == 1
    assert [item["name"] for item in acme.ask("GET", "/v1/subscriptions").body["items"]] == ["all"]


def move_inbox(tenant: Tenant) -> Reply:
    """Other results to another queue."""
    target = {"sqs": "arn:aws:sqs:us-east-1:123456789012:inbox-acme-2"}
    return tenant.ask(
        "PUT", "/v1/subscriptions/all", body={"pattern": {"detail": {"lane": ["default"]}}, "target": target}
    )


def allow_second_inbox(world: World) -> Tenant:
    """A tenant that may move its subscription to a second queue; that queue as an inbox of its own."""
    client("sqs").create_queue(QueueName="inbox-acme-2")
    body = {"targets": ["fairlane-target-*", "inbox-acme*"]}
    assert world.ask("PUT", "/v1/tenants/acme", key=world.admin_key, body=body).status == 200
    return Tenant(world, "acme-2")


def test_changing_a_subscription_takes_these_calls(world: World, acme: Tenant) -> None:
    allow_second_inbox(world)
    assert trace(world, lambda: move_inbox(acme)) == CHANGE_SUBSCRIPTION


@each_point(CHANGE_SUBSCRIPTION)
def test_no_result_is_lost_while_a_subscription_moves_whatever_dies(world: World, acme: Tenant, point: Point) -> None:
    second = allow_second_inbox(world)
    world.calls.at(point, die)
    world.survive(lambda: move_inbox(acme))
    acme.submit(id="during")
    world.settle()
    assert len(acme.results()) + len(second.results()) >= 1
    assert world.persist(lambda: move_inbox(acme)).status == 200
    acme.submit(id="after")
    world.settle()
    assert [each["data"]["task"]["event_id"] for each in second.results()].count("after") == 1
    assert [each["data"]["task"]["event_id"] for each in acme.results()].count("after") == 0


def test_deleting_a_subscription_takes_these_calls(world: World, acme: Tenant) -> None:
    assert trace(world, lambda: acme.ask("DELETE", "/v1/subscriptions/all")) == DELETE_SUBSCRIPTION


@each_point(DELETE_SUBSCRIPTION)
def test_a_subscription_whose_deletion_died_anywhere_is_deleted_by_the_repeated_request(
    world: World, acme: Tenant, point: Point
) -> None:
    world.calls.at(point, die)
    assert world.persist(lambda: acme.ask("DELETE", "/v1/subscriptions/all")).status in (204, 404)
    assert rules(world) == []
    assert acme.ask("GET", "/v1/subscriptions/all").status == 404


# --- functions that need the long dispatcher ------------------------------------------------------


def make_slow(tenant: Tenant) -> Reply:
    return tenant.register("slow", target={"lambda": "fairlane-target-slow"})


def test_making_a_long_function_takes_these_calls(world: World, acme: Tenant) -> None:
    assert trace(world, lambda: make_slow(acme)) == MAKE_LONG_FUNCTION


@each_point(MAKE_LONG_FUNCTION)
def test_a_long_function_whose_making_died_anywhere_runs_after_the_repeated_request(
    world: World, acme: Tenant, point: Point
) -> None:
    world.calls.at(point, die)
    assert world.persist(lambda: make_slow(acme)).status in (200, 201)
    assert acme.lane_arn in world.mappings.fed_by("long-dispatcher")
    attributes = client("sqs").get_queue_attributes(
        QueueUrl=acme.lane_arn.rpartition(":")[2], AttributeNames=["VisibilityTimeout"]
    )["Attributes"]
    assert int(attributes["VisibilityTimeout"]) > 900
    task_id = acme.submit(type="slow").body["id"]
    world.settle()
    assert_one_end(acme, task_id, runs=1)


# --- the SDK's own retries ------------------------------------------------------------------------


@pytest.mark.parametrize("nth", range(1, MAKE_TENANT.count(PUT) + 1))
def test_a_write_of_the_registry_that_the_sdk_makes_twice_is_no_conflict(world: World, nth: int) -> None:
    world.calls.repeat("controller", PUT, nth)
    assert put_globex(world).status == 201
    assert_globex_works(world)


def test_a_write_whose_answer_is_lost_answers_503_and_is_repeatable(world: World) -> None:
    world.calls.at(Point("controller", PUT, AFTER, 2), lose_answer)  # the first is the mark
    assert put_globex(world).problem == "unavailable"
    assert put_globex(world).status == 200
    assert_globex_works(world)
