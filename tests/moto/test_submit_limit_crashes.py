"""A limited tenant's task, with the process dying, or an answer lost, before and after each call about its limits.

What is counted is never too little, and what is too much is put right: nothing refuses for ever.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.moto.calls import AFTER, BEFORE, Point, When, die, lose_answer, refuse_connection
from tests.moto.endings import assert_one_end, records_of
from tests.moto.limits import backlog, heal, set_limits, unended
from tests.moto.tenants import Tenant, an_event
from tests.moto.world import Reply, World

GET, PUT, UPDATE = "dynamodb.GetItem", "dynamodb.PutItem", "dynamodb.UpdateItem"
SEND, DEPTH = "sqs.SendMessageBatch", "sqs.GetQueueAttributes"


@dataclass(frozen=True)
class Step:
    """A call of a limited task's path: who makes it, and which one of its kind it is."""

    name: str
    function: str
    call: str
    nth: int


STEPS = (
    Step("look at the meter", "gateway", GET, 5),
    Step("ask the queue's depth", "gateway", DEPTH, 1),
    Step("start the meter", "gateway", PUT, 1),
    Step("take the permit", "gateway", UPDATE, 1),
    Step("put the record", "gateway", PUT, 2),
    Step("send to the lane", "gateway", SEND, 1),
    Step("commit the end", "dispatcher", UPDATE, 2),
    Step("send the result", "dispatcher", SEND, 1),
    Step("give the place back", "dispatcher", UPDATE, 3),
)
each_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name.replace(" ", "-"))
each_when = pytest.mark.parametrize("when", [BEFORE, AFTER])


@pytest.fixture
def limited(acme: Tenant) -> Tenant:
    set_limits(acme, submit_rate=100, backlog=1)
    return acme


def go_through(world: World, tenant: Tenant) -> None:
    """A stubborn client, all messages, and the janitor: one end, and nothing counted that is not there."""
    reply = world.persist(lambda: until_admitted(tenant))
    assert reply.status in (200, 202)
    assert (backlog(tenant) or 0) >= unended(tenant)
    world.settle()
    assert_one_end(tenant, reply.body["id"])
    assert len(records_of(tenant)) == 1
    heal(tenant)
    assert backlog(tenant) == 0
    world.start()
    assert [tenant.submit(id=f"next-{number}").status for number in range(2)] == [202, 429]


def until_admitted(tenant: Tenant) -> Reply:
    """The janitor frees what a dead gateway has left taken."""
    reply = tenant.submit()
    if reply.status != 429:
        return reply
    heal(tenant)
    return tenant.submit()


@each_step
@each_when
def test_a_process_that_dies_leaves_nothing_counted_for_ever(
    world: World, limited: Tenant, step: Step, when: When
) -> None:
    world.calls.at(Point(step.function, step.call, when, step.nth), die)
    go_through(world, limited)


@each_step
@pytest.mark.parametrize(
    ("when", "fail"), [(BEFORE, refuse_connection), (AFTER, lose_answer)], ids=["not-sent", "answer-lost"]
)
def test_a_call_that_fails_leaves_nothing_counted_for_ever(
    world: World, limited: Tenant, step: Step, when: When, fail: Callable[[], None]
) -> None:
    world.calls.at(Point(step.function, step.call, when, step.nth), fail)
    go_through(world, limited)


SDK_REPEATS = [step for step in STEPS if step.name != "give the place back"]  # by a client that never does


@pytest.mark.parametrize("step", SDK_REPEATS, ids=lambda step: step.name.replace(" ", "-"))
def test_a_call_that_the_sdk_makes_twice_counts_once(world: World, limited: Tenant, step: Step) -> None:
    world.calls.repeat(step.function, step.call, step.nth)
    assert limited.submit().status == 202
    assert backlog(limited) == 1
    world.settle()
    assert backlog(limited) == 0


def test_these_are_all_the_calls_about_limits(world: World, limited: Tenant) -> None:
    world.calls.made.clear()
    limited.submit()
    world.poll("dispatcher")

    def of_quotas(function: str) -> list[str]:
        made = [call for call in world.calls.made if call.function == function]
        return [call.name for call in made if str(call.params.get("TableName")).endswith("Quotas")]

    assert of_quotas("gateway") == [GET, PUT, UPDATE]
    assert of_quotas("dispatcher") == [UPDATE]
    world.settle()


@each_when
def test_a_gateway_that_dies_while_it_gives_back_what_a_duplicate_took(world: World, acme: Tenant, when: When) -> None:
    set_limits(acme, backlog=2)
    acme.submit(id="e-0")
    world.calls.at(Point("gateway", UPDATE, when, nth=2), die)  # the duplicate's permit, then the give-back
    world.survive(lambda: acme.submit(id="e-0"))
    assert backlog(acme) == (2 if when == BEFORE else 1)

    heal(acme)

    assert backlog(acme) == 1
    assert [acme.submit(id=f"e-{number}").status for number in (1, 2)] == [202, 429]


def test_a_batch_of_which_a_gateway_dies_is_not_counted_twice(world: World, acme: Tenant) -> None:
    set_limits(acme, backlog=10)
    world.calls.at(Point("gateway", PUT, AFTER, nth=4), die)  # the meter, then three of the records
    events = [an_event(id=f"e-{number}") for number in range(5)]
    reply = world.persist(lambda: world.submit_batch(acme.key, events))
    assert [item.get("duplicate") for item in reply.body["items"]] == [True] * 3 + [False] * 2
    assert (backlog(acme), unended(acme)) == (7, 5)  # of the first five, the two that were not recorded
    heal(acme)
    assert backlog(acme) == 5
    world.settle()
    assert backlog(acme) == 0


def test_a_record_whose_client_vanished_holds_no_place_for_ever(world: World, limited: Tenant) -> None:
    world.calls.at(Point("gateway", SEND, BEFORE), refuse_connection)
    assert limited.submit(id="vanished").status == 503
    assert limited.submit(id="next").status == 429

    heal(limited)

    assert limited.submit(id="next").status == 202
