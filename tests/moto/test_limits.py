"""Limits in the dispatcher: slots are taken before the claim and given back after it, whatever dies meanwhile."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fairlane.domain.task import TaskError
from fairlane.ports.registry import Entry
from fairlane.ports.targets import Answer, Returned, Throttled, Unknown
from tests.moto.calls import AFTER, BEFORE, Point, When, die, lose_answer, refuse_connection
from tests.moto.endings import assert_one_end, runs_of
from tests.moto.stack import client
from tests.moto.tenant_functions import CALL, Event
from tests.moto.tenants import ECHO, Tenant, an_event
from tests.moto.world import World

GET, UPDATE = "dynamodb.GetItem", "dynamodb.UpdateItem"
#: Of a task's path with limits: take, claim, commit, give back.
TAKE, GIVE_BACK = 1, 4
ALL = {"tenant": 3, "lane": 3, "function": 3}


def limit(customer: Tenant, /, **limits: Any) -> None:
    """Straight into the registry: which limits the API takes is the controller's matter."""
    for partition, item, name, value in (
        ("#tenants", customer.name, "concurrency", limits.get("tenant")),
        (customer.name, "lane#default", "concurrency", limits.get("lane")),
        (customer.name, "lane#default", "rate", limits.get("rate")),
        (customer.name, "lane#default", "burst", limits.get("burst")),
        (customer.name, "function#resize", "concurrency", limits.get("function")),
    ):
        change(customer, partition, item, {name: value})


def change(tenant: Tenant, partition: str, item: str, changes: Mapping[str, Any]) -> None:
    """A tenant's concurrency lies among its `limits`."""
    registry = tenant.world.registry
    entry = registry.get(partition, item)
    assert entry is not None
    if partition == "#tenants" and "concurrency" in changes:
        changes = {"limits": {**entry.doc["limits"], **changes}}
    registry.put(Entry(partition, item, {**entry.doc, **changes}, entry.version + 1), expected=entry.version)


def pause(tenant: Tenant, what: str, paused: bool = True) -> None:
    where = {
        "tenant": ("#tenants", tenant.name),
        "lane": (tenant.name, "lane#default"),
        "function": (tenant.name, "function#resize"),
    }
    change(tenant, *where[what], {"paused": paused})


def slots(tenant: Tenant) -> dict[str, Any]:
    """What is counted, without the key and what is zero."""
    found = [item for item in tenant.world.items("Quotas") if item["pk"]["S"] == f"{tenant.name}#slots"]
    return {name: value for item in found for name, value in item.items() if name != "pk" and value != {"N": "0"}}


@pytest.mark.parametrize("limits", [ALL, {"tenant": 1}, {"lane": 1}, {"function": 1}], ids=str)
def test_a_task_under_limits_ends_and_leaves_nothing_behind(world: World, acme: Tenant, limits: dict[str, int]) -> None:
    limit(acme, **limits)
    held: list[dict[str, Any]] = []

    def script(_: Event) -> Answer:
        held.append(slots(acme))
        return Returned("1")

    world.functions.scripts[ECHO] = script
    task_id = acme.submit().body["id"]
    world.settle()

    assert_one_end(acme, task_id, runs=1)
    counters = {name: value["N"] for name, value in held[0].items() if "N" in value}
    assert len(counters) == len(limits)
    assert set(counters.values()) == {"1"}
    assert slots(acme) == {}


def test_without_a_limit_nothing_is_written(world: World, acme: Tenant) -> None:
    acme.submit()
    world.settle()

    assert world.items("Quotas") == []
    assert world.calls.names("dispatcher").count(UPDATE) == 2


