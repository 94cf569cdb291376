"""Each thing that a task may wait for, with its text."""

from datetime import timedelta

import pytest

from fairlane.domain.attention import Attention, Kind
from fairlane.domain.explanation import LaneDepth, Reason, Wait, explain
from fairlane.domain.task import Moment, Status
from tests.unit.domain.explaining.building import (
    BROKEN,
    FUNCTION,
    LANE,
    NOW,
    TENANT,
    a_snapshot,
    a_task,
    ago,
    later,
    reasons,
    the_wait,
)

BEFORE_START = [Status.QUEUED, Status.SCHEDULED, Status.RETRYING]


def test_a_task_with_nothing_in_its_way_says_so() -> None:
    found = explain(a_snapshot())
    assert found.waits == []
    assert found.summary == "Queued for 10.0 s: nothing is in its way, a dispatcher receives it any moment."


def test_a_task_that_is_not_due_waits_for_its_time() -> None:
    task = a_task(Status.SCHEDULED, next_at=later(90))
    assert the_wait(a_snapshot(task)) == Wait(
        Reason.DUE, "it is not due before 2026-11-24T20:01:30.000Z", since=ago(60), until=later(90)
    )


@pytest.mark.parametrize("status", [Status.SCHEDULED, Status.RETRYING])
def test_a_time_that_has_come_is_waited_for_no_more(status: Status) -> None:
    assert reasons(a_snapshot(a_task(status, next_at=NOW))) == []


def test_a_failed_attempt_waits_for_its_backoff_and_says_what_failed() -> None:
    task = a_task(Status.RETRYING, "Broken: no paper", next_at=later(20), error=BROKEN)
    assert the_wait(a_snapshot(task)) == Wait(
        Reason.BACKOFF,
        "attempt 1 of 3 failed (Broken: no paper), and the next one waits for its backoff",
        since=ago(10),
        until=later(20),
        remedy="a smaller retry.base or retry.cap of print shortens later ones",
    )


def test_a_throttled_attempt_says_that_the_target_refused() -> None:
    task = a_task(Status.RETRYING, "throttled: Rate Exceeded", next_at=later(4), error=BROKEN)
    wait = the_wait(a_snapshot(task))
    assert (wait.reason, wait.until) == (Reason.THROTTLED, later(4))
    assert wait.what.startswith("the target of print refused the call (Broken: no paper), which is no attempt")


def test_a_running_task_waits_for_its_attempt_until_the_lease_ends() -> None:
    wait = the_wait(a_snapshot(a_task(Status.RUNNING, lease_until=later(55))))
    assert (wait.reason, wait.what) == (Reason.ATTEMPT, "attempt 1 of 3 is running")
    assert (wait.since, wait.until) == (ago(10), later(55))
    assert "POST /v1/tasks/t_1/cancel" in (wait.remedy or "")


def test_a_lease_that_has_ended_is_a_lost_attempt() -> None:
    wait = the_wait(a_snapshot(a_task(Status.RUNNING, lease_until=ago(5))))
    assert (wait.reason, wait.since) == (Reason.LOST, ago(5))
    assert "its lease ended at 2026-11-24T19:59:55.000Z without an outcome" in wait.what


def test_a_deferred_task_waits_for_its_callback_until_its_deadline() -> None:
    task = a_task(Status.WAITING, lease_until=later(900), attention=Attention(Kind.DEADLINE, later(600)))
    wait = the_wait(a_snapshot(task))
    assert (wait.reason, wait.until) == (Reason.CALLBACK, later(600))
    assert "POST /v1/tasks/t_1/complete or /fail" in (wait.remedy or "")


@pytest.mark.parametrize("status", BEFORE_START)
@pytest.mark.parametrize(
    ("paused", "what", "remedy"),
    [
        ({"tenant": TENANT}, "the tenant is paused", "POST /v1/tenants/{tenant}/resume (scope admin)"),
        ({"lane": LANE}, "the lane bulk is paused", "POST /v1/lanes/bulk/resume"),
        ({"function": FUNCTION}, "the function print is paused", "POST /v1/functions/print/resume"),
    ],
)
def test_a_pause_is_named_with_its_beginning_and_what_ends_it(
    status: Status, paused: dict[str, dict[str, object]], what: str, remedy: str
) -> None:
    docs = {name: {**doc, "paused": True, "paused_at": "2026-11-24T19:00:00.000Z"} for name, doc in paused.items()}
    wait = the_wait(a_snapshot(a_task(status), **docs))
    assert wait == Wait(Reason.PAUSE, what, since=NOW - timedelta(hours=1), remedy=remedy)


