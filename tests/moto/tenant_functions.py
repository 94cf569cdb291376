"""The tenants' functions: what runs a task type, scripted by the tests and counted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fairlane.domain.task import TaskError
from fairlane.ports import Answer, Raised, Returned, Throttled, Unknown
from tests.moto.calls import Calls

Event = Mapping[str, Any]
Script = Callable[[Event], Answer]
#: The name of the call in the tests' points.
CALL = "target.Call"


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
    """`Target`: runs the script of the function's name."""

    calls: Calls
    scripts: dict[str, Script] = field(default_factory=dict)
    #: The event of each run, in order.
    runs: list[Event] = field(default_factory=list)

    def call(self, target: Mapping[str, Any], event: Event, *, timeout: timedelta) -> Answer:
        """Run it; a process that dies before has not run it."""
        assert timeout > timedelta()
        with self.calls.around(CALL):
            self.runs.append(event)
            return self.scripts.get(target["lambda"], returns())(event)