@pytest.mark.parametrize("nth", [TAKE, GIVE_BACK], ids=["take", "give-back"])
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_process_that_dies_at_a_write_of_slots_loses_neither_task_nor_slot(
    world: World, acme: Tenant, nth: int, when: When
) -> None:
    limit(acme, tenant=1, lane=1, function=1)
    world.calls.at(Point("dispatcher", UPDATE, when, nth), die)
    task_id = acme.submit().body["id"]
    world.settle()

    assert_one_end(acme, task_id, runs=1)
    world.pass_time(seconds=60)
    after = acme.submit(id="another").body["id"]
    world.settle()
    assert_one_end(acme, after, runs=1)
    assert slots(acme) == {}


@pytest.mark.parametrize("nth", [TAKE, GIVE_BACK], ids=["take", "give-back"])
@pytest.mark.parametrize(
    ("when", "fail"), [(BEFORE, refuse_connection), (AFTER, lose_answer)], ids=["not-sent", "answer-lost"]
)
def test_a_write_of_slots_that_fails_loses_nothing(
    world: World, acme: Tenant, nth: int, when: When, fail: Callable[[], None]
) -> None:
    limit(acme, **ALL)
    world.calls.at(Point("dispatcher", UPDATE, when, nth), fail)
    task_id = acme.submit().body["id"]
    world.settle()
    assert_one_end(acme, task_id, runs=1)

    world.pass_time(seconds=60)
    acme.submit(id="another")
    world.settle()
    assert slots(acme) == {}


@pytest.mark.parametrize("nth", [TAKE, GIVE_BACK], ids=["take", "give-back"])
def test_a_write_of_slots_that_the_sdk_makes_twice_counts_once(world: World, acme: Tenant, nth: int) -> None:
    limit(acme, **ALL)
    world.calls.repeat("dispatcher", UPDATE, nth)
    task_id = acme.submit().body["id"]
    world.settle()

    assert_one_end(acme, task_id, runs=1)
    assert slots(acme) == {}


def test_a_dispatcher_that_dies_during_the_call_keeps_its_slot_as_long_as_the_function_may_run(
    world: World, acme: Tenant
) -> None:
    limit(acme, lane=1)
    world.calls.at(Point("dispatcher", CALL, AFTER), die)
    first = acme.submit().body["id"]
    world.poll("dispatcher")
    second = acme.submit(id="second").body["id"]
    world.pass_time(seconds=27)
    world.poll("dispatcher")
    assert runs_of(acme, second) == []
    assert acme.task(second)["timeline"][-1]["detail"] == "waits: lane concurrency 1"

    world.pass_time(seconds=2)
    world.poll("dispatcher")
    assert len(runs_of(acme, second)) == 1
    world.settle()
    assert_one_end(acme, first, runs=2)


def test_an_attempt_without_an_answer_keeps_its_slot_until_its_deadline(world: World, acme: Tenant) -> None:
    limit(acme, function=1)
    answers: list[Answer] = [Unknown(TaskError("NoAnswer", "read timeout"))]
    world.functions.scripts[ECHO] = lambda _: answers.pop() if answers else Returned("1")
    first = acme.submit().body["id"]
    world.poll("dispatcher")
    assert slots(acme)["f.resize"] == {"N": "1"}

    second = acme.submit(id="second").body["id"]
    world.poll("dispatcher")
    assert runs_of(acme, second) == []
    world.settle()
    assert_one_end(acme, first, runs=2)
    assert_one_end(acme, second, runs=1)


def test_a_batch_runs_through_the_slots_that_are_left(world: World, acme: Tenant) -> None:
    limit(acme, lane=2)
    for n in range(10):
        acme.submit(id=f"e-{n}")
    world.calls.made.clear()
    assert world.poll("dispatcher") == 10

    assert len(world.functions.runs) == 10
    assert world.calls.names("dispatcher").count(UPDATE) == 2 * 10 + 2


@pytest.mark.parametrize("what", ["tenant", "lane", "function"])
def test_nothing_starts_while_paused_and_everything_does_after(world: World, acme: Tenant, what: str) -> None:
    pause(acme, what)
    task_id = acme.submit().body["id"]
    for _ in range(5):
        world.poll("dispatcher")
        world.pass_time(seconds=30)
    assert world.functions.runs == []
    assert acme.task(task_id)["timeline"][-1]["detail"] == f"the {what} is paused"

    pause(acme, what, paused=False)
    world.settle()
    assert_one_end(acme, task_id, runs=1)


