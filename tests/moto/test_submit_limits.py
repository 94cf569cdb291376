"""Submit rate, burst and backlog, as a client meets them."""

from typing import Any

import pytest

from tests.moto.calls import Calls
from tests.moto.limits import backlog, heal, set_limits
from tests.moto.tenant_functions import raises
from tests.moto.tenants import ECHO, Tenant, an_event
from tests.moto.world import Reply, World


def submit_all(tenant: Tenant, count: int, *, first: int = 0) -> list[Reply]:
    return [tenant.submit(id=f"e-{number}") for number in range(first, first + count)]


def statuses(replies: list[Reply]) -> list[int]:
    return [reply.status for reply in replies]


def quota_calls(calls: Calls, function: str = "gateway") -> list[str]:
    """Calls that touch the Quotas table."""
    made = [call for call in calls.made if call.function == function]
    return [call.name for call in made if str(call.params.get("TableName", "")).endswith("Quotas")]


# --- rate and burst -----------------------------------------------------------------------------


def test_exactly_the_burst_passes_and_then_the_rate(world: World, acme: Tenant) -> None:
    set_limits(acme, submit_rate=0.5, submit_burst=3)

    replies = submit_all(acme, 5)

    assert statuses(replies) == [202, 202, 202, 429, 429]
    refused = replies[3]
    assert refused.problem == "too-many-requests"
    assert refused.headers["Retry-After"] == "2"
    assert refused.headers["RateLimit-Policy"] == '"submit";q=3;w=6'
    assert refused.headers["RateLimit"] == '"submit";r=0;t=2'
    assert "0.5 tasks a second" in refused.body["detail"]
    assert "submit_rate" in refused.body["detail"]
    world.pass_time(seconds=int(refused.headers["Retry-After"]))
    assert statuses(submit_all(acme, 2, first=10)) == [202, 429]


def test_accepted_submits_tell_how_much_is_left(acme: Tenant) -> None:
    set_limits(acme, submit_rate=10, backlog=4)
    first, second = submit_all(acme, 2)
    again = acme.submit(id="e-1")

    assert first.headers["RateLimit-Policy"] == '"submit";q=10;w=1, "backlog";q=4;qu="concurrent-requests"'
    assert first.headers["RateLimit"] == '"submit";r=9;t=1, "backlog";r=3'
    assert second.headers["RateLimit"] == '"submit";r=8;t=1, "backlog";r=2'
    assert again.status == 200
    assert '"submit"' in again.headers["RateLimit-Policy"]


def test_a_tenant_without_limits_is_told_nothing_and_pays_nothing(world: World, acme: Tenant) -> None:
    reply = acme.submit()

    assert "RateLimit" not in reply.headers
    assert quota_calls(world.calls) == []
    world.settle()
    assert quota_calls(world.calls, "dispatcher") == []


def test_a_burst_without_a_rate_limits_nothing_and_says_so(acme: Tenant) -> None:
    answer = set_limits(acme, submit_burst=1)

    assert answer.body["not_enforced"] == ["limits.submit_burst"]
    assert statuses(submit_all(acme, 2)) == [202, 202]


def test_limits_are_enforced_and_named_as_such(acme: Tenant) -> None:
    assert set_limits(acme, submit_rate=1, submit_burst=2, backlog=3).body["not_enforced"] == []


# --- backlog ------------------------------------------------------------------------------------


def test_exactly_the_backlog_is_accepted_until_tasks_end(world: World, acme: Tenant) -> None:
    set_limits(acme, backlog=5)

    replies = submit_all(acme, 7)

    assert statuses(replies) == [202] * 5 + [429] * 2
    refused = replies[-1]
    assert refused.headers["RateLimit"] == '"backlog";r=0;t=2'
    assert refused.headers["Retry-After"] == "2"
    assert "5 of this tenant's tasks have not ended" in refused.body["detail"]
    world.settle()
    assert backlog(acme) == 0
    world.pass_time(seconds=2)
    assert statuses(submit_all(acme, 6, first=10)) == [202] * 5 + [429]


def test_a_place_that_got_free_is_taken_at_once(world: World, acme: Tenant) -> None:
    set_limits(acme, backlog=1)
    for number in range(3):
        assert acme.submit(id=f"e-{number}").status == 202
        world.settle()


def test_a_task_holds_its_place_until_its_end_whatever_its_attempts_do(world: World, acme: Tenant) -> None:
    world.functions.scripts[ECHO] = raises(times=2)
    set_limits(acme, backlog=1)
    acme.submit()
    for _ in range(3):
        world.poll("dispatcher")
        held = backlog(acme)
        ended = acme.ask("GET", "/v1/tasks").body["items"][0]["ended_at"] is not None
        assert held == (0 if ended else 1)
        world.pass_time(seconds=30)
    world.settle()
    assert backlog(acme) == 0


def test_an_end_that_is_told_again_gives_no_place_back(world: World, acme: Tenant) -> None:
    set_limits(acme, backlog=3)
    submit_all(acme, 1)
    world.settle()
    submit_all(acme, 2, first=1)

    world.redeliver("dispatcher", world.seen_by("dispatcher")[:1])

    assert backlog(acme) == 2


