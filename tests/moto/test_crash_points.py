"""The path of one task, with the process dying, or an answer lost, before and after each of its AWS calls.

After each, the client repeats, messages come again and time passes: one end, one result, nothing left.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.moto.calls import AFTER, BEFORE, Point, When, die, lose_answer, refuse_connection
from tests.moto.endings import assert_one_end, records_of, runs_of
from tests.moto.stack import client
from tests.moto.tenant_functions import CALL, Script, raises, returns, silent_then_returns, throttled_then_returns
from tests.moto.tenants import ECHO, Tenant, an_event
from tests.moto.world import World

GET, PUT, UPDATE = "dynamodb.GetItem", "dynamodb.PutItem", "dynamodb.UpdateItem"
SEND, HIDE, DELETE = "sqs.SendMessageBatch", "sqs.ChangeMessageVisibilityBatch", "sqs.DeleteMessageBatch"
RECEIVE, PUBLISH = "sqs.ReceiveMessage", "eventbridge.PutEvents"

SHORT, LONG = returns(), returns(f'"{"x" * 10_000}"')
FLAKY = raises(times=1)


@dataclass(frozen=True)
class Step:
    """A call of the path: who makes it, and which one of its kind it is.

    And how often the function runs in all, if the process dies before that call, or after it.
    """

    name: str
    function: str
    call: str
    nth: int
    runs_when_died_before: int
    runs_when_died_after: int
    script: Script = SHORT


#: Every AWS call of the path; `test_these_are_all_the_calls_of_the_path` holds them together.
STEPS = (
    Step("read the key", "gateway", GET, 1, 1, 1),
    Step("read the tenant", "gateway", GET, 2, 1, 1),
    Step("read the function to check", "gateway", GET, 3, 1, 1),
    Step("read the lane", "gateway", GET, 4, 1, 1),
    Step("put the record", "gateway", PUT, 1, 1, 1),
    Step("send to the lane", "gateway", SEND, 1, 1, 1),
    Step("receive from the lane", "mapping", RECEIVE, 1, 1, 1),
    Step("read the owner of the lane queue", "dispatcher", GET, 1, 1, 1),
    Step("read the function to plan", "dispatcher", GET, 2, 1, 1),
    Step("read the tenant's limits to plan", "dispatcher", GET, 3, 1, 1),
    Step("read the lane's limits to plan", "dispatcher", GET, 4, 1, 1),
    Step("read the function's limits to plan", "dispatcher", GET, 5, 1, 1),
    Step("read the tenant's limits", "dispatcher", GET, 6, 1, 1),
    Step("read the lane's limits", "dispatcher", GET, 7, 1, 1),
    Step("read the function's limits", "dispatcher", GET, 8, 1, 1),
    Step("read the function to call", "dispatcher", GET, 9, 1, 1),
    Step("claim", "dispatcher", UPDATE, 1, 1, 1),
    Step("call the function", "dispatcher", CALL, 1, 1, 2),
    Step("put the long result", "dispatcher", PUT, 1, 2, 2, LONG),
    Step("commit the end", "dispatcher", UPDATE, 2, 2, 1),
    Step("commit the end with a long result", "dispatcher", UPDATE, 2, 2, 1, LONG),
    Step("commit the retry", "dispatcher", UPDATE, 2, 2, 2, FLAKY),
    Step("send the result", "dispatcher", SEND, 1, 1, 1),
    Step("send the long result", "dispatcher", SEND, 1, 1, 1, LONG),
    Step("read whether the tenant has a backlog limit", "dispatcher", GET, 10, 1, 1),
    Step("hide until the retry", "dispatcher", HIDE, 1, 2, 2, FLAKY),
    Step("delete from the lane", "mapping", DELETE, 1, 1, 1),
    Step("receive from the results", "mapping", RECEIVE, 3, 1, 1),
    Step("read what kind of queue it is", "deliverer", GET, 1, 1, 1),
    Step("read the owner of the results queue", "deliverer", GET, 2, 1, 1),
    Step("publish", "deliverer", PUBLISH, 1, 1, 1),
    Step("delete from the results", "mapping", DELETE, 2, 1, 1),
)
#: The function fails on its first attempt; a lost attempt counts, so there the second one succeeds.
each_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name.replace(" ", "-"))


def run_through(world: World, tenant: Tenant, step: Step) -> str:
    """The whole path under a stubborn client; the task's id."""
    world.functions.scripts[ECHO] = step.script
    reply = world.persist(tenant.submit)
    assert reply.status in (200, 202)
    world.settle()
    task_id: str = reply.body["id"]
    return task_id


