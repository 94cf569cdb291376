"""What runs a task type, and how it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from fairlane.domain.task import TaskError


@dataclass(frozen=True)
class Returned:
    """The function returned; `result` is JSON text."""

    result: str


@dataclass(frozen=True)
class Raised:
    """The function raised, or the call was refused; `permanent` when repeating cannot help."""

    error: TaskError
    permanent: bool = False
    #: The pause that the function itself asks for; None: the retry policy decides.
    pause: timedelta | None = None


@dataclass(frozen=True)
class Throttled:
    """The target has no capacity now: nothing was started."""

    error: TaskError
    #: What the target itself asks for: no call before that.
    pause: timedelta = timedelta()


@dataclass(frozen=True)
class Unknown:
    """No answer: the function may be running still, until its own timeout."""

    error: TaskError


Answer = Returned | Raised | Throttled | Unknown


@dataclass(frozen=True)
class Started:
    """The target has taken a deferred attempt over: it will call back."""


Starting = Started | Answer


class Starter(Protocol):
    """Starts what runs a task type, for deferred attempts."""

    def start(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta, name: str) -> Starting:
        """Start it; the answer comes within `timeout`. `name` is the same for each start of one attempt."""

    def execution(self, target: Mapping[str, Any], name: str) -> str | None:
        """What will run the attempt of that name, where it can be looked at and stopped."""


@dataclass(frozen=True)
class Running:
    """An execution runs still."""


class Executions(Protocol):
    """What runs deferred attempts and can be looked at: executions of Step Functions."""

    def look(self, execution: str) -> Returned | Raised | Running | None:
        """What it came to; None where there is none, or nobody says."""

    def input(self, execution: str) -> str | None:
        """The event that it was started with."""

    def stop(self, execution: str) -> None:
        """Stop it, where it runs. Best effort."""


class Target(Protocol):
    """Calls what runs a task type."""

    def call(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta) -> Answer:
        """Call and wait, `timeout` at most."""