def test_failed_and_expired_tasks_give_their_places_back(world: World, acme: Tenant) -> None:
    world.functions.scripts[ECHO] = raises(times=99)
    acme.register(retry={"max_attempts": 1})
    set_limits(acme, backlog=2)
    acme.submit(id="fails")
    acme.submit(id="expires", notbefore="2026-11-24T12:10:00Z", expirytime="2026-11-24T12:05:00Z")
    assert backlog(acme) == 2
    world.settle()
    assert backlog(acme) == 0


def test_a_cancelled_task_gives_its_place_back_at_once_and_once(world: World, acme: Tenant) -> None:
    set_limits(acme, backlog=2)
    task_id = acme.submit(id="e-0").body["id"]
    submit_all(acme, 1, first=1)

    assert acme.ask("POST", f"/v1/tasks/{task_id}/cancel").status == 200
    assert acme.ask("POST", f"/v1/tasks/{task_id}/cancel").status == 409

    assert backlog(acme) == 1
    world.settle()
    assert backlog(acme) == 0


def test_a_redone_task_is_admitted_as_a_submitted_one_and_a_repeat_needs_no_place(world: World, acme: Tenant) -> None:
    world.functions.scripts[ECHO] = raises(times=1)
    acme.register(retry={"max_attempts": 1})
    set_limits(acme, backlog=1)
    task_id = acme.submit(id="e-0").body["id"]
    world.settle()
    assert acme.submit(id="e-1").status == 202
    headers = [("Idempotency-Key", "once")]
    refused = acme.ask("POST", f"/v1/tasks/{task_id}/redo", headers=headers)
    assert (refused.problem, "Retry-After" in refused.headers) == ("too-many-requests", True)
    world.settle()
    world.pass_time(seconds=int(refused.headers["Retry-After"]))
    for _ in range(2):
        assert acme.ask("POST", f"/v1/tasks/{task_id}/redo", headers=headers).status == 202
    assert backlog(acme) == 1
    assert acme.submit(id="e-2").status == 429
    world.settle()
    assert backlog(acme) == 0


def test_tasks_that_wait_outside_the_queues_keep_their_places(acme: Tenant) -> None:
    set_limits(acme, backlog=2)
    assert acme.submit(id="far", notbefore="2026-11-26T12:00:00Z").status == 202

    heal(acme)

    assert backlog(acme) == 1
    assert statuses(submit_all(acme, 2)) == [202, 429]


# --- batches ------------------------------------------------------------------------------------


def batch(tenant: Tenant, *ids: str, **more: Any) -> Reply:
    return tenant.world.submit_batch(tenant.key, [an_event(id=each, **more) for each in ids])


def test_of_a_batch_that_fits_in_part_the_first_ones_are_accepted(world: World, acme: Tenant) -> None:
    set_limits(acme, backlog=3)

    reply = batch(acme, "a", "b", "c", "d", "e")

    assert reply.status == 207
    assert ["id" in item for item in reply.body["items"]] == [True, True, True, False, False]
    assert {item["error"]["status"] for item in reply.body["items"][3:]} == {429}
    assert (reply.headers["Retry-After"], reply.headers["RateLimit"]) == ("2", '"backlog";r=0;t=2')
    world.settle()
    assert backlog(acme) == 0


def test_a_batch_is_admitted_with_one_write(world: World, acme: Tenant) -> None:
    set_limits(acme, submit_rate=100, backlog=100)
    acme.submit(id="first")
    world.calls.made.clear()

    assert batch(acme, *map(str, range(20))).status == 200

    assert quota_calls(world.calls) == ["dynamodb.UpdateItem"]


def test_repeats_within_a_batch_are_one_task_and_take_one_permit(acme: Tenant) -> None:
    set_limits(acme, submit_rate=0.1, submit_burst=2)

    reply = batch(acme, "a", "a", "b", "a", "c")

    assert [item.get("duplicate") for item in reply.body["items"]] == [False, True, False, True, None]


def test_a_bad_event_takes_no_permit(acme: Tenant) -> None:
    set_limits(acme, submit_rate=0.1, submit_burst=2)
    events = [an_event(id="a", type="paint"), an_event(id=""), an_event(id="b"), an_event(id="c")]

    items = acme.world.submit_batch(acme.key, events).body["items"]

    assert [item["error"]["status"] if "error" in item else 202 for item in items] == [422, 400, 202, 202]
    assert acme.submit(id="d", type="paint").status == 422
    assert acme.submit(id="d").status == 429


# --- duplicates ---------------------------------------------------------------------------------


def test_duplicates_use_up_nothing(acme: Tenant) -> None:
    set_limits(acme, submit_rate=0.1, submit_burst=3, backlog=3)
    acme.submit(id="e-0")

    for _ in range(5):
        assert acme.submit(id="e-0").status == 200
    assert acme.submit(id="e-0", data={"n": 2}).status == 422

    assert backlog(acme) == 1
    assert statuses(submit_all(acme, 3, first=1)) == [202, 202, 429]


