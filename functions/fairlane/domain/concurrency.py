"""How a lane's limits become settings of its event source mapping.

The mapping runs at most `MaximumConcurrency` batches at once, each of at most `BatchSize`
messages. Slots make every limit exact; the mapping follows them, so that few messages are
received that may not start (docs/decisions/0013).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LARGEST_BATCH = 10
#: What AWS takes as MaximumConcurrency.
FEWEST, MOST = 2, 1_000
#: So many batches at once before batches grow: single messages find a free invocation.
WIDE = 10
#: An invocation that may run one message at a time gets as many as it runs in this time (s).
SERIAL_S = 40


@dataclass(frozen=True)
class Scaling:
    """Settings of a mapping."""

    batch_size: int
    maximum_concurrency: int

    @property
    def bound(self) -> int:
        """Most messages at once."""
        return self.batch_size * self.maximum_concurrency


@dataclass(frozen=True)
class FunctionLoad:
    """What a function means for a lane: its timeout and its own concurrency."""

    timeout_s: float
    concurrency: int | None

    @classmethod
    def of(cls, doc: Mapping[str, Any]) -> "FunctionLoad":
        """From its registry document."""
        return cls(doc["timeout"], doc["concurrency"])


@dataclass(frozen=True)
class LaneLoad:
    """What bounds the attempts of a lane. `functions` are those that name it as theirs."""

    concurrency: int | None
    tenant_concurrency: int | None
    rate: float | None
    burst: int | None
    functions: Sequence[FunctionLoad]

    @property
    def longest_s(self) -> float:
        """The longest timeout of the lane's functions; 0 without any."""
        return max((function.timeout_s for function in self.functions), default=0)

    @property
    def bound(self) -> int | None:
        """Most attempts that the limits let run at once; None: no limit."""
        bounds = (self.concurrency, self.tenant_concurrency, self._functions_bound(), self._rate_bound())
        return min((bound for bound in bounds if bound is not None), default=None)

    def _functions_bound(self) -> int | None:
        limits = [function.concurrency for function in self.functions]
        known = [limit for limit in limits if limit is not None]
        return sum(known) if limits and len(known) == len(limits) else None

    def _rate_bound(self) -> int | None:
        """Little's law: what starts at that rate and takes the longest time, and the burst before it."""
        if self.rate is None or not self.functions:
            return None
        return math.ceil(self.rate * self.longest_s) + (self.burst or 1)


def scaling(load: LaneLoad, *, default: int) -> Scaling:
    """Settings whose product comes near the bound without exceeding it (no bound: full batches, `default` of them)."""
    bound = load.bound
    if bound is None:
        return Scaling(LARGEST_BATCH, _clamped(default, FEWEST, MOST))
    if bound < FEWEST:
        in_time = int(SERIAL_S // load.longest_s) if load.longest_s else 1
        return Scaling(_clamped(in_time, 1, LARGEST_BATCH), FEWEST)
    batch = _clamped(bound // WIDE, 1, LARGEST_BATCH)
    return Scaling(batch, _clamped(bound // batch, FEWEST, MOST))


def _clamped(value: int, least: int, most: int) -> int:
    return max(least, min(most, value))
