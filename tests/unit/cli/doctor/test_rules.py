"""Each thing that the doctor finds, with its remedy; and that it finds nothing else."""

from typing import Any

import pytest

from fairlane_cli.doctor.chart import MOST_DELIVERIES, MOST_TASKS
from fairlane_cli.doctor.findings import Finding, Level, is_healthy, sorted_by_level
from tests.unit.cli.doctor.building import (
    a_delivery,
    a_function,
    a_subscription,
    a_usage,
    an_explanation,
    found,
    lane_usage,
    looks,
    tasks,
    the_finding,
    used,
)

BROKEN = {"type": "Broken", "message": "no paper"}
PLATFORM = "the platform's team looks whether the lane's event source mapping is enabled, and at the dispatcher"


def test_of_a_healthy_tenant_there_is_nothing_to_say() -> None:
    assert found() == []


def waits(depth: int = 4, running: int = 1) -> dict[str, Any]:
    return {"default": looks({"depth": depth, "running": running})}


# --- lanes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "what", "remedy"),
    [
        ("lane", "it is paused; 4 messages wait in it", "fairlane lanes resume default"),
        ("tenant", "the tenant is paused; 4 messages wait in it", "the platform: fairlane tenants resume TENANT"),
    ],
)
def test_a_paused_lane(by: str, what: str, remedy: str) -> None:
    lane = {"status": "paused", "paused_by": by, "paused_at": "2026-11-23T19:00:00.000Z", "depth": 4}
    expected = Finding(Level.WARNING, "lane default", what, remedy, "2026-11-23T19:00:00.000Z")
    assert the_finding(lanes={"default": looks(lane)}) == expected


def test_a_lane_that_is_being_provisioned() -> None:
    finding = the_finding(lanes={"default": looks({"status": "provisioning"})})
    assert (finding.level, finding.what) == (Level.WARNING, "it is being provisioned: nothing runs yet")


def test_a_lane_that_is_being_deleted_is_no_illness() -> None:
    finding = the_finding(lanes={"default": looks({"status": "draining", "depth": 1})})
    assert (finding.level, finding.what) == (
        Level.NOTE,
        "it is being deleted and takes no new tasks; 1 message wait in it",
    )


def test_a_status_that_this_program_does_not_know_is_told() -> None:
    assert the_finding(lanes={"default": looks({"status": "molten"})}).what == "its status is molten"


def test_a_stuck_lane_says_why_one_of_its_tasks_waits_and_what_helps() -> None:
    explanation = an_explanation(("queue", "raise something"), ("pause", "POST /v1/functions/resize/resume"))
    finding = the_finding(lanes={"default": looks({"depth": 7})}, waiting={"default": explanation})
    assert finding.level is Level.PROBLEM
    assert finding.what == ("7 messages wait, and none was started within 5 s. Task t_9: Queued for 9 min: no reason.")
    assert finding.remedy == "POST /v1/functions/resize/resume"


def test_a_stuck_lane_without_a_reason_is_the_platform_s() -> None:
    waiting = {"default": an_explanation(("queue", "raise something"))}
    finding = the_finding(lanes={"default": looks({"depth": 7})}, waiting=waiting)
    assert (finding.level, finding.remedy) == (Level.PROBLEM, PLATFORM)


def test_a_lane_whose_tasks_are_all_not_due_is_not_stuck() -> None:
    finding = the_finding(lanes={"default": looks({"depth": 7})}, waiting={"default": None})
    assert finding.level is Level.NOTE
    assert finding.what.endswith("none was started within 5 s: no task of it is queued, they are not due yet")


def test_a_lane_of_which_too_little_is_known_is_a_warning() -> None:
    finding = the_finding(lanes={"default": looks({"depth": 7})}, waiting={})
    assert (finding.level, finding.remedy) == (Level.WARNING, "fairlane tasks list --lane default --status queued")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"depth": 7}, {"depth": 6}),
        ({"depth": 7, "running": 1}, {"depth": 7}),
        ({"depth": 7}, {"depth": 7, "running": 1}),
        ({"depth": 0}, {"depth": 7}),
    ],
)
def test_a_lane_in_which_something_moves_is_not_stuck(first: dict[str, int], then: dict[str, int]) -> None:
    assert found(lanes={"default": looks(first, then)}) == []


def test_a_growing_backlog() -> None:
    finding = the_finding(lanes={"default": looks({"depth": 20, "running": 2}, {"depth": 60, "running": 2})})
    assert finding.level is Level.WARNING
    assert finding.what == "60 messages wait, 8.0 a second more than start: at this pace it never drains"


@pytest.mark.parametrize(
    ("depths", "level", "drain"), [((110, 100), Level.NOTE, "50 s"), ((50_005, 50_000), Level.WARNING, "14 h")]
)
def test_a_shrinking_backlog_has_a_drain_estimate(depths: tuple[int, int], level: Level, drain: str) -> None:
    first, then = ({"depth": depth, "running": 2} for depth in depths)
    finding = the_finding(lanes={"default": looks(first, then)})
    assert (finding.level, f"empty in about {drain} at this pace" in finding.what) == (level, True)


def test_a_steady_backlog_is_a_note() -> None:
    finding = the_finding(lanes=waits(12))
    assert (finding.level, finding.what) == (Level.NOTE, "12 messages wait, neither more nor fewer than 5 s ago")


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usage", "about"),
    [
        ({"concurrency": used(4, 4)}, "tenant"),
        ({"lanes": {"default": lane_usage(4, 4)}}, "lane default"),
        ({"functions": {"resize": {"concurrency": used(4, 4), "pressure": None}}}, "function resize"),
    ],
)
def test_a_limit_that_is_used_up_while_tasks_wait(usage: dict[str, Any], about: str) -> None:
    finding = the_finding(usage=a_usage(**usage), lanes=waits())
    assert (finding.level, finding.about) == (Level.WARNING, about)
    assert finding.what == "all 4 at once are in use, and tasks wait"
    assert found(usage=a_usage(**usage)) == []  # nothing waits: it is only well used


