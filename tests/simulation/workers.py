"""Whoever runs deferred attempts: calls back in time, too late, twice or never, and repeats what was not confirmed."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fairlane.domain.errors import Refused
from fairlane.domain.task import TaskError
from fairlane.events import Event
from fairlane.http import Request
from fairlane.ports.targets import Raised, Returned, Running, Started, Starting, Throttled, Unknown
from gateway.callbacks import Callbacks
from tests.simulation.fakes.tasks import FakeTasks
from tests.simulation.faults import Chaos, Faults, Outage
from tests.simulation.functions import LONG_RESULT, new_process
from tests.simulation.monitor import Monitor
from tests.simulation.scheduler import Crash, Process, Scheduler

GATEWAY_LIVES = timedelta(seconds=29)
BEAT = timedelta(seconds=15)
VERBS = ("complete", "fail", "heartbeat")


class NoExecutions:
    """`Executions` where there is none."""

    def look(self, execution: str) -> Returned | Raised | Running | None:
        raise AssertionError(execution)

    def input(self, execution: str) -> str | None:
        raise AssertionError(execution)

    def stop(self, execution: str) -> None:
        raise AssertionError(execution)


class SimulatedStarter:
    """`Starter` for one process: whom it reaches works on, whoever dies meanwhile."""

    def __init__(
        self,
        scheduler: Scheduler,
        rng: random.Random,
        chaos: Chaos,
        faults: Faults,
        monitor: Monitor,
        tasks: FakeTasks,
        hire: Callable[[Event], None],
    ) -> None:
        self._scheduler = scheduler
        self._rng = rng
        self._chaos = chaos
        self._faults = faults
        self._monitor = monitor
        self._tasks = tasks
        self._hire = hire

    def start(
        self,
        target: Mapping[str, Any],
        event: Mapping[str, Any],
        *,
        timeout: timedelta,  # noqa: ARG002 - the fake never takes that long
        name: str,  # noqa: ARG002
    ) -> Starting:
        self._scheduler.pause(timedelta(milliseconds=self._rng.randrange(2_000)))
        self._faults.maybe_crash()
        trouble = self._rng.random() / 4 if self._chaos.outage else 1.0
        if trouble < self._chaos.outage:
            return Throttled(TaskError("TooManyRequestsException", "no capacity"))
        record = self._tasks.get(event["tenant"], event["taskid"])
        if (
            record is not None
            and event["tasktoken"] in self._monitor.tokens[record.tenant, record.id, record.generation]
        ):
            self._monitor.reached.add("started again")
        self._monitor.on_deferred_start(event, target["lambda"], record)
        self._hire(dict(event))
        self._faults.maybe_crash()
        if trouble < 2 * self._chaos.outage:
            return Unknown(TaskError("NoAnswer", "read timed out"))
        return Started()

    def execution(self, target: Mapping[str, Any], name: str) -> str | None:  # noqa: ARG002
        return None


@dataclass
class Worker:
    """One start of a deferred attempt."""

    scheduler: Scheduler
    rng: random.Random
    monitor: Monitor
    callbacks: Callable[[Process], Callbacks]
    event: Event

    def run(self) -> None:
        verb, body = self._said(self.event["data"]["then"])
        deadline = datetime.fromisoformat(str(self.event["deadline"]))
        left = deadline - self.scheduler.clock()
        takes = self.rng.choice((timedelta(seconds=0.1), left / 3, left * 1.2, None))
        if takes is None:
            return  # it died
        beats = self.rng.random() < 0.7
        until = self.scheduler.clock() + takes
        while beats and self.scheduler.clock() + BEAT < until:
            self.scheduler.pause(BEAT)
            self._say("heartbeat", {"progress": self.rng.random()}, tries=1)
        self.scheduler.wait_until(until)
        for _ in range(self.rng.choice((1, 1, 2))):
            self._say(verb, body, tries=1000)

    def _said(self, then: str) -> tuple[str, Any]:
        if then == "flaky":
            then = self.rng.choice(("return", "fail"))
        if then == "fail":
            return "fail", {"error": {"type": "ValueError", "message": "not today"}}
        if then == "fatal":
            return "fail", {"error": {"type": "Fatal", "message": "never"}}
        long = json.loads(LONG_RESULT) if then == "long" else ""
        return "complete", {"result": f"{long}{self.rng.randrange(10**6)}"}

    def _say(self, verb: str, body: Any, *, tries: int) -> None:
        for _ in range(tries):
            answer = self._once(verb, body)
            if answer is not None:
                self.monitor.reached.add(answer)
                return
            self.scheduler.pause(timedelta(seconds=self.rng.uniform(0.1, 5)))

    def _once(self, verb: str, body: Any) -> str | None:
        """What was answered; None: it has to be said again."""
        gateway = new_process("gateway", self.scheduler, self.rng, lives=GATEWAY_LIVES)
        request = Request(
            "POST",
            f"/v1/tasks/{self.event['taskid']}/{verb}",
            headers=[("authorization", f"Bearer {self.event['tasktoken']}")],
            body=json.dumps(body).encode(),
            params={"id": self.event["taskid"]},
        )

        def call() -> str | None:
            try:
                getattr(self.callbacks(gateway), verb)(request)
            except Outage:
                return None
            except Refused as refused:
                expected = refused.kind in ("conflict", "not-found")
                self.monitor.expect(expected, f"{verb} of {self.event['taskid']}: {refused}")
                return f"called back: {refused.kind}"
            return "called back"

        answer = self.scheduler.within(gateway, call)
        return None if isinstance(answer, Crash) else answer
