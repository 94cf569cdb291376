"""Tasks that are due beyond what a queue can delay: the janitor's part, with crashes at each of its calls."""

from collections.abc import Callable

import pytest

from tests.moto.calls import AFTER, BEFORE, Point, When, die, lose_answer, refuse_connection
from tests.moto.endings import assert_one_end, records_of
from tests.moto.tenants import Tenant
from tests.moto.world import World

DUE = "2026-11-24T14:00:00Z"
#: Every call of a round that sends one due message: reading the index (twice four shards), task, event and lane.
CALLS = (
    *(("dynamodb.Query", n) for n in (1, 4, 5, 8)),
    *(("dynamodb.GetItem", n) for n in (1, 2, 3)),
    ("sqs.SendMessageBatch", 1),
    ("dynamodb.UpdateItem", 1),
)
each_call = pytest.mark.parametrize(("call", "nth"), CALLS)


def nearly_due(world: World, tenant: Tenant) -> str:
    """A far task whose message is to be sent now."""
    task_id: str = tenant.submit(notbefore=DUE).body["id"]
    world.pass_time(minutes=110)
    return task_id


@each_call
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_janitor_that_dies_loses_no_due_task(world: World, acme: Tenant, call: str, nth: int, when: When) -> None:
    task_id = nearly_due(world, acme)
    world.calls.at(Point("janitor", call, when, nth), die)
    world.survive(world.tidy)
    world.settle()
    task = assert_one_end(acme, task_id, runs=1)
    assert task["attempt"] == 1


@each_call
@pytest.mark.parametrize(("when", "fail"), [(BEFORE, refuse_connection), (AFTER, lose_answer)])
def test_a_call_that_fails_loses_no_due_task(
    world: World, acme: Tenant, call: str, nth: int, when: When, fail: Callable[[], None]
) -> None:
    task_id = nearly_due(world, acme)
    world.calls.at(Point("janitor", call, when, nth), fail)
    world.tidy()
    world.settle()
    assert_one_end(acme, task_id, runs=1)


def test_these_are_all_the_calls_of_a_round(world: World, acme: Tenant) -> None:
    nearly_due(world, acme)
    world.tidy()
    names = world.calls.names("janitor")
    assert {name: names.count(name) for name in names} == {
        "dynamodb.Query": 17,
        "dynamodb.GetItem": 3,
        "sqs.SendMessageBatch": 1,
        "dynamodb.UpdateItem": 1,
    }


@pytest.mark.parametrize("nth", [1, 2], ids=["event", "record"])
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_gateway_that_dies_while_it_records_a_far_task_makes_one(
    world: World, acme: Tenant, nth: int, when: When
) -> None:
    world.calls.at(Point("gateway", "dynamodb.PutItem", when, nth), die)
    reply = world.persist(lambda: acme.submit(notbefore=DUE))
    world.pass_time(minutes=110)
    world.settle()
    assert_one_end(acme, reply.body["id"], runs=1)
    assert len(records_of(acme)) == 1


def test_two_janitors_at_once_run_a_task_once(world: World, acme: Tenant) -> None:
    task_id = nearly_due(world, acme)
    world.calls.at_next("janitor", "sqs.SendMessageBatch", world.tidy)
    world.tidy()
    assert world.depth(acme.lane_arn) == 2
    world.settle()
    assert_one_end(acme, task_id, runs=1)


def test_a_duplicate_of_a_far_task_sends_no_message(world: World, acme: Tenant) -> None:
    first = acme.submit(notbefore=DUE)
    again = acme.submit(notbefore=DUE)
    assert (again.status, again.body["id"]) == (200, first.body["id"])
    assert world.depth(acme.lane_arn) == 0


def test_another_payload_under_the_id_of_a_far_task_is_refused_and_the_first_runs(world: World, acme: Tenant) -> None:
    task_id = acme.submit(notbefore=DUE).body["id"]
    assert acme.submit(notbefore=DUE, data={"n": 2}).problem == "refused"
    world.pass_time(minutes=110)
    world.settle()
    assert_one_end(acme, task_id, runs=1)
    assert [run["data"] for run in world.functions.runs] == [{"n": 1}]


def test_a_far_task_under_a_dedup_key_runs_as_the_first_event_said(world: World, acme: Tenant) -> None:
    task_id = acme.submit(notbefore=DUE, dedupkey="k").body["id"]
    assert acme.submit(notbefore=DUE, dedupkey="k", id="another").body["id"] == task_id
    world.pass_time(minutes=110)
    world.settle()
    assert_one_end(acme, task_id, runs=1)
    assert [run["id"] for run in world.functions.runs] == ["e-1"]


def test_what_cannot_be_sent_is_tried_again_behind_the_others(world: World, acme: Tenant, globex: Tenant) -> None:
    other = globex.submit(notbefore=DUE).body["id"]
    mine = nearly_due(world, acme)
    world.calls.at(Point("janitor", "sqs.SendMessageBatch", BEFORE), refuse_connection)
    assert world.tidy()["due"] == 1
    world.pass_time(minutes=1)
    assert world.tidy()["due"] == 1
    world.settle()
    assert_one_end(acme, mine, runs=1)
    assert_one_end(globex, other, runs=1)


def test_a_task_on_its_plain_way_costs_the_janitor_nothing(world: World, acme: Tenant) -> None:
    acme.submit()
    acme.submit(id="e-2", notbefore="2026-11-24T12:10:00Z")
    world.settle()
    assert not any("attention" in record for record in records_of(acme))
    world.tidy()
    assert set(world.calls.names("janitor")) == {"dynamodb.Query"}
