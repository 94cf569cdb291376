"""A whole run: the stack, the tenants, and for each scenario stretches alone and beside the flood in turn."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from bench.noisy.blocks import Block, Stretches
from bench.noisy.load import BenchError
from bench.noisy.results import ScenarioResult, flood_doubts
from bench.noisy.scenarios import SCENARIOS, Condition, Plan, Scenario
from bench.noisy.tenancy import tenants
from bench.statistics import P99, percentile
from fairlane_cli.stack import DeployedStack

Report = Callable[[str], None]

#: Long enough for every process to be started that a stretch needs.
_WARM_UP_S = 8.0


def run_plan(plan: Plan, stack: DeployedStack, other: DeployedStack, report: Report) -> Iterator[ScenarioResult]:
    """Each scenario's result as soon as it is there. Raises BenchError when a measurement is worth nothing."""
    run = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    report(f"tenants A to E, {plan.isolation.value}, concurrency {plan.concurrency} each")
    with tenants(stack, other, plan) as made:
        for scenario in (SCENARIOS[flood] for flood in plan.floods):
            for noisy in (made.neighbour, made.stranger):
                noisy.register(scenario)
            yield _scenario(Stretches(stack, made, scenario, plan, run), report)


def _scenario(stretches: Stretches, report: Report) -> ScenarioResult:
    scenario, plan = stretches.scenario, stretches.plan
    report(f"{scenario.flood.value}: A submits {scenario.does}")
    report("  warming up")
    warm_up = replace(stretches, plan=replace(plan, stretch_s=min(_WARM_UP_S, plan.stretch_s)))
    for condition in (Condition.BESIDE, Condition.ELSEWHERE):
        warm_up.measure(condition)
    blocks: dict[Condition, list[Block]] = {condition: [] for condition in Condition}
    for number in range(plan.rounds):
        for condition in in_turn(number):
            block = _believed(stretches.measure(condition), condition, scenario, plan)
            blocks[condition].append(block)
            report(f"  round {number + 1} of {plan.rounds}, {_told(block, condition)}")
    return ScenarioResult(scenario.flood, scenario.does, plan.goal, blocks)


def in_turn(number: int) -> list[Condition]:
    """Every round begins with another condition, so that a drift of the machine favours none."""
    conditions = list(Condition)
    first = number % len(conditions)
    return [*conditions[first:], *conditions[:first]]


def _believed(block: Block, condition: Condition, scenario: Scenario, plan: Plan) -> Block:
    if condition is Condition.ALONE:
        return block
    if doubts := flood_doubts(block, scenario, plan):
        raise BenchError(f"{scenario.flood.value}, {condition.value}: {'; '.join(doubts)}")
    return block


def _told(block: Block, condition: Condition) -> str:
    flooded = f"; A: {block.flood.accepted} submitted, {block.flood.backlog} waiting at the end" if block.flood else ""
    p99 = percentile(block.waits_s, P99) * 1000
    return (
        f"{condition.value}: {len(block.waits_s)} tasks, 99 % within {p99:.0f} ms, "
        f"machine {block.load.busy:.0%} busy ({block.load.others:.0%} with others){flooded}"
    )
