"""What the table holds of a deferred attempt: its start, its heartbeats, its results."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fairlane.domain.attention import Attention, Kind
from fairlane.domain.task import Outcome, Status, Step, Task, Touch
from fairlane.ports.tasks import Refusal
from tests.contract.places import Tables
from tests.contract.test_tasks import claimed, committed, make
from tests.unit.domain.building import BOOM, NOW, after, an_outcome

MACHINE = "arn:aws:states:eu-west-1:123456789012:execution:m:fl-1"


def waiting(tables: Tables, **changes: Any) -> Task:
    """A deferred attempt whose start is not confirmed."""
    outcome = Outcome(
        Step.DEFER,
        NOW,
        lease_until=after(600),
        attention=Attention(Kind.DEADLINE, after(600)),
        start_by=after(45),
        **changes,
    )
    return committed(tables, claimed(tables, make(tables)), outcome)


def touched(tables: Tables, task: Task, touch: Touch) -> Task:
    got = tables.tasks.touch(task, touch)
    assert isinstance(got, Task), got
    return got


def test_a_waiting_task_has_its_deadline_its_start_and_what_runs_it(tables: Tables) -> None:
    task = waiting(tables, heartbeat=timedelta(seconds=60), execution=MACHINE)

    assert (task.status, task.lease_until, task.start_by) == (Status.WAITING, after(600), after(45))
    assert (task.heartbeat, task.execution) == (timedelta(seconds=60), MACHINE)
    assert tables.tasks.get(task.tenant, task.id) == task


@pytest.mark.parametrize("step", [Step.SUCCEED, Step.FAIL, Step.RETRY])
def test_nothing_of_the_wait_outlives_it(tables: Tables, step: Step) -> None:
    task = waiting(tables, heartbeat=timedelta(seconds=60), execution=MACHINE)
    over = committed(tables, task, an_outcome(step))

    assert (over.start_by, over.heartbeat, over.execution, over.lease_until, over.attention) == (None,) * 5


def test_a_start_is_confirmed(tables: Tables) -> None:
    task = touched(tables, waiting(tables), Touch(after(1)))

    assert (task.start_by, task.status, task.attention) == (None, Status.WAITING, Attention(Kind.DEADLINE, after(600)))


@pytest.mark.parametrize(("at_s", "taken"), [(44, False), (45, False), (46, True)])
def test_a_start_is_taken_over_only_when_it_was_not_confirmed_in_time(tables: Tables, at_s: int, taken: bool) -> None:
    task = waiting(tables)
    got = tables.tasks.touch(task, Touch(after(at_s), start_by=after(at_s + 45), only_unstarted=True))

    assert isinstance(got, Task) is taken
    if isinstance(got, Task):
        assert got.start_by == after(at_s + 45)


def test_a_confirmed_start_is_not_taken_over(tables: Tables) -> None:
    task = touched(tables, waiting(tables), Touch(after(1)))

    got = tables.tasks.touch(task, Touch(after(999), start_by=after(1044), only_unstarted=True))

    assert got == Refusal(task)


def test_only_one_of_two_takes_a_start_over(tables: Tables) -> None:
    task = waiting(tables)
    takes = [tables.tasks.touch(task, Touch(after(50), start_by=after(95), only_unstarted=True)) for _ in range(2)]

    assert [isinstance(got, Task) for got in takes] == [True, False]


def test_a_heartbeat_notes_progress_and_moves_the_entry(tables: Tables) -> None:
    task = waiting(tables)
    touch = Touch(after(10), progress=0.25, message="a quarter", wanted_at=after(70))
    beaten = touched(tables, task, touch)
    again = touched(tables, beaten, Touch(after(20)))

    assert (beaten.progress, beaten.progress_message) == (0.25, "a quarter")
    assert beaten.attention == again.attention == Attention(Kind.DEADLINE, after(70))
    assert (again.progress, again.progress_message) == (0.25, "a quarter")


@pytest.mark.parametrize("progress", [0.0, 1.0, 1 / 3])
def test_progress_is_kept_exactly(tables: Tables, progress: float) -> None:
    assert touched(tables, waiting(tables), Touch(NOW, progress=progress)).progress == progress


def test_progress_begins_anew_with_the_next_attempt(tables: Tables) -> None:
    task = touched(tables, waiting(tables), Touch(NOW, progress=0.5, message="half"))
    failed = committed(tables, task, an_outcome(Step.RETRY, next_at=NOW))
    again = claimed(tables, failed, after(5))

    assert (failed.progress, again.progress, again.progress_message) == (0.5, None, None)


@pytest.mark.parametrize("step", [Step.SUCCEED, Step.FAIL, Step.RETRY, Step.CANCEL])
def test_an_attempt_that_is_over_cannot_be_touched(tables: Tables, step: Step) -> None:
    task = waiting(tables)
    over = committed(tables, task, an_outcome(step))

    assert tables.tasks.touch(task, Touch(after(1), progress=0.5)) == Refusal(over)


def test_another_attempt_or_another_generation_cannot_be_touched(tables: Tables) -> None:
    task = waiting(tables)
    for other in (replace(task, claim=task.claim + 1), replace(task, generation=task.generation + 1)):
        assert tables.tasks.touch(other, Touch(after(1))) == Refusal(task)


def test_what_is_gone_cannot_be_touched(tables: Tables) -> None:
    task = replace(waiting(tables), id="t_gone")

    assert tables.tasks.touch(task, Touch(after(1))) == Refusal(None)


def test_a_long_result_that_came_too_late_does_not_take_the_place_of_the_first(tables: Tables) -> None:
    """Two callbacks of one attempt may be under way at once; both keep their result before they commit."""
    task = waiting(tables)
    first, second = ('"' + letter * 5000 + '"' for letter in "xy")
    committed(tables, task, Outcome(Step.SUCCEED, after(1), result=first))
    late = tables.tasks.commit(task, Outcome(Step.SUCCEED, after(1), result=second))

    assert isinstance(late, Refusal)
    found = tables.tasks.get(task.tenant, task.id)
    assert found is not None
    assert found.result == first


def test_a_waiting_task_times_out_only_when_its_entry_is_overdue(tables: Tables) -> None:
    task = waiting(tables)
    outcome = Outcome(Step.TIME_OUT, after(600), error=BOOM, next_at=after(600))

    assert isinstance(tables.tasks.commit(task, outcome), Refusal)
    assert committed(tables, task, replace(outcome, at=after(601))).status is Status.RETRYING
