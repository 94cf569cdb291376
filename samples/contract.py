"""What every sample function does at its edges: checks its data, logs a line, raises errors that name their class.

What a function is called with: the structured CloudEvent, plus `tenant`, `taskid`, `attempt` and `deadline`.
"""

import json
from collections.abc import Mapping
from typing import Any

Event = Mapping[str, Any]
Data = Mapping[str, Any]


class SampleError(Exception):
    """Reads `ClassName: message`: not every place delivers the class of what a function raises, but all its text."""

    def __str__(self) -> str:
        return f"{type(self).__name__}: {super().__str__()}"


class PayloadError(SampleError):
    """The event's data is not what the function takes. Trying again cannot help."""


def log_call(action: str, event: Event) -> None:
    """One line for each call, without its data. MiniStack also waits 50 ms for a function that says nothing."""
    bound = {name: event.get(name) for name in ("tenant", "taskid", "attempt")}
    print(json.dumps({"level": "INFO", "action": action, **bound}), flush=True)  # noqa: T201 -- Lambda logs what is printed


def data_of(event: Event) -> Data:
    """The data, which has to be a JSON object."""
    data = event.get("data")
    if not isinstance(data, dict):
        raise PayloadError(f"data must be a JSON object, not {_kind(data)}")
    return data


def text_of(data: Data, name: str, *, at_most: int, default: str | None = None) -> str:
    value = data.get(name, default)
    if not isinstance(value, str):
        raise PayloadError(f"data.{name} must be a string, not {_kind(value)}")
    if len(value) > at_most:
        raise PayloadError(f"data.{name} has {len(value)} characters; at most {at_most} are taken")
    return value


def number_of(data: Data, name: str, *, at_most: float, default: float | None = None) -> float:
    """Not negative. Whole numbers come back as they are."""
    value = data.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PayloadError(f"data.{name} must be a number, not {_kind(value)}")
    if not 0 <= value <= at_most:
        raise PayloadError(f"data.{name} must be from 0 to {at_most:g}, not {value:g}")
    return value


def _kind(value: object) -> str:
    kinds = {type(None): "missing", bool: "a Boolean", str: "a string", list: "an array", dict: "an object"}
    return kinds.get(type(value), "a number")