def test_a_paused_task_expires_on_time(world: World, acme: Tenant) -> None:
    pause(acme, "lane")
    task_id = acme.submit(expirytime="2026-11-24T12:00:10Z").body["id"]
    world.poll("dispatcher")
    world.pass_time(seconds=11)
    world.poll("dispatcher")

    assert acme.task(task_id)["status"] == "expired"
    world.settle()
    assert_one_end(acme, task_id, status="expired", runs=0)


def test_a_lane_starts_no_faster_than_its_rate(world: World, acme: Tenant) -> None:
    limit(acme, rate=0.1, burst=2)
    for n in range(5):
        acme.submit(id=f"e-{n}")
    started = []
    for _ in range(40):
        world.poll("dispatcher")
        started.append(len(world.functions.runs))
        world.pass_time(seconds=1)

    assert started[0] == 2
    assert all(count <= 2 + seconds * 0.1 for seconds, count in enumerate(started))
    world.settle()
    assert len(world.functions.runs) == 5


def test_throttles_shrink_a_function_and_time_brings_it_back(world: World, acme: Tenant) -> None:
    world.functions.scripts[ECHO] = lambda _: Throttled(TaskError("TooManyRequestsException", "slow down"))
    for n in range(10):
        acme.submit(id=f"e-{n}")
    world.poll("dispatcher")
    pressure = slots(acme)["p.resize"]["S"]
    assert pressure.split(" ")[0] == "1.0"

    world.functions.scripts.clear()
    world.settle()
    assert {task["status"] for task in acme.ask("GET", "/v1/tasks").body["items"]} == {"succeeded"}
    assert {task["attempt"] for task in acme.ask("GET", "/v1/tasks").body["items"]} == {1}


def test_a_lowered_limit_binds_what_is_queued_already(world: World, acme: Tenant) -> None:
    limit(acme, lane=3)
    world.calls.at(Point("dispatcher", CALL, AFTER), die)
    acme.submit()
    world.poll("dispatcher")
    later = acme.submit(id="later").body["id"]
    limit(acme, lane=1)
    world.poll("dispatcher")
    assert runs_of(acme, later) == []


def test_a_share_binds_a_lane(world: World, acme: Tenant) -> None:
    limit(acme, lane=5)
    client("dynamodb").put_item(
        TableName=world.stack.ref("Quotas"), Item={"pk": {"S": "acme#slots"}, "s.default": {"N": "0"}}
    )
    task_id = acme.submit().body["id"]
    world.poll("dispatcher")
    assert acme.task(task_id)["timeline"][-1]["detail"] == "waits: lane share 0"


def test_a_saturated_lane_does_not_spin(world: World, acme: Tenant) -> None:
    """In the one-threaded world nobody waits in process: this is what hiding alone costs."""
    limit(acme, lane=1)
    world.calls.at(Point("dispatcher", CALL, AFTER), die)
    acme.register(timeout=50)
    world.start()
    acme.submit()
    world.poll("dispatcher")
    world.submit_batch(acme.key, [an_event(id=f"w-{n}") for n in range(10)])
    for _ in range(15):  # past the first, short times in hiding
        world.poll("dispatcher")
        world.pass_time(seconds=1)
    world.calls.made.clear()
    for _ in range(60):
        world.poll("dispatcher")
        world.pass_time(seconds=1)
    requests = [call for call in world.calls.made if call.function in ("dispatcher", "mapping")]
    billed = [call for call in requests if not call.name.endswith("ReceiveMessage") or "Messages" in call.answer]
    billed = [call for call in billed if call.params.get("TableName") != world.stack.ref("Registry")]
    print(f"requests per waiting task and minute: {len(billed) / 10}")  # noqa: T201 - the figure is to be quoted
    assert len(billed) / 10 <= 25
