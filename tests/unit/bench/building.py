"""Builders for the bench's tests: stretches of time with given waits."""

from collections.abc import Sequence
from typing import Any, cast

from bench.machine import Load
from bench.noisy.blocks import Block, FloodSeen
from bench.noisy.results import ENOUGH_SAMPLES, ScenarioResult
from bench.noisy.scenarios import Condition, Flood
from fairlane_client.models import Task

CALM = Load(busy=0.3, others=0.1, emulator=0.2)
#: Of 300 equal waits the 99th percentile is that wait.
COUNT = ENOUGH_SAMPLES


def a_flood(**fields: int) -> FloodSeen:
    seen = {"accepted": 500, "refused": 0, "started": 50, "failed_attempts": 40, "throttled_attempts": 90, "backlog": 9}
    return FloodSeen(**{**seen, **fields})


def a_block(wait_s: float = 0.02, *, count: int = COUNT, load: Load = CALM, flood: FloodSeen | None = None) -> Block:
    return Block(waits_s=[wait_s] * count, submits_s=[0.01] * count, load=load, flood=flood)


def a_result(
    alone_s: float = 0.02,
    beside_s: float = 0.02,
    elsewhere_s: float = 0.02,
    *,
    count: int = COUNT,
    load: Load = CALM,
    goal: float = 1.3,
) -> ScenarioResult:
    waits = {Condition.ALONE: alone_s, Condition.BESIDE: beside_s, Condition.ELSEWHERE: elsewhere_s}
    blocks = {condition: [a_block(wait_s, count=count, load=load)] for condition, wait_s in waits.items()}
    return ScenarioResult(Flood.SLOW, "tasks of 1 s", goal, blocks)


def a_task(*moments: tuple[str, str], **fields: Any) -> Task:
    """Accepted at 20:00:00; `moments` are (second, status), or (second, status: detail)."""
    timeline = [
        {"at": f"2026-11-24T20:00:{at}Z", "status": status.partition(": ")[0], "detail": status.partition(": ")[2]}
        for at, status in moments
    ]
    task = {"id": "t_1", "created_at": "2026-11-24T20:00:00.000Z", "started_at": None, "timeline": timeline, **fields}
    return cast("Task", task)


def loads(busy: Sequence[float]) -> list[Load]:
    return [Load(busy=each, others=0.0, emulator=0.0) for each in busy]