@each_step
def test_a_process_that_dies_before_a_call_loses_nothing(world: World, acme: Tenant, step: Step) -> None:
    world.calls.at(Point(step.function, step.call, BEFORE, step.nth), die)
    task_id = run_through(world, acme, step)
    assert_one_end(acme, task_id, runs=step.runs_when_died_before)
    assert len(records_of(acme)) == 1


@each_step
def test_a_process_that_dies_after_a_call_loses_nothing(world: World, acme: Tenant, step: Step) -> None:
    world.calls.at(Point(step.function, step.call, AFTER, step.nth), die)
    task_id = run_through(world, acme, step)
    assert_one_end(acme, task_id, runs=step.runs_when_died_after)
    assert len(records_of(acme)) == 1


OURS = [step for step in STEPS if step.function != "mapping" and step.call != CALL]
each_of_ours = pytest.mark.parametrize("step", OURS, ids=lambda step: step.name.replace(" ", "-"))


@each_of_ours
@pytest.mark.parametrize(
    ("when", "fail"), [(BEFORE, refuse_connection), (AFTER, lose_answer)], ids=["not-sent", "answer-lost"]
)
def test_a_call_that_fails_loses_nothing(
    world: World, acme: Tenant, step: Step, when: When, fail: Callable[[], None]
) -> None:
    world.calls.at(Point(step.function, step.call, when, step.nth), fail)
    task_id = run_through(world, acme, step)
    assert_one_end(acme, task_id)
    assert len(runs_of(acme, task_id)) in (1, 2)
    assert len(records_of(acme)) == 1


@each_of_ours
def test_a_call_that_the_sdk_makes_twice_counts_once(world: World, acme: Tenant, step: Step) -> None:
    world.calls.repeat(step.function, step.call, step.nth)
    world.functions.scripts[ECHO] = step.script
    reply = acme.submit()
    assert (reply.status, reply.body["duplicate"]) == (202, False)
    world.settle()
    task = assert_one_end(acme, reply.body["id"], runs=2 if step.script is FLAKY else 1)
    assert task["attempt"] == (2 if step.script is FLAKY else 1)


def test_these_are_all_the_calls_of_the_path(world: World, acme: Tenant) -> None:
    known = {(step.function, step.call, step.nth) for step in STEPS if step.call != CALL}
    for number, script in enumerate((SHORT, LONG, FLAKY)):
        world.calls.made.clear()
        world.functions.scripts[ECHO] = script
        acme.submit(id=f"e-{number}")
        while world.poll("dispatcher") + world.poll("deliverer"):
            pass
        for function in ("gateway", "dispatcher", "deliverer"):
            names = world.calls.names(function)
            made = {(function, name, names[: n + 1].count(name)) for n, name in enumerate(names)}
            assert made <= known
            if script is SHORT:
                short = {(s.function, s.call, s.nth) for s in STEPS if s.script is SHORT and s.call != CALL}
                assert made == {each for each in short if each[0] == function}
        world.settle()


# --- what the client does not repeat ------------------------------------------------------------


def test_a_record_whose_client_vanished_before_the_send_goes_away_by_itself(world: World, acme: Tenant) -> None:
    world.calls.at(Point("gateway", SEND, BEFORE), refuse_connection)
    assert acme.submit().problem == "unavailable"
    world.settle()
    [record] = records_of(acme)
    assert record["status"]["S"] == "queued"
    assert int(record["ttl"]["N"]) > 0
    assert (world.functions.runs, acme.results()) == ([], [])


def test_an_unconfirmed_send_answers_503_with_retry_after(world: World, acme: Tenant) -> None:
    world.calls.at(Point("gateway", SEND, AFTER), lose_answer)
    reply = acme.submit()
    assert (reply.status, reply.problem, reply.headers["Retry-After"]) == (503, "unavailable", "1")
    assert "repeat" in reply.body["detail"]


def test_a_batch_whose_send_fails_in_part_confirms_the_other_part(world: World, acme: Tenant) -> None:
    world.calls.at(Point("gateway", SEND, BEFORE, nth=2), refuse_connection)
    items = world.submit_batch(acme.key, [an_event(id=f"e-{n}") for n in range(15)]).body["items"]
    assert [("id" in item) for item in items] == [True] * 10 + [False] * 5
    assert {item["error"]["status"] for item in items[10:]} == {503}
    again = world.submit_batch(acme.key, [an_event(id=f"e-{n}") for n in range(15)])
    assert (again.status, {item["duplicate"] for item in again.body["items"]}) == (200, {True})
    world.settle()
    for item in again.body["items"]:
        assert_one_end(acme, item["id"], runs=1)


