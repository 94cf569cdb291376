"""Functions in memory, called as Lambda calls them."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from fairlane.domain.task import TaskError
from fairlane.events import event_json
from fairlane.ports.targets import Answer, Raised, Returned, Throttled, Unknown

#: What a function does with its event: gives its result, or raises.
Body = Callable[[Mapping[str, Any]], Any]


class NoAnswer(Exception):
    """The function ran, or did not, and nobody will ever know."""


class Throttle(Exception):
    """There was no capacity: the function did not start."""


class FakeTarget:
    """`Target` over Python functions by name."""

    def __init__(self, functions: Mapping[str, Body]) -> None:
        self._functions = functions

    def call(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta) -> Answer:  # noqa: ARG002
        body = self._functions.get(target["lambda"])
        if body is None:
            return Raised(TaskError("ResourceNotFoundException", "no such function"))
        try:
            return Returned(event_json(body(json.loads(json.dumps(event)))))
        except Throttle as error:
            return Throttled(TaskError("TooManyRequestsException", str(error)))
        except NoAnswer as error:
            return Unknown(TaskError("NoAnswer", str(error)))
        except Exception as error:  # noqa: BLE001 - whatever a function raises is its error
            return Raised(TaskError(type(error).__name__, str(error)))
