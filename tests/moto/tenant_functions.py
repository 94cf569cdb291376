"""The tenants' functions: what runs a task type, scripted by the tests and counted."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fairlane.domain.task import TaskError
from fairlane.ports.targets import Answer, Raised, Returned, Running, Started, Starting, Throttled, Unknown
from tests.moto.calls import Calls

Event = Mapping[str, Any]
Script = Callable[[Event], Answer]
#: The name of the call in the tests' points.
CALL = "target.Call"
START = "target.Start"


def returns(result: str = '{"ok": true}') -> Script:
    return lambda _: Returned(result)


def raises(kind: str = "ValueError", *, times: int = 1_000_000) -> Script:
    """Fails on the first `times` attempts."""

    def script(event: Event) -> Answer:
        if event["attempt"] <= times:
            return Raised(TaskError(kind, "no"))
        return Returned(str(event["attempt"]))

    return script


def throttled_then_returns() -> Script:
    answers: list[Answer] = [Throttled(TaskError("TooManyRequestsException", "slow down"))]
    return lambda _: answers.pop() if answers else Returned("1")


def silent_then_returns() -> Script:
    answers: list[Answer] = [Unknown(TaskError("NoAnswer", "read timeout"))]
    return lambda _: answers.pop() if answers else Returned("1")


@dataclass
class TenantFunctions:
    """`Target`, `Starter` and `Executions`: runs the script of the function's name."""

    calls: Calls
    scripts: dict[str, Script] = field(default_factory=dict)
    #: The event of each run, in order.
    runs: list[Event] = field(default_factory=list)

    #: What starting a deferred function comes to, by its name; else it is started.
    starters: dict[str, Callable[[Event], Starting]] = field(default_factory=dict)
    #: The event of each start, in order.
    starts: list[Event] = field(default_factory=list)
    #: What executions have come to, by ARN; else they run.
    executions: dict[str, Returned | Raised] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)

    def start(self, target: Mapping[str, Any], event: Event, *, timeout: timedelta, name: str) -> Starting:
        """Start it; a process that dies before has not started it."""
        assert timeout > timedelta()
        with self.calls.around(START):
            self.starts.append({**event, "name": name})
            starter = self.starters.get(target.get("lambda", ""))
            return starter(event) if starter else Started()

    def execution(self, target: Mapping[str, Any], name: str) -> str | None:
        machine = target.get("state_machine")
        return f"{machine}:{name}".replace(":stateMachine:", ":execution:") if machine else None

    def look(self, execution: str) -> Returned | Raised | Running | None:
        return self.executions.get(execution, Running())

    def input(self, execution: str) -> str | None:
        return next((json.dumps(event) for event in self.starts if execution.endswith(event["name"])), None)

    def stop(self, execution: str) -> None:
        self.stopped.append(execution)

    def call(self, target: Mapping[str, Any], event: Event, *, timeout: timedelta) -> Answer:
        """Run it; a process that dies before has not run it."""
        assert timeout > timedelta()
        with self.calls.around(CALL):
            self.runs.append(event)
            return self.scripts.get(target["lambda"], returns())(event)
