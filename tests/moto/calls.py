"""Every AWS call of the handlers: seen, counted, and stopped, delayed or repeated where a test says so.

The handlers' clients come from boto3's default session; its botocore events are where this listens. A test
names a point (who calls, what, before or after, which time) and what happens there: the process dies
(`die`), the answer gets lost (`lose_answer`), or anything else, such as the same message delivered once more.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import boto3
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tests.moto.stack import REGION

When = Literal["before", "after"]
BEFORE: When = "before"
AFTER: When = "after"


class Died(BaseException):
    """The process ended here. No handler may catch it, as none could catch the end of its process."""


@dataclass(frozen=True)
class Point:
    """Where something happens: the `nth` such call of that function from now on."""

    function: str
    call: str
    when: When
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.when} {self.function} {self.call} {self.nth}"


@dataclass(frozen=True)
class Call:
    """A call that was made, and what came back."""

    function: str
    name: str
    params: dict[str, Any]
    answer: dict[str, Any]


def die() -> None:
    raise Died


def lose_answer() -> None:
    """The SDK has given up: what it asked for may have been done."""
    raise ReadTimeoutError(endpoint_url="https://aws.example")


def refuse_connection() -> None:
    """Nothing was sent."""
    raise EndpointConnectionError(endpoint_url="https://aws.example")


@dataclass
class _Plan:
    point: Point
    action: Callable[[], object]
    left: int
    done: bool = False


@dataclass
class Calls:
    """What is known of the calls of one test."""

    made: list[Call] = field(default_factory=list)
    #: Fakes of single operations: by name, from parameters to answer.
    fakes: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    _plans: list[_Plan] = field(default_factory=list)
    _repeats: list[_Plan] = field(default_factory=list)
    _callers: list[str] = field(default_factory=list)
    _params: dict[int, dict[str, Any]] = field(default_factory=dict)

    @contextmanager
    def by(self, function: str) -> Iterator[None]:
        """The calls in here are that function's."""
        self._callers.append(function)
        try:
            yield
        finally:
            self._callers.pop()

    def at(self, point: Point, action: Callable[[], object]) -> None:
        """Do that at the point, once."""
        self._plans.append(_Plan(point, action, point.nth))

    def at_next(self, function: str, call: str, action: Callable[[], object]) -> None:
        """Do that before the next such call."""
        self.at(Point(function, call, BEFORE), action)

    def repeat(self, function: str, call: str, nth: int = 1) -> None:
        """The answer of a call gets lost, and the SDK makes it again."""
        self._repeats.append(_Plan(Point(function, call, AFTER, nth), die, nth))

    def forget_plans(self) -> None:
        """For schedules in which a point may or may not be reached."""
        self._plans.clear()

    def assert_all_happened(self) -> None:
        """A planned point that was not reached is a test that tests nothing."""
        missed = [str(plan.point) for plan in (*self._plans, *self._repeats) if not plan.done]
        assert not missed, f"never reached: {missed}"

    def names(self, function: str) -> list[str]:
        """The calls of a function, in order."""
        return [call.name for call in self.made if call.function == function]

    @contextmanager
    def around(self, name: str) -> Iterator[None]:
        """A call that is not AWS's, such as that of a tenant's function."""
        self._reach(name, BEFORE)
        yield
        self._reach(name, AFTER)

    # --- botocore's events ------------------------------------------------------------------

    def sent(self, params: dict[str, Any], context: dict[str, Any]) -> None:
        self._params[id(context)] = params

    def before(self, name: str, context: dict[str, Any]) -> Any:
        self._reach(name, BEFORE)
        if name in self.fakes:
            return _Ok(), self.fakes[name](self._params[id(context)])
        return None

    def after(self, name: str, context: dict[str, Any], answer: dict[str, Any]) -> None:
        self.made.append(Call(self._caller(), name, self._params.pop(id(context)), answer))
        self._reach(name, AFTER)

    def must_repeat(self, name: str, attempts: int) -> int | None:
        """Seconds until the SDK's next try, as botocore asks for it."""
        plan = self._next(self._repeats, name, AFTER) if attempts == 1 else None
        return 0 if plan else None

    def _caller(self) -> str:
        return self._callers[-1] if self._callers else "nobody"

    def _reach(self, name: str, when: When) -> None:
        plan = self._next(self._plans, name, when)
        if plan:
            plan.action()

    def _next(self, plans: list[_Plan], name: str, when: When) -> _Plan | None:
        here = (self._caller(), name, when)
        due = None
        for plan in plans:
            if plan.done or here != (plan.point.function, plan.point.call, plan.point.when):
                continue
            plan.left -= 1
            if plan.left == 0 and due is None:
                due = plan
                plan.done = True
        return due


class _Ok:
    status_code = 200


class _Session(boto3.Session):
    """Clients keep nothing between calls, so one of each kind serves every process of every test."""

    made: ClassVar[dict[tuple[str, object], Any]] = {}

    def client(self, service_name: Any, *_: Any, config: Any = None, **__: Any) -> Any:
        key = (service_name, config)
        if key not in self.made:
            self.made[key] = super().client(service_name, config=config)
        return self.made[key]


class _Wire:
    """The one set of botocore hooks of this process; `calls` are the present test's."""

    def __init__(self) -> None:
        self.calls = Calls()
        self.session = _Session(region_name=REGION)
        events = self.session.events
        events.register("provide-client-params", self._sent)
        events.register("before-call", self._before)
        events.register("after-call", self._after)
        events.register("needs-retry", self._needs_retry)  # type: ignore[arg-type] # the stubs know no answers

    def _sent(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        self.calls.sent(params, context)

    def _before(self, event_name: str, context: dict[str, Any], **_: Any) -> Any:
        return self.calls.before(_name(event_name), context)

    def _after(self, event_name: str, context: dict[str, Any], parsed: dict[str, Any], **_: Any) -> None:
        self.calls.after(_name(event_name), context, parsed)

    def _needs_retry(self, event_name: str, attempts: int, **_: Any) -> int | None:
        return self.calls.must_repeat(_name(event_name), attempts)


def _name(event_name: str) -> str:
    """`before-call.dynamodb.PutItem` -> `dynamodb.PutItem`."""
    return event_name.partition(".")[2]


WIRE: list[_Wire] = []


def wire() -> _Wire:
    """Made once a process, after moto was imported: loading botocore's models takes long."""
    if not WIRE:
        WIRE.append(_Wire())
    return WIRE[0]
