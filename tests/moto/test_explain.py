"""GET /v1/tasks/{id}/explain, with what really stands in the tables and queues. Each reason's text has a unit test."""

from datetime import timedelta
from typing import Any

import pytest

from fairlane.aws.slots import DynamoSlots
from fairlane.domain.slots import Change, Lease, lane_scope
from fairlane.domain.times import rfc3339, utc_now
from fairlane.ports.slots import Changed
from tests.moto.stack import client
from tests.moto.tenant_functions import raises
from tests.moto.tenants import ECHO, Tenant, make_key, make_tenant
from tests.moto.world import World


def explain(tenant: Tenant, task_id: str) -> Any:
    reply = tenant.ask("GET", f"/v1/tasks/{task_id}/explain")
    assert reply.status == 200, reply
    assert (reply.body["id"], reply.body["checked_at"]) == (task_id, rfc3339(utc_now()))
    return reply.body


def kinds(explanation: Any) -> list[str]:
    return [wait["kind"] for wait in explanation["waits_for"]]


def submitted(tenant: Tenant, event_id: str = "e-1", **attributes: Any) -> str:
    task_id: str = tenant.submit(id=event_id, **attributes).body["id"]
    return task_id


def hold(world: World, tenant: str, scope: str, count: int) -> None:
    """As a dispatcher does that runs so many attempts."""
    slots = DynamoSlots(client("dynamodb"), world.stack.environment("GatewayFunction")["FAIRLANE_QUOTAS_TABLE"])
    lease = Lease(utc_now() + timedelta(minutes=1), 1, {scope: count})
    assert isinstance(slots.change(tenant, Change("d", {"d": (None, lease)})), Changed)


def test_a_queued_task_sees_the_messages_of_its_lane(acme: Tenant) -> None:
    ids = [submitted(acme, f"e-{n}") for n in range(3)]
    found = explain(acme, ids[-1])
    assert found["position"] == {"ahead_at_most": 3, "hidden": 0, "delayed": 0}
    assert kinds(found) == ["queue"]


def test_a_task_that_is_not_due_says_when(acme: Tenant) -> None:
    due = rfc3339(utc_now() + timedelta(minutes=5))
    found = explain(acme, submitted(acme, notbefore=due))
    assert (kinds(found), found["waits_for"][0]["until"]) == (["due-time"], due)
    assert found["position"]["delayed"] == 1


def test_a_failed_attempt_says_what_failed_and_when_it_is_tried_again(world: World, acme: Tenant) -> None:
    acme.register(retry={"base": 40, "cap": 40})
    task_id = submitted(acme)
    world.functions.scripts[ECHO] = raises("Broken")
    world.poll("dispatcher")
    found = explain(acme, task_id)
    assert found["status"] == "retrying"
    assert "Broken: no" in found["summary"]
    assert found["waits_for"][0]["until"] == found["estimate"]["earliest"]


def test_slots_that_are_in_use_are_seen(world: World, acme: Tenant) -> None:
    assert acme.ask("PUT", "/v1/lanes/default", body={"concurrency": 2}).status == 200
    task_id = submitted(acme)
    hold(world, "acme", lane_scope("default"), 2)
    wait = explain(acme, task_id)["waits_for"][0]
    assert (wait["kind"], wait["limit"], wait["used"]) == ("lane-concurrency", 2, 2)
    world.pass_time(minutes=2)
    assert kinds(explain(acme, task_id)) == ["queue"]  # whoever held them has died


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/v1/lanes/default", "the lane default is paused"),
        ("/v1/functions/resize", "the function resize is paused"),
        ("/v1/tenants/acme", "the tenant is paused"),
    ],
)
def test_a_pause_is_told_with_its_beginning_until_it_ends(world: World, acme: Tenant, path: str, what: str) -> None:
    task_id = submitted(acme)
    key = world.admin_key if "tenants" in path else acme.key
    paused_at = rfc3339(utc_now())
    assert world.ask("POST", f"{path}/pause", key=key).status == 200
    world.pass_time(seconds=30)
    wait = explain(acme, task_id)["waits_for"][0]
    assert (wait["kind"], wait["what"], wait["since"]) == ("pause", what, paused_at)
    assert world.ask("POST", f"{path}/resume", key=key).status == 200
    assert kinds(explain(acme, task_id)) == ["queue"]


def test_a_deleted_function_is_told_before_the_task_fails_for_it(acme: Tenant) -> None:
    task_id = submitted(acme)
    assert acme.ask("DELETE", "/v1/functions/resize").status == 204
    assert kinds(explain(acme, task_id)) == ["missing-function", "queue"]


def test_an_ended_task_says_how_it_ended(world: World, acme: Tenant) -> None:
    acme.register(retry={"max_attempts": 1})
    task_id = submitted(acme)
    world.functions.scripts[ECHO] = raises("Broken")
    world.settle()
    found = explain(acme, task_id)
    assert found["end"]["why"] == "its only attempt failed with Broken: no"
    assert (found["waits_for"], found["estimate"], found["position"]) == ([], None, None)


def test_it_costs_two_reads_and_a_look_at_the_queue_and_nothing_but_the_read_once_ended(
    world: World, acme: Tenant
) -> None:
    task_id = submitted(acme)

    def calls() -> list[str]:
        world.calls.made.clear()
        explain(acme, task_id)
        made = [call for call in world.calls.made if "egistry" not in str(call.params.get("TableName"))]
        return sorted(call.name for call in made)

    assert calls() == ["dynamodb.GetItem", "dynamodb.GetItem", "sqs.GetQueueAttributes"]
    world.settle()
    assert calls() == ["dynamodb.GetItem"]


def test_it_changes_nothing(world: World, acme: Tenant) -> None:
    task_id = submitted(acme)
    before = acme.task(task_id)
    explain(acme, task_id)
    assert acme.task(task_id) == before
    world.settle()
    assert acme.task(task_id)["status"] == "succeeded"


def test_another_tenant_s_task_is_not_there(world: World, acme: Tenant) -> None:
    other = make_tenant(world, "other")
    reply = other.ask("GET", f"/v1/tasks/{submitted(acme)}/explain")
    nothing = other.ask("GET", f"/v1/tasks/t_{'a' * 26}/explain")
    assert (reply.status, reply.problem) == (nothing.status, nothing.problem) == (404, "not-found")


@pytest.mark.parametrize(("scopes", "status"), [(["read"], 200), (["submit", "manage"], 403)])
def test_it_needs_the_scope_read(world: World, acme: Tenant, scopes: list[str], status: int) -> None:
    key = make_key(world, "acme", scopes=scopes)
    assert world.ask("GET", f"/v1/tasks/{submitted(acme)}/explain", key=key).status == status