def test_back_pressure_is_told_whether_anything_waits_or_not() -> None:
    functions = {"resize": {"concurrency": used(4, 1), "pressure": 1}}
    finding = the_finding(usage=a_usage(functions=functions))
    assert (finding.level, finding.about) == (Level.WARNING, "function resize")
    assert finding.what == "its target was overloaded: for now 1 at once are tried"


@pytest.mark.parametrize(("count", "level"), [(80, Level.WARNING), (99, Level.WARNING), (100, Level.PROBLEM)])
def test_a_backlog_limit_that_is_nearly_reached(count: int, level: Level) -> None:
    finding = the_finding(usage=a_usage(backlog=used(100, count)))
    assert (finding.level, finding.about) == (level, "backlog")
    assert ("429" in finding.what) is (level is Level.PROBLEM)


def test_a_backlog_far_below_its_limit_is_nothing() -> None:
    assert found(usage=a_usage(backlog=used(100, 79))) == []


@pytest.mark.parametrize(("available", "count"), [(0.5, 1), (1, 0), (None, 0)])
def test_a_submit_rate_that_is_used_up(available: float | None, count: int) -> None:
    submit = {"rate": 2.5, "burst": 5, "available": available}
    assert [finding.about for finding in found(usage=a_usage(submit=submit))] == ["submitting"] * count


# --- work ---------------------------------------------------------------------------------------


def test_a_paused_function() -> None:
    finding = the_finding(functions=[a_function(paused=True, paused_at="2026-11-23T19:00:00.000Z")])
    assert (finding.what, finding.remedy) == ("it is paused", "fairlane functions resume resize")


@pytest.mark.parametrize(
    ("failed", "succeeded", "levels"),
    [
        (2, 0, []),
        (3, 28, []),
        (3, 27, [Level.WARNING]),
        (3, 4, [Level.WARNING]),
        (3, 3, [Level.PROBLEM]),
        (9, 0, [Level.PROBLEM]),
    ],
)
def test_a_failing_function_by_its_share_of_failures(failed: int, succeeded: int, levels: list[Level]) -> None:
    recent = [*tasks(failed, "failed", error=BROKEN), *tasks(succeeded)]
    assert [finding.level for finding in found(tasks=recent)] == levels


def test_a_failing_function_is_told_with_its_commonest_error_and_an_example() -> None:
    rare = {"type": "Rare", "message": "x"}
    recent = [*tasks(1, "failed", error=rare), *tasks(4, "failed", error=BROKEN)]
    finding = the_finding(tasks=recent)
    assert finding.what == "5 of the last 5 tasks failed, 4 of them with Broken: no paper"
    assert finding.remedy == "fairlane explain t_failed0"


def test_one_lost_task_is_a_problem_already() -> None:
    finding = the_finding(tasks=[*tasks(1, "failed", error={"type": "lost", "message": ""}), *tasks(50)])
    assert (finding.level, finding.what) == (
        Level.PROBLEM,
        "1 task failed since the process that ran them died, such as t_failed0",
    )


def test_a_throttled_function() -> None:
    moment = {"at": "", "status": "retrying", "attempt": 1, "detail": "throttled: Rate Exceeded"}
    finding = the_finding(tasks=tasks(2, "retrying", timeline=[moment], ended_at=None))
    assert finding.what == "its target refuses calls for lack of capacity: 2 tasks wait to try again"


def test_an_ordinary_retry_is_nothing() -> None:
    assert found(tasks=tasks(9, "retrying", ended_at=None)) == []


def test_expired_tasks() -> None:
    assert the_finding(tasks=tasks(2, "expired")).what == "2 tasks expired before a start, such as t_expired0"


def test_that_only_the_newest_were_looked_at_is_told() -> None:
    finding = the_finding(tasks=tasks(MOST_TASKS))
    assert finding.level is Level.NOTE


# --- results ------------------------------------------------------------------------------------


def test_a_stopped_webhook() -> None:
    finding = the_finding(subscriptions=[a_subscription(status="disabled", reason="it answered 410")])
    assert (finding.level, finding.about, finding.what) == (
        Level.PROBLEM,
        "subscription all",
        "it is disabled: it answered 410",
    )


def test_deliveries_that_were_given_up_are_told_for_each_subscription() -> None:
    first, second = found(failed_deliveries=[a_delivery("b", error="timeout"), a_delivery("a"), a_delivery("b")])
    assert (first.about, second.about) == ("subscription a", "subscription b")
    assert second.what == "2 results could not be delivered, the last one with timeout"
    assert second.remedy == "see to its target, then fairlane deliveries redrive --subscription b"


def test_deliveries_beyond_what_is_looked_at_are_told_as_at_least() -> None:
    finding = the_finding(failed_deliveries=[a_delivery()] * MOST_DELIVERIES)
    assert finding.what.startswith(f"at least {MOST_DELIVERIES} results")


def test_no_subscription_is_worth_a_note() -> None:
    assert the_finding(subscriptions=[]).level is Level.NOTE


# --- levels -------------------------------------------------------------------------------------


def test_the_worst_comes_first_and_notes_are_healthy() -> None:
    note, warning, problem = (Finding(level, "x", "y") for level in (Level.NOTE, Level.WARNING, Level.PROBLEM))
    assert sorted_by_level([note, warning, problem]) == [problem, warning, note]
    assert [is_healthy([one]) for one in (note, warning, problem)] == [True, False, False]
    assert is_healthy([])
