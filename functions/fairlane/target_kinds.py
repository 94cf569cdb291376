"""One `Target` for all kinds: a function's target says by its one key what runs it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fairlane.domain.task import TaskError
from fairlane.ports import Answer, Raised, Target


class TargetByKind:
    """`Target` that hands over to the one of the target's kind."""

    def __init__(self, kinds: Mapping[str, Target]) -> None:
        """By the key that a target of the kind has: `lambda`, `http`."""
        self._kinds = kinds

    def call(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta) -> Answer:
        """Call and wait, `timeout` at most."""
        for kind, one in self._kinds.items():
            if kind in target:
                return one.call(target, event, timeout=timeout)
        # registered by a newer version that was rolled back: a later attempt may meet it again
        return Raised(TaskError("UnknownTarget", f"this version calls {', '.join(self._kinds)}"))
