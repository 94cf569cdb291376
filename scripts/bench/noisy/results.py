"""What a scenario's stretches amount to: percentiles, ratios, and whether they may be believed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from bench.machine import Load, mean_load
from bench.noisy.blocks import Block
from bench.noisy.scenarios import Condition, Flood, Plan, Scenario
from bench.statistics import MEDIAN, P99, Interval, percentile, ratio, ratio_interval

#: A busier machine than this delays everybody, whoever floods.
BUSIEST = 0.85
#: The emulator is one Python process; near one core everything queues up in it.
BUSIEST_EMULATOR = 0.85
#: So much of what A was to submit must have been accepted.
FLOOD_SHARE = 0.9
#: With fewer samples the 99th percentile is hardly more than the largest of them.
ENOUGH_SAMPLES = 300


class Verdict(StrEnum):
    """What the figures say about the goal."""

    HELD = "held"
    MISSED = "missed"
    #: Too few samples, or a full machine: neither can be said.
    OPEN = "open"


@dataclass(frozen=True)
class Comparison:
    """The same percentile under two conditions."""

    base_s: float
    other_s: float
    ratio: float
    #: By resampling.
    interval: Interval
    #: The ratio of each round by itself.
    rounds: Sequence[float]


@dataclass(frozen=True)
class ScenarioResult:
    """One scenario, judged."""

    flood: Flood
    does: str
    goal: float
    blocks: Mapping[Condition, Sequence[Block]]

    def waits(self, condition: Condition) -> list[float]:
        """Of all its stretches (s)."""
        return [wait for block in self.blocks[condition] for wait in block.waits_s]

    def submits(self, condition: Condition) -> list[float]:
        """How long requests took (s)."""
        return [took for block in self.blocks[condition] for took in block.submits_s]

    def load(self, condition: Condition) -> Load:
        return mean_load([block.load for block in self.blocks[condition]])

    @cached_property
    def median(self) -> Comparison:
        """Beside the flood over alone."""
        return self._compare(Condition.BESIDE, Condition.ALONE, MEDIAN)

    @cached_property
    def p99(self) -> Comparison:
        """Beside the flood over alone: what the goal is about."""
        return self._compare(Condition.BESIDE, Condition.ALONE, P99)

    @cached_property
    def machine_p99(self) -> Comparison:
        """Flood elsewhere over alone: what the machine and the emulator are to blame for."""
        return self._compare(Condition.ELSEWHERE, Condition.ALONE, P99)

    @cached_property
    def fairlane_p99(self) -> Comparison:
        """Beside the flood over flood elsewhere: what sharing a Fairlane with A costs on top."""
        return self._compare(Condition.BESIDE, Condition.ELSEWHERE, P99)

    @property
    def samples(self) -> int:
        """Of each condition, at least."""
        return min(len(self.waits(condition)) for condition in Condition)

    @cached_property
    def doubts(self) -> list[str]:
        """Why the ratio says less than it seems to."""
        found = []
        beside = self.load(Condition.BESIDE)
        if self.samples < ENOUGH_SAMPLES:
            found.append(f"{self.samples} samples, {ENOUGH_SAMPLES} are wanted")
        if beside.busy > BUSIEST:
            found.append(f"the machine was {beside.busy:.0%} busy, {beside.others:.0%} with other programs")
        if beside.emulator > BUSIEST_EMULATOR:
            found.append(f"the emulator's process used {beside.emulator:.0%} of the one core it can")
        if self.p99.ratio > self.goal >= self.fairlane_p99.ratio:
            found.append(f"a flood elsewhere on this machine costs {self.machine_p99.ratio:.2f} already")
        return found

    @property
    def verdict(self) -> Verdict:
        """A goal that holds in spite of a doubt holds; one that is missed might be the machine's fault."""
        if self.samples < ENOUGH_SAMPLES:
            return Verdict.OPEN
        if self.p99.ratio <= self.goal:
            return Verdict.HELD
        return Verdict.OPEN if self.doubts else Verdict.MISSED

    def document(self) -> dict[str, Any]:
        """As JSON, with every sample."""
        compared = {name: asdict(getattr(self, name)) for name in ("median", "p99", "machine_p99", "fairlane_p99")}
        return {
            **compared,
            "flood": self.flood.value,
            "goal": self.goal,
            "verdict": self.verdict.value,
            "doubts": self.doubts,
            "blocks": {name.value: [asdict(block) for block in blocks] for name, blocks in self.blocks.items()},
        }

    def _compare(self, other: Condition, base: Condition, share: float) -> Comparison:
        values, base_values = self.waits(other), self.waits(base)
        pairs = zip(self.blocks[other], self.blocks[base], strict=True)
        return Comparison(
            base_s=percentile(base_values, share),
            other_s=percentile(values, share),
            ratio=ratio(values, base_values, share),
            interval=ratio_interval(values, base_values, share),
            rounds=[ratio(one.waits_s, another.waits_s, share) for one, another in pairs],
        )


def flood_doubts(block: Block, scenario: Scenario, plan: Plan) -> list[str]:
    """Why a stretch beside A was not beside a flood of that kind; empty when it was."""
    seen = block.flood
    if seen is None:
        return ["there was no flood"]
    planned = plan.excess * plan.rate * plan.stretch_s
    found = []
    if seen.accepted < FLOOD_SHARE * planned:
        found.append(f"of {planned:.0f} tasks of A only {seen.accepted} were accepted ({seen.refused} refused)")
    if not seen.started:
        found.append("no task of A was started")
    if not seen.backlog:
        found.append("nothing waited in A's lane at the end: no flood")
    if scenario.flood is Flood.FAILING and not seen.failed_attempts:
        found.append("no attempt of A failed")
    if scenario.refused and not seen.throttled_attempts:
        found.append("no attempt of A was throttled")
    return found