def test_a_pause_does_not_stop_what_runs() -> None:
    docs = {name: {**doc, "paused": True} for name, doc in {"tenant": TENANT, "lane": LANE}.items()}
    assert reasons(a_snapshot(a_task(Status.RUNNING, lease_until=later(5)), **docs)) == [Reason.ATTEMPT]


def test_every_pause_is_told() -> None:
    docs = {name: {**doc, "paused": True} for name, doc in {"lane": LANE, "function": FUNCTION}.items()}
    found = explain(a_snapshot(**docs))
    assert found.summary == "Queued for 10.0 s: the lane bulk is paused; the function print is paused."


def test_a_function_that_is_gone_is_told_before_the_task_fails_for_it() -> None:
    wait = the_wait(a_snapshot(function=None))
    assert (wait.reason, wait.remedy) == (Reason.NO_FUNCTION, "PUT /v1/functions/print before that")
    assert wait.what == "no function is registered for print: it fails as soon as it is its turn"


def test_a_lane_that_is_gone_is_told() -> None:
    assert the_wait(a_snapshot(lane=None)).what == "the lane bulk is gone"


def test_a_lane_that_is_being_provisioned_is_told() -> None:
    wait = the_wait(a_snapshot(lane={**LANE, "status": "provisioning", "updated_at": "2026-11-24T19:59:30.000Z"}))
    assert (wait.reason, wait.since) == (Reason.PROVISIONING, ago(30))


def test_a_task_that_is_past_its_expirytime_waits_for_its_end() -> None:
    wait = the_wait(a_snapshot(a_task(expires_at=ago(1))))
    assert (wait.reason, wait.since) == (Reason.EXPIRY, ago(1))
    assert "2026-11-24T19:59:59.000Z" in wait.what


def test_after_the_first_claim_nothing_expires() -> None:
    assert reasons(a_snapshot(a_task(Status.RETRYING, expires_at=ago(1)))) == []


@pytest.mark.parametrize(("ready", "words"), [(1, "1 other message"), (1200, "1200 other messages")])
def test_messages_before_it_are_counted(ready: int, words: str) -> None:
    wait = the_wait(a_snapshot(depth=LaneDepth(ready, 3, 4)))
    assert wait.what == f"up to {words} of the lane bulk may be before it"
    assert (wait.reason, wait.used, wait.since) == (Reason.QUEUE, ready, ago(60))


def test_what_runs_waits_for_no_queue() -> None:
    task = a_task(Status.RUNNING, lease_until=later(5))
    assert reasons(a_snapshot(task, depth=LaneDepth(9, 9, 9))) == [Reason.ATTEMPT]


def test_somebody_s_pause_comes_before_times_and_these_before_the_queue() -> None:
    task = a_task(Status.RETRYING, next_at=later(20), error=BROKEN)
    snapshot = a_snapshot(task, lane={**LANE, "paused": True}, depth=LaneDepth(9, 0, 0))
    assert reasons(snapshot) == [Reason.PAUSE, Reason.BACKOFF, Reason.QUEUE]


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"lane": {**LANE, "status": "draining"}}, "The lane bulk is being deleted"),
        ({"tenant": {**TENANT, "status": "draining"}}, "The tenant is being deleted"),
        ({"lane": {**LANE, "ordered": True}}, "The lane bulk is ordered"),
        ({"depth": None}, "How much is in the queue is not shown"),
    ],
)
def test_what_holds_nothing_up_but_is_good_to_know_is_a_note(fields: dict[str, object], note: str) -> None:
    found = explain(a_snapshot(**fields))
    assert [text.startswith(note) for text in found.notes] == [True]
    assert found.waits == []


def test_what_was_noted_of_a_wait_does_not_make_it_shorter() -> None:
    moments = ((50, Status.QUEUED, ""), (20, Status.RUNNING, ""), (9, Status.QUEUED, "x"), (1, Status.QUEUED, "lane"))
    timeline = tuple(Moment(ago(seconds), status, 0, detail) for seconds, status, detail in moments)
    assert explain(a_snapshot(a_task(timeline=timeline))).summary.startswith("Queued for 9.0 s: ")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.25, "0.2 s"), (119, "119.0 s"), (600, "10 min"), (7200, "2 h"), (400_000, "5 d")]
)
def test_the_summary_tells_for_how_long(seconds: float, text: str) -> None:
    task = a_task(created_at=ago(seconds), timeline=())
    assert explain(a_snapshot(task)).summary.startswith(f"Queued for {text}: ")
