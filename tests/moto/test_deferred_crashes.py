"""Deferred tasks with the process dying, or an answer lost, before and after each of their writes and calls.

A worker completes whatever it was started for, and repeats its callback until it is confirmed; messages come
again, the janitor makes its rounds: one end, one result, nothing left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from fairlane.domain.times import utc_now
from tests.moto.calls import AFTER, BEFORE, Died, Point, When, die, lose_answer, refuse_connection
from tests.moto.deferred import Worker, defer, run_dispatcher, started
from tests.moto.endings import assert_one_end, records_of
from tests.moto.tenant_functions import START
from tests.moto.tenants import Tenant
from tests.moto.test_crash_points import GET, PUT, SEND, UPDATE
from tests.moto.world import Reply, World


@dataclass(frozen=True)
class Step:
    """A call of the deferred path: who makes it, and which one of its kind it is."""

    name: str
    function: str
    call: str
    nth: int


#: Of the first process that meets the message: what is new against the plain path.
STARTING = (
    Step("claim", "dispatcher", UPDATE, 1),
    Step("keep the event", "dispatcher", PUT, 1),
    Step("commit waiting", "dispatcher", UPDATE, 2),
    Step("read the token key", "dispatcher", GET, 3),
    Step("start the target", "dispatcher", START, 1),
    Step("note the start", "dispatcher", UPDATE, 3),
)
#: Of the callback.
ENDING = (
    Step("read the token key", "gateway", GET, 1),
    Step("read the task", "gateway", GET, 2),
    Step("commit the end", "gateway", UPDATE, 1),
    Step("send the result", "gateway", SEND, 1),
    Step("take the mark back", "gateway", UPDATE, 2),
)
#: Of a callback that fails and is tried again.
FAILING = (
    Step("read the function's policy", "gateway", GET, 3),
    Step("commit the retry", "gateway", UPDATE, 1),
    Step("read the kept event", "gateway", GET, 5),
    Step("send the message", "gateway", SEND, 1),
    Step("take the mark back", "gateway", UPDATE, 2),
)
#: Of the janitor, where nothing is heard in time.
TIMING_OUT = (
    Step("read the task", "janitor", GET, 1),
    Step("commit the time-out", "janitor", UPDATE, 1),
    Step("send the message", "janitor", SEND, 1),
    Step("take the mark back", "janitor", UPDATE, 2),
)
each_time = pytest.mark.parametrize("when", [BEFORE, AFTER])
each_failure = pytest.mark.parametrize(
    ("when", "fail"),
    [(BEFORE, die), (AFTER, die), (BEFORE, refuse_connection), (AFTER, lose_answer)],
    ids=["dies-before", "dies-after", "not-sent", "answer-lost"],
)


def each_of(steps: tuple[Step, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("step", steps, ids=lambda step: step.name.replace(" ", "-"))


@pytest.fixture
def deferring(acme: Tenant) -> Tenant:
    """A tenant whose function is deferred, with a deadline of two hours."""
    defer(acme, timeout=7200, retry={"max_attempts": 3, "base": 0})
    return acme


def submitted_and_started(world: World, tenant: Tenant) -> list[Worker]:
    """Submit, and let the dispatcher come to rest; everybody who was started."""
    world.persist(lambda: tenant.submit(type="train"))
    deadline = utc_now() + timedelta(minutes=30)
    while world.depth(tenant.lane_arn) and utc_now() < deadline:
        world.survive(lambda: run_dispatcher(world))
        world.pass_time(seconds=30)
    return [Worker(world, event) for event in world.functions.starts]


def confirmed(world: World, callback: Callable[[], Reply]) -> Reply:
    """A worker that repeats its callback until it is answered."""
    for _ in range(5):
        try:
            reply = callback()
        except Died:
            world.start()
            continue
        if reply.status != 503:
            return reply
    raise AssertionError("never confirmed")


@each_of(STARTING)
@each_failure
def test_a_start_survives(world: World, deferring: Tenant, step: Step, when: When, fail: Callable[[], None]) -> None:
    if step.call == START and fail is not die:
        pytest.skip("the starter tells what fails by its answer")
    world.calls.at(Point(step.function, step.call, when, step.nth), fail)
    workers = submitted_and_started(world, deferring)
    assert {worker.token for worker in workers}, "it was never started"
    assert len(workers) <= 2
    replies = [confirmed(world, worker.complete) for worker in workers]
    assert 200 in {reply.status for reply in replies}
    world.settle(within=timedelta(hours=3))
    assert_one_end(deferring, workers[0].task_id, runs=0)
    assert len(records_of(deferring)) == 1


@each_of(ENDING)
@each_failure
def test_a_completion_survives(
    world: World, deferring: Tenant, step: Step, when: When, fail: Callable[[], None]
) -> None:
    worker = started(world, deferring)
    world.calls.at(Point(step.function, step.call, when, step.nth), fail)
    assert confirmed(world, lambda: worker.complete("done")).status == 200
    world.settle()
    assert_one_end(deferring, worker.task_id, runs=0)
    assert deferring.task(worker.task_id)["result"] == "done"
    assert len(world.functions.starts) == 1


@each_of(FAILING)
@each_failure
def test_a_failure_survives_and_is_tried_again(
    world: World, deferring: Tenant, step: Step, when: When, fail: Callable[[], None]
) -> None:
    worker = started(world, deferring)
    world.calls.at(Point(step.function, step.call, when, step.nth), fail)
    assert confirmed(world, worker.fail).status == 200
    for _ in range(4):
        world.survive(world.tidy)
        world.survive(lambda: run_dispatcher(world))
        world.pass_time(seconds=60)
    assert len(world.functions.starts) == 2
    assert Worker(world, world.functions.starts[-1]).complete().status == 200
    world.settle()
    assert_one_end(deferring, worker.task_id, runs=0)


@each_of(TIMING_OUT)
@each_failure
def test_a_time_out_survives_and_is_tried_again(
    world: World, deferring: Tenant, step: Step, when: When, fail: Callable[[], None]
) -> None:
    worker = started(world, deferring)
    world.pass_time(seconds=7201)
    world.calls.at(Point(step.function, step.call, when, step.nth), fail)
    for _ in range(4):
        world.survive(world.tidy)
        world.survive(lambda: run_dispatcher(world))
        world.pass_time(seconds=60)
    assert len(world.functions.starts) == 2
    assert worker.complete().problem == "conflict"
    assert Worker(world, world.functions.starts[-1]).complete().status == 200
    world.settle()
    assert_one_end(deferring, worker.task_id, runs=0)


@each_of(STARTING)
@each_time
def test_a_message_that_comes_to_a_second_process_starts_one_attempt(
    world: World, deferring: Tenant, step: Step, when: When
) -> None:
    def again() -> None:
        world.redeliver("dispatcher", world.seen_by("dispatcher"))

    world.calls.at(Point(step.function, step.call, when, step.nth), again)
    workers = submitted_and_started(world, deferring)
    assert len({worker.token for worker in workers}) == 1
    assert len(workers) == 1
    assert workers[0].complete().status == 200
    world.settle()
    assert_one_end(deferring, workers[0].task_id, runs=0)


def test_a_message_that_comes_again_later_starts_nothing(world: World, deferring: Tenant) -> None:
    worker = started(world, deferring)
    for _ in range(3):
        world.redeliver("dispatcher", world.seen_by("dispatcher"))
        world.pass_time(minutes=10)
    assert (len(world.functions.starts), deferring.task(worker.task_id)["status"]) == (1, "waiting")


def test_two_callbacks_at_once_make_one_end(world: World, deferring: Tenant) -> None:
    worker = started(world, deferring)
    others: list[Reply] = []
    world.calls.at_next("gateway", UPDATE, lambda: others.append(worker.complete("y" * 5000)))
    first = worker.complete("x" * 5000)
    assert {first.status, others[0].status} == {200, 409}
    world.settle()
    assert deferring.task(worker.task_id)["result"] == "y" * 5000
    assert_one_end(deferring, worker.task_id, runs=0)