def test_one_record_that_cannot_be_put_does_not_lose_its_neighbours(world: World, acme: Tenant) -> None:
    world.calls.at(Point("gateway", PUT, AFTER, nth=2), lose_answer)
    reply = world.submit_batch(acme.key, [an_event(id=f"e-{n}") for n in range(3)])
    assert (reply.status, ["error" in item for item in reply.body["items"]]) == (207, [False, True, False])
    again = acme.submit(id="e-1")
    assert (again.status, again.body["duplicate"]) == (200, True)
    world.settle()
    assert {assert_one_end(acme, record["pk"]["S"].partition("#")[2], runs=1)["status"] for record in records_of(acme)}


# --- explicit deduplication keys ----------------------------------------------------------------


@pytest.mark.parametrize("nth", [1, 2], ids=["pointer", "record"])
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_gateway_that_dies_at_a_put_of_a_dedupkey_makes_one_task(
    world: World, acme: Tenant, nth: int, when: When
) -> None:
    world.calls.at(Point("gateway", PUT, when, nth), die)
    reply = world.persist(lambda: acme.submit(dedupkey="k"))
    world.settle()
    assert_one_end(acme, reply.body["id"], runs=1)
    assert len(records_of(acme)) == 1


# --- attempts that are lost ---------------------------------------------------------------------


def test_a_task_whose_every_attempt_dies_fails_as_lost(world: World, acme: Tenant) -> None:
    acme.register(retry={"max_attempts": 2})
    for nth in (1, 2):
        world.calls.at(Point("dispatcher", CALL, AFTER, nth), die)
    task_id = acme.submit().body["id"]
    world.settle()
    task = assert_one_end(acme, task_id, status="failed", runs=2)
    assert task["error"]["type"] == "lost"
    assert task["attempt"] == 2


@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_process_that_dies_while_it_ends_a_lost_task_loses_nothing(world: World, acme: Tenant, when: When) -> None:
    acme.register(retry={"max_attempts": 1})
    world.calls.at(Point("dispatcher", CALL, AFTER), die)
    # claim, refused claim, then the end
    world.calls.at(Point("dispatcher", UPDATE, when, nth=3), die)
    task_id = acme.submit().body["id"]
    world.settle()
    assert_one_end(acme, task_id, status="failed", runs=1)


def test_a_lost_attempt_is_followed_only_after_its_lease(world: World, acme: Tenant) -> None:
    world.calls.at(Point("dispatcher", CALL, AFTER), die)
    task_id = acme.submit().body["id"]
    world.poll("dispatcher")
    [(_, record)] = world.seen_by("dispatcher")
    world.pass_time(seconds=27)
    world.redeliver("dispatcher", [("", record)])
    assert len(runs_of(acme, task_id)) == 1
    world.pass_time(seconds=2)
    world.redeliver("dispatcher", [("", record)])
    assert len(runs_of(acme, task_id)) == 2
    world.settle()
    assert_one_end(acme, task_id, runs=2)


def test_an_attempt_without_an_answer_is_repeated_after_its_lease(world: World, acme: Tenant) -> None:
    world.functions.scripts[ECHO] = silent_then_returns()
    task_id = acme.submit().body["id"]
    world.settle()
    assert assert_one_end(acme, task_id, runs=2)["attempt"] == 2


def test_a_throttled_attempt_is_given_back(world: World, acme: Tenant) -> None:
    acme.register(retry={"max_attempts": 1})
    world.functions.scripts[ECHO] = throttled_then_returns()
    task_id = acme.submit().body["id"]
    world.settle()
    assert assert_one_end(acme, task_id, runs=2)["attempt"] == 1


# --- the bus ------------------------------------------------------------------------------------


def test_a_result_that_the_bus_refuses_for_now_is_published_later(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    client("events").delete_event_bus(Name=world.stack.ref("Results"))
    world.poll("dispatcher")
    world.poll("deliverer")
    assert world.depth(acme.results_arn) == 1
    client("events").create_event_bus(Name=world.stack.ref("Results"))
    acme.subscribe()
    world.settle()
    assert_one_end(acme, task_id, runs=1)
