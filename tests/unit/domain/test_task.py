"""The state machine as data, and random histories through the store that enforces it."""

import json
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fairlane.domain.claiming import judge
from fairlane.domain.task import (
    CLAIMABLE,
    ENDS,
    OVERDUE,
    STEPS,
    Moment,
    Outcome,
    Status,
    Step,
    Task,
    TaskError,
    task_view,
)
from fairlane.domain.times import to_ms
from fairlane.ports.tasks import Refusal
from tests.simulation.fakes.tasks import FakeTasks
from tests.unit.domain.building import BOOM, NOW, a_task, after, an_outcome

LEASE = timedelta(seconds=30)


def test_the_ends_are_the_four_and_no_step_leaves_one() -> None:
    assert {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.EXPIRED} == ENDS
    assert all(not sources & ENDS for sources, _ in STEPS.values())
    assert {status for status in Status if status.is_end} == ENDS


def test_every_step_is_an_end_but_those_that_start_repeat_or_hand_over_an_attempt() -> None:
    goes_on = {step for step, (_, target) in STEPS.items() if target not in ENDS}
    assert goes_on == {Step.CLAIM, Step.RETRY, Step.DEFER, Step.TIME_OUT}


def test_a_task_can_be_cancelled_from_every_status_that_is_no_end() -> None:
    assert STEPS[Step.CANCEL][0] == set(Status) - ENDS


def test_an_attempt_that_was_handed_over_ends_as_one_that_was_not() -> None:
    for step in (Step.SUCCEED, Step.FAIL, Step.RETRY):
        assert STEPS[step][0] == {Status.RUNNING, Status.WAITING}


def test_every_step_is_in_the_table() -> None:
    assert set(STEPS) == set(Step)


def test_what_may_be_claimed_is_what_waits_for_a_message() -> None:
    assert {Status.SCHEDULED, Status.QUEUED, Status.RETRYING} == CLAIMABLE


def test_a_step_leads_where_the_table_says() -> None:
    assert {step: an_outcome(step).status for step in Step} == {step: target for step, (_, target) in STEPS.items()}


@settings(deadline=None)
@given(st.data())
def test_a_random_history_never_leaves_an_end_and_an_illegal_step_changes_nothing(data: st.DataObject) -> None:
    """Steps by current and by late attempts, at times that go on, forward only."""
    store = FakeTasks()
    task = a_task(max_attempts=data.draw(st.integers(1, 3)), expires_at=data.draw(st.sampled_from([None, after(20)])))
    store.create(task)
    seen, now = [task], NOW
    for step in data.draw(st.lists(st.sampled_from(Step), max_size=12)):
        now += timedelta(seconds=data.draw(st.sampled_from([0, 1, 10, 31, 61])))
        before = store.records[task.tenant, task.id].task
        by = data.draw(st.sampled_from(seen))
        if step is Step.CLAIM:
            done = store.claim(task.tenant, task.id, generation=task.generation, now=now, lease_until=now + LEASE)
        else:
            done = store.commit(by, an_outcome(step, at=now, next_at=now if step is Step.RETRY else None))
        held = store.records[task.tenant, task.id].task
        if isinstance(done, Refusal):
            assert held == before
        else:
            assert before.status in STEPS[step][0]
            assert (held.status, before.status.is_end) == (STEPS[step][1], False)
            assert by.claim == before.claim or step is Step.CLAIM
            assert before.is_overdue(now) or step not in OVERDUE
            seen.append(held)
        if held.status is Status.WAITING:
            assert held.attention is not None
        assert held.status is Status.RUNNING or held.status is Status.WAITING or held.lease_until is None
        assert 0 <= held.attempt <= held.max_attempts
        assert (held.ended_at is not None) == held.status.is_end


@settings(deadline=None)
@given(st.data())
def test_a_refused_claim_is_always_explained(data: st.DataObject) -> None:
    """The claim's conditions and `judge` say the same: what is refused has a reason, what has none is allowed."""
    running = data.draw(st.booleans())
    task = a_task(
        status=Status.RUNNING if running else data.draw(st.sampled_from(sorted(CLAIMABLE))),
        attempt=data.draw(st.integers(0, 3)) if running else 0,
        claim=1 if running else data.draw(st.integers(0, 1)),
        lease_until=after(data.draw(st.integers(-2, 2))) if running else None,
        next_at=None if running else data.draw(st.sampled_from([None, after(0), after(1), after(2)])),
        expires_at=data.draw(st.sampled_from([None, after(-1), after(0), after(1)])),
    )
    assume(task.wakes_at == task.next_at)  # else it expires within the second by which a message may be early
    store = FakeTasks()
    store.create(task)

    got = store.claim(task.tenant, task.id, generation=task.generation, now=NOW, lease_until=NOW + LEASE)

    verdict = type(judge(task, generation=task.generation, now=NOW)).__name__
    assert isinstance(got, Refusal) == (verdict != "TryAgain")


def test_the_result_event_of_a_task_has_one_id_and_another_generation_has_another() -> None:
    task = a_task()

    assert task.result_event_id == f"{task.id}-{to_ms(NOW)}"
    assert a_task(generation=1).result_event_id != task.result_event_id


@pytest.mark.parametrize(
    ("changes", "wakes_s"),
    [
        ({}, None),
        ({"next_at": after(60)}, 60),
        ({"next_at": after(60), "expires_at": after(30)}, 30),
        ({"next_at": after(60), "expires_at": after(90)}, 60),
        ({"next_at": after(60), "expires_at": after(30), "claim": 1}, 60),
        ({"expires_at": after(30)}, None),
    ],
)
def test_a_message_is_wanted_when_its_task_is_due_or_expires_before(
    changes: dict[str, object], wakes_s: int | None
) -> None:
    wakes_at = a_task(**changes).wakes_at

    assert wakes_at == (None if wakes_s is None else after(wakes_s))


def test_the_view_of_a_task_is_json_with_times_in_utc() -> None:
    task = a_task(
        status=Status.FAILED,
        attempt=1,
        ended_at=after(1.5),
        error=BOOM,
        timeline=(Moment(NOW, Status.QUEUED, 0), Moment(after(1.5), Status.FAILED, 1, "out of attempts")),
    )

    view = json.loads(json.dumps(task_view(task)))

    assert (view["status"], view["created_at"], view["ended_at"]) == (
        "failed",
        "2026-03-01T12:00:00.000Z",
        "2026-03-01T12:00:01.500Z",
    )
    assert view["error"] == {"type": "ValueError", "message": "boom"}
    assert view["delivery"]["status"] == "published"
    assert view["timeline"][1]["detail"] == "out of attempts"


def test_the_delivery_of_a_task_that_has_not_ended_is_pending() -> None:
    assert task_view(a_task())["delivery"]["status"] == "pending"


def test_a_result_kept_elsewhere_is_put_back_into_the_task() -> None:
    task: Task = a_task(status=Status.SUCCEEDED, result_claim=1).with_result("1")

    assert task.result == "1"


def test_an_outcome_counts_unless_it_says_otherwise() -> None:
    assert Outcome(Step.FAIL, NOW, error=TaskError("A", "b")).counts
