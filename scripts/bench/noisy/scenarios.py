"""What is measured: the three floods, and the sizes of a run. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fairlane_client.models import RetrySpec


class Isolation(StrEnum):
    """As the API has it."""

    DEDICATED = "dedicated"
    POOLED = "pooled"


#: The 99th percentile beside the flood is to be at most so many times that alone.
GOALS: Mapping[Isolation, float] = {Isolation.DEDICATED: 1.3, Isolation.POOLED: 2.0}


class Condition(StrEnum):
    """Beside what B to E are measured."""

    ALONE = "alone"
    #: A floods, as a tenant of the same Fairlane.
    BESIDE = "beside"
    #: A floods another Fairlane on the same emulator: what the machine and the emulator cost, without Fairlane.
    ELSEWHERE = "elsewhere"


class Flood(StrEnum):
    """Of which kind A's tasks are."""

    SLOW = "slow"
    FAILING = "failing"
    THROTTLED = "throttled"


@dataclass(frozen=True)
class Scenario:
    """A's task type."""

    flood: Flood
    #: For people.
    does: str
    sample: str
    data: Mapping[str, object]
    retry: RetrySpec
    #: The function has no concurrency while the flood lasts, so that Lambda answers 429.
    refused: bool = False


SCENARIOS: Mapping[Flood, Scenario] = {
    scenario.flood: scenario
    for scenario in (
        Scenario(Flood.SLOW, "tasks of 1 s", "sleep", {"seconds": 1}, {"max_attempts": 1}),
        # the emulator ends the process of a function that raises, and starting one costs 0.15 s of a core
        Scenario(
            Flood.FAILING,
            "tasks that fail after 1 s, three attempts each",
            "fail",
            {"error": "Broken", "message": "as asked", "seconds": 1},
            {"max_attempts": 3, "base": 1, "cap": 4},
        ),
        Scenario(
            Flood.THROTTLED,
            "tasks whose function answers 429",
            "flaky",
            {"failures": 0},
            {"max_attempts": 3, "base": 2, "cap": 10},
            refused=True,
        ),
    )
}


@dataclass(frozen=True)
class Plan:
    """The sizes of a run, chosen so that two cores are not full."""

    isolation: Isolation
    floods: tuple[Flood, ...]
    #: Each has a stretch of every condition; they alternate, so that whatever else the machine does meets all of them.
    rounds: int = 4
    #: How long B to E submit in a stretch.
    stretch_s: float = 20.0
    #: Tasks per second of each of B to E: everybody's share.
    rate: float = 1.0
    #: A submits so many times its share.
    excess: float = 20.0
    #: Attempts at once, of each tenant.
    concurrency: int = 2

    @property
    def goal(self) -> float:
        return GOALS[self.isolation]


def quick(plan: Plan) -> Plan:
    """Enough to see that everything works, not to believe a 99th percentile."""
    return Plan(plan.isolation, plan.floods, rounds=1, stretch_s=8.0, rate=plan.rate, excess=plan.excess)
