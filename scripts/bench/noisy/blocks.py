"""One stretch of time: B to E submit steadily, under one condition; then everything comes to rest.

The wait of a task is read from its own record: from its acceptance to the start of its first attempt.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from bench.machine import Load, LoadMeter
from bench.noisy.load import BenchError, Submitted, flood, moments, run_together, steady
from bench.noisy.scenarios import Condition, Plan, Scenario
from bench.noisy.tenancy import Noisy, Tenant, Tenants
from fairlane_cli.stack import DeployedStack
from fairlane_client.models import Task

#: The flood is under way so long before B to E begin.
LEAD_S = 3.0
_EXPIRES_S = 1.0
_LOOK_S = 0.3
_REST_S = 120.0
_START_S = 0.2


@dataclass(frozen=True)
class FloodSeen:
    """What became of A's tasks: the proof that there was a flood, and of which kind."""

    accepted: int
    refused: int
    #: Tasks that had their first attempt while the stretch lasted.
    started: int
    failed_attempts: int
    throttled_attempts: int
    #: What waited in A's lane when B to E were done.
    backlog: int


@dataclass(frozen=True)
class Block:
    """What one stretch measured, of B to E."""

    waits_s: Sequence[float]
    submits_s: Sequence[float]
    load: Load
    flood: FloodSeen | None = None


@dataclass(frozen=True)
class Stretches:
    """Measures stretches for one scenario."""

    stack: DeployedStack
    tenants: Tenants
    scenario: Scenario
    plan: Plan
    #: Part of every source: no event of another run is this one's duplicate.
    run: str
    _numbers: "list[int]" = field(default_factory=lambda: [0])

    def measure(self, condition: Condition) -> Block:
        """B to E under that condition, and A's lane empty again afterwards."""
        self._numbers[0] += 1
        source = f"/bench/{self.run}/{self.scenario.flood.value}/{self._numbers[0]}/{condition.value}"
        if condition is Condition.ALONE:
            return self._steady_block(source)
        near = condition is Condition.BESIDE
        return self._flooded(self.tenants.neighbour if near else self.tenants.stranger, source)

    def _flooded(self, noisy: Noisy, source: str) -> Block:
        with ExitStack() as open_things:
            if self.scenario.refused:
                noisy.refuse(self.scenario.sample)
                open_things.callback(noisy.admit, self.scenario.sample)
            last_s = LEAD_S + self.plan.stretch_s + _EXPIRES_S
            poured = open_things.enter_context(
                flood(noisy.tenant, self.scenario, self.plan, source=source, last_s=last_s)
            )
            time.sleep(LEAD_S)
            block = self._steady_block(source)
            backlog = self._in_lane(noisy.tenant)
        self._wait_for_rest(noisy.tenant)
        seen = flood_seen(poured, list(noisy.tenant.client.list_tasks(source=source)), backlog)
        return replace(block, flood=seen)

    def _steady_block(self, source: str) -> Block:
        tenants = self.tenants.steady
        done = [Submitted(source) for _ in tenants]
        start = time.monotonic() + _START_S
        jobs = [
            partial(steady, tenant, source, moments(self.plan, start, phase=number / len(tenants)), one)
            for number, (tenant, one) in enumerate(zip(tenants, done, strict=True))
        ]
        with LoadMeter(self.stack.emulator["pid"]) as meter:
            run_together(jobs)
        ended = [task for tenant in tenants for task in self._ended(tenant, source)]
        expected = sum(one.accepted for one in done)
        if len(ended) != expected:
            raise BenchError(f"{expected} tasks of B to E were accepted, {len(ended)} are there")
        return Block(
            waits_s=[wait_s(task) for task in ended],
            submits_s=[took for one in done for took in one.took_s],
            load=meter.load,
        )

    def _ended(self, tenant: Tenant, source: str) -> list[Task]:
        """All of its tasks, once they have ended. Raises BenchError when one failed."""
        deadline = time.monotonic() + _REST_S
        while True:
            tasks = list(tenant.client.list_tasks(source=source))
            states = Counter(task["status"] for task in tasks)
            if bad := [task for task in tasks if task["status"] in {"failed", "expired", "cancelled"}]:
                raise BenchError(f"a task of {tenant.name} {bad[0]['status']}: {bad[0]['error']}")
            if states.total() == states["succeeded"]:
                return tasks
            if time.monotonic() > deadline:
                raise BenchError(f"tasks of {tenant.name} did not end within {_REST_S:.0f} s: {dict(states)}")
            time.sleep(_LOOK_S)

    def _in_lane(self, tenant: Tenant) -> int:
        lane = tenant.client.get_lane("default")
        return lane["depth"] + lane["running"]

    def _wait_for_rest(self, tenant: Tenant) -> None:
        deadline = time.monotonic() + _REST_S
        while self._in_lane(tenant):
            if time.monotonic() > deadline:
                raise BenchError(f"the lane of {tenant.name} was not empty {_REST_S:.0f} s after the flood")
            time.sleep(_LOOK_S)


def wait_s(task: Task) -> float:
    """From acceptance to the first start. Raises BenchError for a task that was never started."""
    starts = [moment["at"] for moment in task["timeline"] if moment["status"] == "running"]
    if not starts:
        raise BenchError(f"task {task['id']} has no start in its timeline")
    return (datetime.fromisoformat(starts[0]) - datetime.fromisoformat(task["created_at"])).total_seconds()


def flood_seen(poured: Submitted, tasks: Sequence[Task], backlog: int) -> FloodSeen:
    """From A's own records."""
    retries = Counter(_retry_kind(moment) for task in tasks for moment in task["timeline"])
    return FloodSeen(
        accepted=poured.accepted,
        refused=poured.refused,
        started=sum(task["started_at"] is not None for task in tasks),
        failed_attempts=retries["failed"],
        throttled_attempts=retries["throttled"],
        backlog=backlog,
    )


def _retry_kind(moment: Mapping[str, object]) -> str:
    if moment["status"] not in {"retrying", "failed"}:
        return ""
    return "throttled" if str(moment["detail"]).startswith("throttled") else "failed"
