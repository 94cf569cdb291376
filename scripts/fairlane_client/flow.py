"""What the client does, apart from how: generators that yield effects, which a transport carries out.

Retrying, paging, batching and waiting are written once as flows; `Client` carries their effects out with
blocking calls, `AsyncClient` with awaited ones. Nothing here does I/O or sleeps.
"""

import random
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeVar

import httpx

from fairlane_client.call import Call

Result = TypeVar("Result")


@dataclass(frozen=True)
class Send:
    """Carry out one request. Answered with the response, or with the error that there is none."""

    call: Call[object]


@dataclass(frozen=True)
class Pause:
    """Go on after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Take:
    """Take the next element of the input. Answered with it, or with `END`."""


@dataclass(frozen=True)
class Emit:
    """Hand a value to whoever iterates."""

    value: object


class End:
    """Nothing is left to take."""


END = End()

Effect = Send | Pause | Take | Emit
Flow = Generator[Effect, object, Result]


@dataclass(frozen=True)
class RetryPolicy:
    """How often and when a call is sent again: exponential backoff with full jitter, never before `Retry-After`."""

    #: Including the first.
    max_tries: int = 6
    base_s: float = 0.25
    cap_s: float = 20.0
    #: When the service asks for a longer pause, its refusal is raised at once.
    longest_retry_after_s: float = 60.0

    def pause_s(self, tries: int, *, retry_after_s: float | None, jitter: Callable[[], float]) -> float | None:
        """The pause after so many failed tries; None: give up. `jitter` is in [0, 1)."""
        asked = retry_after_s or 0.0
        if tries >= self.max_tries or asked > self.longest_retry_after_s:
            return None
        # the exponent is bounded: the cap decides long before, and 2.0 ** 1024 overflows
        return asked + jitter() * min(self.cap_s, self.base_s * 2.0 ** min(tries - 1, 64))


@dataclass(frozen=True)
class Pacing:
    """When flows go on: the only things that they need of the outside."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    #: Uniform in [0, 1).
    jitter: Callable[[], float] = random.random
    #: Seconds that only grow.
    clock: Callable[[], float] = time.monotonic


Reply = httpx.Response | httpx.RequestError


def send(call: Call[object]) -> Flow[Reply]:
    """One try, without repeats."""
    reply = yield Send(call)
    if not isinstance(reply, httpx.Response | httpx.RequestError):
        raise TypeError(f"a transport answered Send with {reply!r}")
    return reply
