"""POST /v1/tasks with the events that API Gateway really sends. Each rule of the parser has its own unit test."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fairlane.domain.task import TaskError
from fairlane.ports.targets import Answer, Raised, Returned
from tests.moto.endings import assert_one_end, records_of
from tests.moto.proxy_events import Place
from tests.moto.tenants import Tenant, an_event, make_key
from tests.moto.world import BATCHED, STRUCTURED, World

each_place = pytest.mark.parametrize("place", ["aws", "ministack"])
Headers = Sequence[tuple[str, str]]


def ce_headers(**changed: str | None) -> list[tuple[str, str]]:
    """The headers of a valid event in binary mode."""
    given = {"specversion": "1.0", "id": "e-1", "source": "/orders", "type": "resize", **changed}
    return [(f"ce-{name}", value) for name, value in given.items() if value is not None]


# --- content modes ------------------------------------------------------------------------------


@each_place
def test_the_three_content_modes_make_the_same_task(world: World, acme: Tenant, place: Place) -> None:
    def post(headers: Headers, body: bytes) -> Any:
        return acme.ask("POST", "/v1/tasks", headers=headers, body=body, place=place)

    event = an_event(subject="ä b")
    headers = [*ce_headers(), ("Ce-Subject", "%C3%A4%20b"), ("Content-Type", "application/json")]
    binary = post(headers, json.dumps({"n": 1}).encode())
    structured = post([("content-type", f"{STRUCTURED}; charset=UTF-8")], json.dumps(event).encode())
    batched = post([("Content-Type", BATCHED)], json.dumps([event]).encode())
    assert (binary.status, structured.status, batched.status) == (202, 200, 200)
    task_id = binary.body["id"]
    assert binary.headers["Location"] == f"/v1/tasks/{task_id}"
    assert structured.body == {"id": task_id, "status": "queued", "duplicate": True}
    assert batched.body == {"items": [{"id": task_id, "status": "queued", "duplicate": True}]}
    world.settle()
    assert_one_end(acme, task_id, runs=1)
    [run] = world.functions.runs
    assert (run["subject"], run["data"], run["tenant"], run["attempt"]) == ("ä b", {"n": 1}, "acme", 1)


# --- bad input ----------------------------------------------------------------------------------

JSON_TYPE = ("Content-Type", STRUCTURED)
BOMB = b'{"specversion":"1.0","id":"1","source":"/s","type":"resize","data":' + b"[" * 100_000
BAD: dict[str, tuple[Headers, bytes, int, str]] = {
    "a missing id": ([JSON_TYPE], json.dumps(an_event(id=None)).encode(), 400, "malformed"),
    "an empty source": ([JSON_TYPE], json.dumps(an_event(source="")).encode(), 400, "malformed"),
    "a wrong specversion": ([JSON_TYPE], json.dumps(an_event(specversion="0.3")).encode(), 400, "malformed"),
    "a bad time": ([JSON_TYPE], json.dumps(an_event(time="yesterday")).encode(), 400, "malformed"),
    "a bad notbefore": ([JSON_TYPE], json.dumps(an_event(notbefore="soon")).encode(), 400, "malformed"),
    "an attribute that is an object": ([JSON_TYPE], json.dumps(an_event(extra={})).encode(), 400, "malformed"),
    "data twice": ([JSON_TYPE], json.dumps(an_event(data_base64="AA==")).encode(), 400, "malformed"),
    "bad base64": ([JSON_TYPE], json.dumps(an_event(data=None, data_base64="?")).encode(), 400, "malformed"),
    "an own attribute": ([JSON_TYPE], json.dumps(an_event(tenant="globex")).encode(), 422, "refused"),
    "an own attribute in a header": (ce_headers(attempt="9"), b"", 422, "refused"),
    "no JSON": ([JSON_TYPE], b"{", 400, "malformed"),
    "NaN": ([JSON_TYPE], json.dumps(an_event(data=float("nan"))).encode(), 400, "malformed"),
    "an empty body": ([JSON_TYPE], b"", 400, "malformed"),
    "an array instead of an event": ([JSON_TYPE], b"[]", 400, "malformed"),
    "invalid UTF-8": ([JSON_TYPE], b'{"id": "\xff"}', 400, "malformed"),
    "a nesting bomb": ([JSON_TYPE], BOMB, 400, "malformed"),
    "a nesting bomb in a batch": ([("Content-Type", BATCHED)], b"[" * 200_000, 400, "malformed"),
    "bad percent-encoding": (ce_headers(subject="%zz"), b"", 400, "malformed"),
    "percent-encoded bytes that are no UTF-8": (ce_headers(subject="%ff"), b"", 400, "malformed"),
    "ce-datacontenttype": (ce_headers(datacontenttype="text/plain"), b"x", 400, "malformed"),
    "a header twice": ([*ce_headers(), ("ce-id", "e-2")], b"", 400, "malformed"),
    "an event that is no object": ([("Content-Type", BATCHED)], b"{}", 400, "malformed"),
    "101 events": ([("Content-Type", BATCHED)], json.dumps([an_event()] * 101).encode(), 413, "too-large"),
    "4 MB and more": ([JSON_TYPE], b" " * (4 * 1024 * 1024 + 1), 413, "too-large"),
    "an event above the tenant's limit": (
        [JSON_TYPE], json.dumps(an_event(data="x" * 300_000)).encode(), 413, "too-large",
    ),
    "no CloudEvent": ([("Content-Type", "application/json")], b"{}", 415, "unsupported-media-type"),
    "no content type": ([], b"{}", 415, "unsupported-media-type"),
    "Avro": ([("Content-Type", "application/cloudevents+avro")], b"x", 415, "unsupported-media-type"),
    "an unknown type": ([JSON_TYPE], json.dumps(an_event(type="paint")).encode(), 422, "refused"),
    "an illegal type": ([JSON_TYPE], json.dumps(an_event(type="a b")).encode(), 400, "malformed"),
    "an unknown lane": ([JSON_TYPE], json.dumps(an_event(lane="fast")).encode(), 422, "refused"),
    "an illegal lane": ([JSON_TYPE], json.dumps(an_event(lane="-")).encode(), 400, "malformed"),
    "an expired expirytime": (
        [JSON_TYPE], json.dumps(an_event(expirytime="2026-11-24T11:59:59Z")).encode(), 422, "refused",
    ),
}  # fmt: skip


@each_place
@pytest.mark.parametrize("what", BAD)
def test_bad_input_gets_the_right_problem_document_and_leaves_nothing(
    world: World, acme: Tenant, what: str, place: Place
) -> None:
    headers, body, status, kind = BAD[what]
    reply = acme.ask("POST", "/v1/tasks", headers=headers, body=body, place=place)
    assert (reply.status, reply.problem) == (status, kind)
    assert records_of(acme) == []
    assert world.depth(acme.lane_arn) == 0


def test_a_bad_event_in_a_batch_refuses_itself_alone(world: World, acme: Tenant) -> None:
    events = [an_event(id="a"), an_event(id=""), an_event(id="b", type="paint"), 7, an_event(id="c")]
    reply = world.submit_batch(acme.key, events)
    assert reply.status == 207
    items = reply.body["items"]
    assert [item.get("duplicate") for item in items] == [False, None, None, None, False]
    assert [item["error"]["status"] for item in items if "error" in item] == [400, 422, 400]
    assert items[2]["error"]["errors"][0]["pointer"] == "#/type"
    world.settle()
    assert len(world.functions.runs) == 2


def test_an_empty_batch_is_answered_with_no_items(world: World, acme: Tenant) -> None:
    reply = world.submit_batch(acme.key, [])
    assert (reply.status, reply.body) == (200, {"items": []})


def test_events_of_one_task_in_a_batch_are_one_task(world: World, acme: Tenant) -> None:
    events = [an_event(), an_event(id="e-2"), an_event(), an_event(data={"n": 2})]
    items = world.submit_batch(acme.key, events).body["items"]
    assert [item.get("duplicate") for item in items] == [False, False, True, None]
    assert items[0]["id"] == items[2]["id"]
    assert items[3]["error"]["status"] == 422
    world.settle()
    for item in items[:2]:
        assert_one_end(acme, item["id"], runs=1)


# --- deduplication ------------------------------------------------------------------------------


def test_the_same_event_with_another_payload_is_refused_unsent(world: World, acme: Tenant) -> None:
    acme.submit()
    reply = acme.submit(data={"n": 2})
    assert (reply.status, reply.problem) == (422, "refused")
    assert world.depth(acme.lane_arn) == 1


def test_time_and_trace_do_not_make_another_payload(acme: Tenant) -> None:
    first = acme.submit(time="2026-11-24T12:00:00Z", traceparent="00-a-b-01")
    again = acme.submit(time="2026-11-24T12:00:01Z", traceparent="00-c-d-01")
    assert (again.status, again.body["id"]) == (200, first.body["id"])


def test_the_same_event_of_two_tenants_is_two_tasks(world: World, acme: Tenant, globex: Tenant) -> None:
    ids = {tenant.submit().body["id"] for tenant in (acme, globex)}
    assert len(ids) == 2
    world.settle()
    for tenant in (acme, globex):
        assert len(tenant.results()) == 1


def test_a_dedupkey_counts_instead_of_source_and_id(world: World, acme: Tenant) -> None:
    first = acme.submit(id="a", dedupkey="order-7")
    again = acme.submit(id="b", source="/elsewhere", dedupkey="order-7")
    assert (first.status, again.status) == (202, 200)
    assert again.body == {"id": first.body["id"], "status": "queued", "duplicate": True}
    assert acme.submit(id="a", dedupkey="order-8").status == 202
    assert acme.submit(id="a").status == 202
    world.settle()
    assert_one_end(acme, first.body["id"], runs=1)


def test_a_dedupkey_with_another_payload_is_refused(acme: Tenant) -> None:
    acme.submit(dedupkey="k")
    assert acme.submit(dedupkey="k", data={"n": 2}).problem == "refused"


def test_a_dedupkey_can_be_used_again_after_its_window(world: World, acme: Tenant) -> None:
    first = acme.submit(dedupkey="k", dedupwindow=60)
    world.settle()
    world.pass_time(seconds=59)
    assert acme.submit(dedupkey="k", dedupwindow=60).body["duplicate"] is True
    world.pass_time(seconds=2)
    second = acme.submit(dedupkey="k", dedupwindow=60)
    assert (second.status, second.body["id"] != first.body["id"]) == (202, True)
    world.settle()
    assert_one_end(acme, second.body["id"], runs=1)


def test_a_dedupkey_twice_in_a_batch_is_one_task(world: World, acme: Tenant) -> None:
    reply = world.submit_batch(acme.key, [an_event(id="a", dedupkey="k"), an_event(id="b", dedupkey="k")])
    assert (reply.status, [item["duplicate"] for item in reply.body["items"]]) == (200, [False, True])
    assert len({item["id"] for item in reply.body["items"]}) == 1


def test_a_duplicate_after_the_expirytime_is_still_told_its_task(world: World, acme: Tenant) -> None:
    first = acme.submit(expirytime="2026-11-24T12:05:00Z")
    world.settle()
    world.pass_time(hours=1)
    again = acme.submit(expirytime="2026-11-24T12:05:00Z")
    assert (again.status, again.body["id"]) == (200, first.body["id"])


def test_a_duplicate_long_after_prolongs_the_record_beyond_its_message(world: World, acme: Tenant) -> None:
    acme.submit()
    [before] = records_of(acme)
    world.pass_time(days=3)
    assert acme.submit().body["duplicate"]
    [after] = records_of(acme)
    assert int(after["ttl"]["N"]) - int(before["ttl"]["N"]) == 3 * 24 * 3600


# --- times --------------------------------------------------------------------------------------


def test_a_task_with_notbefore_waits_for_it(world: World, acme: Tenant) -> None:
    reply = acme.submit(notbefore="2026-11-24T12:10:00Z")
    assert (reply.status, reply.body["status"]) == (202, "scheduled")
    world.pass_time(minutes=9)
    assert world.poll("dispatcher") == 0
    world.pass_time(minutes=1)
    assert world.poll("dispatcher") == 1
    world.settle()
    task = assert_one_end(acme, reply.body["id"], runs=1)
    assert task["started_at"] >= task["not_before"] == "2026-11-24T12:10:00.000Z"


def test_a_message_that_comes_before_notbefore_is_hidden_until_then(world: World, acme: Tenant) -> None:
    acme.submit(notbefore="2026-11-24T12:10:00Z")
    acme.submit(notbefore="2026-11-24T12:10:00Z")
    world.pass_time(minutes=10)
    world.poll("dispatcher")
    assert len(world.functions.runs) == 1


def test_a_task_that_is_not_started_in_time_ends_as_expired(world: World, acme: Tenant) -> None:
    task_id = acme.submit(expirytime="2026-11-24T12:05:00Z").body["id"]
    world.pass_time(minutes=6)
    world.settle()
    assert_one_end(acme, task_id, status="expired", runs=0)


def test_a_task_that_was_started_in_time_does_not_expire(world: World, acme: Tenant) -> None:
    world.functions.scripts["fairlane-target-echo"] = lambda event: _slowly(world, event)
    task_id = acme.submit(expirytime="2026-11-24T12:00:30Z").body["id"]
    world.settle()
    assert_one_end(acme, task_id, runs=2)


def _slowly(world: World, event: Any) -> Answer:
    world.pass_time(seconds=40)
    return Raised(TaskError("Busy", "again")) if event["attempt"] == 1 else Returned("1")


@pytest.mark.parametrize("days", [1, 30, 364])
def test_a_due_time_far_ahead_is_kept_and_exact_to_seconds(world: World, acme: Tenant, days: int) -> None:
    due = datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(days=days)
    task_id = acme.submit(notbefore=due.isoformat()).body["id"]
    assert world.depth(acme.lane_arn) == 0
    world.pass_time(days=days, minutes=-16)
    assert world.tidy()["due"] == 0
    world.pass_time(minutes=1, seconds=0.5)
    assert world.tidy()["due"] == 1
    world.pass_time(minutes=14, seconds=58)
    assert world.poll("dispatcher") == 0
    world.settle(step=timedelta(seconds=1))
    task = assert_one_end(acme, task_id, runs=1)
    assert task["attempt"] == 1
    assert timedelta() <= datetime.fromisoformat(task["started_at"]) - due <= timedelta(seconds=2)


def test_a_task_that_expires_before_its_due_time_ends_in_time(world: World, acme: Tenant) -> None:
    reply = acme.submit(notbefore="2026-11-24T13:00:00Z", expirytime="2026-11-24T12:20:00Z")
    world.settle()
    task = assert_one_end(acme, reply.body["id"], status="expired", runs=0)
    assert "2026-11-24T12:20" <= task["ended_at"] < "2026-11-24T12:30"


def test_a_due_time_more_than_a_year_ahead_is_refused(acme: Tenant) -> None:
    assert acme.submit(notbefore="2027-11-25T12:00:00Z").problem == "refused"


# --- who may ------------------------------------------------------------------------------------


def test_a_tenant_that_is_not_ready_is_told_to_repeat(world: World) -> None:
    world.mappings.first_state = "Creating"
    world.ask("PUT", "/v1/tenants/slow", key=world.admin_key, body={})
    key = make_key(world, "slow")
    reply = world.submit(key, an_event())
    assert (reply.problem, reply.headers["Retry-After"]) == ("unavailable", "5")


def test_a_function_that_is_gone_fails_its_queued_tasks(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    assert acme.ask("DELETE", "/v1/functions/resize").status == 204
    world.settle()
    task = assert_one_end(acme, task_id, status="failed", runs=0)
    assert task["error"]["type"] == "UnknownFunction"