@pytest.mark.parametrize("limits", [{"backlog": 2}, {"submit_rate": 0.001, "submit_burst": 2}])
def test_over_the_limit_a_repeat_of_an_accepted_event_is_told_so(acme: Tenant, limits: dict[str, Any]) -> None:
    set_limits(acme, **limits)
    assert statuses(submit_all(acme, 3)) == [202, 202, 429]

    assert acme.submit(id="e-1").body["duplicate"] is True
    reply = batch(acme, "e-0", "new", "e-1")
    assert [item.get("duplicate") for item in reply.body["items"]] == [True, None, True]


# --- what a flood costs -------------------------------------------------------------------------


def flood(world: World, tenant: Tenant, count: int) -> list[str]:
    """Calls of so many refused submits, besides those that authenticate and read the registry."""
    world.calls.made.clear()
    for number in range(count):
        assert tenant.submit(id=f"flood-{number}").status == 429
    made = [call for call in world.calls.made if not str(call.params.get("TableName", "")).endswith("Registry")]
    return [call.name for call in made]


@pytest.mark.parametrize("limits", [{"backlog": 1}, {"submit_rate": 0.01, "submit_burst": 1}])
def test_a_flood_that_is_refused_costs_no_requests(world: World, acme: Tenant, limits: dict[str, Any]) -> None:
    set_limits(acme, **limits)
    assert acme.submit(id="accepted").status == 202
    flood(world, acme, 30)

    assert len(flood(world, acme, 30)) == 0
    world.pass_time(seconds=1)
    again = flood(world, acme, 100)
    assert again.count("dynamodb.UpdateItem") == 0
    assert len(again) <= 11  # one look at the meter, ten at what may be repeats


# --- limits that change -------------------------------------------------------------------------


def test_a_raised_limit_is_in_force_at_once_and_a_lowered_one_too(acme: Tenant) -> None:
    set_limits(acme, submit_rate=0.01, submit_burst=1, backlog=1)
    assert statuses(submit_all(acme, 2)) == [202, 429]

    set_limits(acme, submit_rate=0.01, submit_burst=3, backlog=3)
    assert statuses(submit_all(acme, 3, first=2)) == [202, 202, 429]
    set_limits(acme, submit_rate=100, submit_burst=3, backlog=2)
    assert acme.submit(id="e-9").headers["RateLimit"].endswith('"backlog";r=0;t=2')
    set_limits(acme)
    assert statuses(submit_all(acme, 9, first=10)) == [202] * 9


def test_a_first_backlog_limit_starts_from_what_lies_in_the_queue(world: World, acme: Tenant) -> None:
    submit_all(acme, 4)
    set_limits(acme, backlog=5)

    assert statuses(submit_all(acme, 3, first=4)) == [202, 429, 429]
    world.settle()
    assert backlog(acme) == 0


def test_a_backlog_limit_that_is_set_again_forgets_what_was_counted_before(world: World, acme: Tenant) -> None:
    set_limits(acme, backlog=2)
    submit_all(acme, 2)
    set_limits(acme)
    world.settle()
    assert backlog(acme) == 2  # nobody counted meanwhile

    world.pass_time(seconds=1)
    set_limits(acme, backlog=2)
    assert statuses(submit_all(acme, 3, first=5)) == [202, 202, 429]


def test_limits_bind_their_own_tenant_only(acme: Tenant, globex: Tenant) -> None:
    set_limits(acme, backlog=1)
    submit_all(acme, 1)

    assert statuses(submit_all(globex, 3)) == [202] * 3
    assert acme.submit(id="another").status == 429


# --- chunks -------------------------------------------------------------------------------------


def test_where_the_limit_is_large_a_busy_instance_takes_permits_in_chunks(world: World, acme: Tenant) -> None:
    set_limits(acme, submit_rate=10_000, backlog=100_000)
    acme.submit(id="first")
    world.calls.made.clear()

    assert statuses(submit_all(acme, 100)) == [202] * 100

    assert quota_calls(world.calls) == ["dynamodb.UpdateItem"] * 10


def test_permits_of_a_chunk_that_nobody_uses_are_given_back(world: World, acme: Tenant) -> None:
    set_limits(acme, backlog=1_000)
    submit_all(acme, 2)
    assert backlog(acme) == 11

    world.pass_time(seconds=10)
    submit_all(acme, 1, first=5)

    assert backlog(acme) == 3


def test_permits_that_were_taken_under_other_limits_are_none_any_more(acme: Tenant) -> None:
    set_limits(acme, submit_rate=1_000)
    submit_all(acme, 2)
    set_limits(acme, submit_rate=1_000, backlog=4)

    assert statuses(submit_all(acme, 3, first=2)) == [202, 202, 429]


# --- who is told --------------------------------------------------------------------------------


def test_each_refusal_is_counted_by_its_limit(acme: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    set_limits(acme, backlog=1)

    def counted() -> int:
        return capsys.readouterr().out.count('"limit":"backlog"')

    submit_all(acme, 1)
    assert counted() == 0

    submit_all(acme, 2, first=1)
    assert counted() == 2
    batch(acme, "a", "b")
    assert counted() == 2
