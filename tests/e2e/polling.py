"""The only place in these tests that waits for something: it asks again until it is so, or too late."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

PATIENCE_S = 60.0
_PAUSE_S = 0.1


def eventually(look: Callable[[], Value | None], *, patience_s: float = PATIENCE_S) -> Value:
    """What `look` answers as soon as that is true. Fails with its last answer after `patience_s`."""
    deadline = time.monotonic() + patience_s
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience_s:g} s; last seen: {seen!r}")
        time.sleep(_PAUSE_S)
    return seen
