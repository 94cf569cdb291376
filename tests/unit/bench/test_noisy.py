"""What the noisy-neighbour bench makes of records and stretches; that it measures is shown by running it."""

import pytest

from bench.machine import Load
from bench.noisy.blocks import flood_seen, wait_s
from bench.noisy.load import BenchError, Submitted, moments
from bench.noisy.results import ENOUGH_SAMPLES, Verdict, flood_doubts
from bench.noisy.runs import in_turn
from bench.noisy.scenarios import GOALS, SCENARIOS, Condition, Flood, Isolation, Plan, quick
from tests.unit.bench.building import a_block, a_flood, a_result, a_task

PLAN = Plan(Isolation.DEDICATED, tuple(Flood))
FULL = Load(busy=0.99, others=0.8, emulator=0.2)


def test_a_wait_lasts_from_acceptance_to_the_first_start() -> None:
    task = a_task(("00.000", "queued"), ("00.250", "running"), ("01.000", "retrying"), ("03.000", "running"))
    assert wait_s(task) == 0.25


def test_a_task_that_never_started_has_no_wait() -> None:
    with pytest.raises(BenchError, match="t_1"):
        wait_s(a_task(("00.000", "queued")))


def test_the_flood_is_told_from_its_own_records() -> None:
    tasks = [
        a_task(("01.000", "running"), ("02.000", "retrying: Broken: x"), ("03.000", "failed"), started_at="x"),
        a_task(("01.000", "running"), ("02.000", "retrying: throttled: 429"), started_at="x"),
        a_task(("00.000", "queued"), ("09.000", "expired")),
    ]
    seen = flood_seen(Submitted("/s", accepted=3, refused=1), tasks, backlog=7)
    assert (seen.accepted, seen.refused, seen.started, seen.backlog) == (3, 1, 2, 7)
    assert (seen.failed_attempts, seen.throttled_attempts) == (2, 1)


@pytest.mark.parametrize(
    ("fields", "flood", "why"),
    [
        ({"accepted": 359, "refused": 41}, Flood.SLOW, "only 359 were accepted"),
        ({"started": 0}, Flood.SLOW, "no task of A was started"),
        ({"backlog": 0}, Flood.SLOW, "no flood"),
        ({"failed_attempts": 0}, Flood.FAILING, "no attempt of A failed"),
        ({"throttled_attempts": 0}, Flood.THROTTLED, "no attempt of A was throttled"),
    ],
)
def test_a_flood_that_was_none_is_told(fields: dict[str, int], flood: Flood, why: str) -> None:
    (doubt,) = flood_doubts(a_block(flood=a_flood(**fields)), SCENARIOS[flood], PLAN)
    assert why in doubt


@pytest.mark.parametrize("flood", Flood)
def test_a_flood_that_was_one_leaves_no_doubt(flood: Flood) -> None:
    assert not flood_doubts(a_block(flood=a_flood()), SCENARIOS[flood], PLAN)


def test_a_stretch_without_a_flood_is_no_stretch_beside_one() -> None:
    assert flood_doubts(a_block(), SCENARIOS[Flood.SLOW], PLAN) == ["there was no flood"]


def test_steady_tenants_submit_at_their_rate_and_apart_from_each_other() -> None:
    plan = Plan(Isolation.DEDICATED, (), stretch_s=3, rate=2)
    assert moments(plan, 100.0, phase=0) == [100.0, 100.5, 101.0, 101.5, 102.0, 102.5]
    assert moments(plan, 100.0, phase=0.5)[:2] == [100.25, 100.75]


def test_each_condition_is_first_in_one_of_three_rounds() -> None:
    rounds = [in_turn(number) for number in range(3)]
    assert {round_[0] for round_ in rounds} == set(Condition)
    assert all(set(round_) == set(Condition) for round_ in rounds)


def test_a_quick_plan_has_too_few_samples_for_a_verdict() -> None:
    plan = quick(PLAN)
    assert 4 * plan.rounds * plan.stretch_s * plan.rate < ENOUGH_SAMPLES <= 4 * PLAN.rounds * PLAN.stretch_s * PLAN.rate
    assert (plan.excess, plan.floods) == (PLAN.excess, PLAN.floods)


def test_every_isolation_has_its_goal() -> None:
    assert {isolation: Plan(isolation, ()).goal for isolation in Isolation} == GOALS


def test_a_goal_is_held_up_to_its_number_and_missed_beyond() -> None:
    assert a_result(0.020, 0.026).verdict is Verdict.HELD
    assert a_result(0.020, 0.027).verdict is Verdict.MISSED


def test_few_samples_leave_the_goal_open() -> None:
    result = a_result(0.020, 0.020, count=ENOUGH_SAMPLES - 1)
    assert result.verdict is Verdict.OPEN
    assert result.doubts == ["299 samples, 300 are wanted"]


def test_a_full_machine_may_be_to_blame_for_a_missed_goal_but_not_for_one_that_is_held() -> None:
    assert a_result(0.02, 0.04, load=FULL).verdict is Verdict.OPEN
    assert a_result(0.02, 0.02, load=FULL).verdict is Verdict.HELD
    assert "99% busy, 80% with other programs" in a_result(0.02, 0.04, load=FULL).doubts[0]


def test_a_full_emulator_may_be_to_blame() -> None:
    assert a_result(0.02, 0.04, load=Load(0.5, 0.0, 0.9)).verdict is Verdict.OPEN


def test_what_a_flood_elsewhere_costs_as_well_is_not_held_against_fairlane() -> None:
    result = a_result(0.02, 0.04, 0.039)
    assert result.verdict is Verdict.OPEN
    assert result.doubts == ["a flood elsewhere on this machine costs 1.95 already"]
    assert a_result(0.02, 0.06, 0.04).verdict is Verdict.MISSED


def test_percentiles_are_over_all_rounds_and_the_spread_over_each() -> None:
    result = a_result(0.02, 0.02)
    rounds = {
        Condition.ALONE: [a_block(0.02), a_block(0.02)],
        Condition.BESIDE: [a_block(0.02), a_block(0.05)],
        Condition.ELSEWHERE: [a_block(0.02), a_block(0.02)],
    }
    result = type(result)(result.flood, result.does, result.goal, rounds)
    assert result.p99.ratio == 2.5
    assert result.p99.rounds == [1.0, 2.5]
    assert result.median.ratio == 1
    assert result.document()["blocks"]["beside"][1]["waits_s"] == [0.05] * ENOUGH_SAMPLES
