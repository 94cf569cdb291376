"""Each way to end, with its text and what can be done."""

import pytest

from fairlane.domain.attention import Attention, Kind
from fairlane.domain.explanation import explain, explanation_view
from fairlane.domain.task import Status, TaskError, Undelivered
from tests.unit.domain.explaining.building import BROKEN, a_snapshot, a_task, ago, later


@pytest.mark.parametrize(
    ("status", "detail", "error", "why"),
    [
        (Status.SUCCEEDED, "", None, "it succeeded on attempt 1 of 3"),
        (Status.FAILED, "out of attempts", BROKEN, "all 3 attempts failed, the last one with Broken: no paper"),
        (
            Status.FAILED,
            "not retryable",
            BROKEN,
            "attempt 1 failed with an error that is not retried (Broken: no paper)",
        ),
        (
            Status.FAILED,
            "lost",
            TaskError("lost", "the process died"),
            "the process that ran attempt 1 of 3 died, and no attempt is left",
        ),
        (Status.FAILED, "no function", BROKEN, "the function of print was deleted before it ran"),
        (Status.FAILED, "deadline", BROKEN, "attempt 1 of 3 failed with Broken: no paper"),
        (Status.CANCELLED, "", None, "it was cancelled"),
        (Status.CANCELLED, "by operation o_1", None, "it was cancelled (by operation o_1)"),
    ],
)
def test_why_it_ended(status: Status, detail: str, error: TaskError | None, why: str) -> None:
    end = explain(a_snapshot(a_task(status, detail, error=error))).end
    assert end is not None
    assert end.why == why


def test_a_single_attempt_is_not_called_all_of_them() -> None:
    end = explain(a_snapshot(a_task(Status.FAILED, "out of attempts", error=BROKEN, max_attempts=1))).end
    assert end is not None
    assert end.why == "its only attempt failed with Broken: no paper"


def test_an_expired_task_says_when() -> None:
    end = explain(a_snapshot(a_task(Status.EXPIRED, expires_at=ago(20)))).end
    assert end is not None
    assert end.why == "it was not started before its expirytime (2026-11-24T19:59:40.000Z)"
    assert "later expirytime" in (end.remedy or "")


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.CANCELLED])
def test_where_nothing_is_wrong_there_is_no_remedy(status: Status) -> None:
    end = explain(a_snapshot(a_task(status))).end
    assert end is not None
    assert end.remedy is None


@pytest.mark.parametrize("detail", ["out of attempts", "not retryable", "no function", "lost", "other"])
def test_every_failure_can_be_run_again(detail: str) -> None:
    end = explain(a_snapshot(a_task(Status.FAILED, detail, error=BROKEN))).end
    assert end is not None
    assert "POST /v1/tasks/t_1/redo" in (end.remedy or "")


def test_the_summary_of_an_end_says_how_long_it_took() -> None:
    assert explain(a_snapshot(a_task(Status.SUCCEEDED))).summary == (
        "It succeeded on attempt 1 of 3, 50.0 s after it was accepted."
    )


def test_a_result_that_is_still_to_be_sent_is_told() -> None:
    snapshot = a_snapshot(a_task(Status.CANCELLED, attention=Attention(Kind.UNSENT, ago(10))))
    assert explain(snapshot).summary.endswith("Its result is still to be sent: the janitor does that within a minute.")
    assert explanation_view(snapshot)["end"]["result_sent"] is False


def test_a_result_that_did_not_arrive_is_told_with_where_and_what_helps() -> None:
    lost = Undelivered(subscriptions=frozenset({"b", "a"}), attempts=9, error="410 Gone")
    assert explain(a_snapshot(a_task(Status.SUCCEEDED, undelivered=lost))).notes == [
        "Its result did not arrive at a, b (410 Gone): POST /v1/deliveries/redrive sends it again."
    ]


@pytest.mark.parametrize("status", [status for status in Status if status.is_end])
def test_an_ended_task_waits_for_nothing_whatever_else_there_is(status: Status) -> None:
    view = explanation_view(a_snapshot(a_task(status, error=BROKEN), tenant={"paused": True}, lane=None, function=None))
    assert (view["waits_for"], view["position"], view["estimate"], view["notes"]) == ([], None, None, [])
    assert view["end"]["result_sent"] is True


def test_the_view_has_every_field_for_an_unended_task_too() -> None:
    view = explanation_view(a_snapshot(a_task(Status.SCHEDULED, next_at=later(90))))
    assert view == {
        "id": "t_1",
        "status": "scheduled",
        "summary": "Scheduled for 10.0 s: it is not due before 2026-11-24T20:01:30.000Z.",
        "waits_for": [
            {
                "kind": "due-time",
                "what": "it is not due before 2026-11-24T20:01:30.000Z",
                "limit": None,
                "used": None,
                "since": "2026-11-24T19:59:00.000Z",
                "until": "2026-11-24T20:01:30.000Z",
                "remedy": None,
            }
        ],
        "position": {"ahead_at_most": 0, "hidden": 0, "delayed": 0},
        "estimate": {
            "of": "start",
            "earliest": "2026-11-24T20:01:30.000Z",
            "latest": "2026-11-24T20:01:50.000Z",
            "basis": "nothing is before it",
        },
        "end": None,
        "notes": [],
        "checked_at": "2026-11-24T20:00:00.000Z",
    }
