"""One `Target` and one `Starter` for all kinds: a function's target says by its one key what runs it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from fairlane.domain.task import TaskError
from fairlane.ports.targets import Answer, Raised, Starter, Starting, Target

T = TypeVar("T")


class TargetByKind:
    """`Target` that hands over to the one of the target's kind."""

    def __init__(self, kinds: Mapping[str, Callable[[], Target]]) -> None:
        """By the key that a target of the kind has (`lambda`, `http`): what gives the one that calls such targets."""
        self._kinds = kinds

    def call(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta) -> Answer:
        """Call and wait, `timeout` at most."""
        one = _of(self._kinds, target)
        return _unknown(self._kinds) if one is None else one.call(target, event, timeout=timeout)


class StarterByKind:
    """`Starter` that hands over to the one of the target's kind."""

    def __init__(self, kinds: Mapping[str, Callable[[], Starter]]) -> None:
        """By the key that a target of the kind has (`lambda`, `http`, `state_machine`), as in `TargetByKind`."""
        self._kinds = kinds

    def start(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta, name: str) -> Starting:
        """Start it; the answer comes within `timeout`."""
        one = _of(self._kinds, target)
        return _unknown(self._kinds) if one is None else one.start(target, event, timeout=timeout, name=name)

    def execution(self, target: Mapping[str, Any], name: str) -> str | None:
        """What will run the attempt of that name, where it can be looked at and stopped."""
        one = _of(self._kinds, target)
        return None if one is None else one.execution(target, name)


def _of(kinds: Mapping[str, Callable[[], T]], target: Mapping[str, Any]) -> T | None:
    return next((one() for kind, one in kinds.items() if kind in target), None)


def _unknown(kinds: Mapping[str, Any]) -> Raised:
    """Registered by a newer version that was rolled back: a later attempt may meet that one again."""
    return Raised(TaskError("UnknownTarget", f"this version calls {', '.join(kinds)}"))
