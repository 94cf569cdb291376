"""Functions as the simulation's tenants have them: they take their time, fail, throttle, or never answer."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fairlane.domain.task import TaskError
from fairlane.ports.targets import Answer, Raised, Returned, Throttled, Unknown
from tests.simulation.fakes.tasks import FakeTasks
from tests.simulation.faults import Chaos, Faults
from tests.simulation.monitor import Monitor
from tests.simulation.scheduler import Process, Scheduler

#: A call starts at most this much after the check that it may: beyond is for the lease's slack.
LATEST_START_MS = 2_000
#: A Lambda's start, which its timeout does not count.
COLD_START_S = 10
READ_MARGIN = timedelta(seconds=3)
#: A result that does not fit into the task's own item.
LONG_RESULT = '"' + "x" * 5_000 + '"'


class SimulatedTarget:
    """`Target` for one process. A function that was started runs to its end, whoever dies meanwhile."""

    def __init__(
        self,
        scheduler: Scheduler,
        rng: random.Random,
        chaos: Chaos,
        faults: Faults,
        monitor: Monitor,
        tasks: FakeTasks,
    ) -> None:
        self._scheduler = scheduler
        self._rng = rng
        self._chaos = chaos
        self._faults = faults
        self._monitor = monitor
        self._tasks = tasks

    def call(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta) -> Answer:
        self._scheduler.pause(timedelta(milliseconds=self._rng.randrange(LATEST_START_MS)))
        self._faults.maybe_crash()
        trouble = self._rng.random() / 4 if self._chaos.outage else 1.0
        if trouble < self._chaos.outage:
            return Throttled(TaskError("TooManyRequestsException", "no capacity"))
        longest_ms = int(timeout.total_seconds() * 1000)
        called = self._scheduler.clock()
        start = called + timedelta(seconds=self._rng.choice((0, 0, 0, COLD_START_S)))
        end = start + timedelta(milliseconds=self._rng.choice((5, longest_ms // 3, longest_ms)))
        record = self._tasks.get(event["tenant"], event["taskid"])
        self._monitor.on_start(event, target["lambda"], record, (start, end), called)
        if trouble < 2 * self._chaos.outage:
            self._scheduler.pause(self._rng.choice((timedelta(), timeout + READ_MARGIN)))
            return Unknown(TaskError("NoAnswer", "read timed out"))
        answered_after = min(end - called, timeout + READ_MARGIN)
        self._scheduler.pause(answered_after / 2)
        self._faults.maybe_crash()
        self._scheduler.pause(answered_after / 2)
        if called + answered_after < end:
            return Unknown(TaskError("NoAnswer", "read timed out"))
        return self._answer(event["data"]["then"])

    def _answer(self, then: str) -> Answer:
        if then == "flaky":
            then = self._rng.choice(("return", "fail"))
        if then == "long":
            return Returned(LONG_RESULT[:-1] + str(self._rng.randrange(10**6)) + '"')
        if then == "fail":
            return Raised(TaskError("ValueError", "not today"))
        if then == "fatal":
            return Raised(TaskError("Fatal", "never"))
        return Returned(f'{{"n":{self._rng.randrange(10**6)}}}')


def new_process(name: str, scheduler: Scheduler, rng: random.Random, *, lives: timedelta) -> Process:
    """A process whose clock is a little wrong."""
    skew = timedelta(milliseconds=rng.randrange(-1_000, 1_000))
    return Process(name, skew=skew, killed_at=scheduler.clock() + lives)
