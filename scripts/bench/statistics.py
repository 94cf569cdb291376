"""The arithmetic of measurements: percentiles, and how far a ratio of two of them can be believed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

MEDIAN, P99 = 0.5, 0.99
#: Resampling draws the same numbers each time: a result can be computed again from its samples.
_SEED = 20
_RESAMPLES = 1_000
_LOW, _HIGH = 0.05, 0.95


@dataclass(frozen=True)
class Interval:
    """Nine of ten repeats of the measurement would fall between the two."""

    low: float
    high: float


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least `share` of them do not exceed (nearest rank). Raises ValueError."""
    if not values:
        raise ValueError("no values")
    if not 0 < share <= 1:
        raise ValueError(share)
    return sorted(values)[math.ceil(share * len(values) - 1e-9) - 1]


def ratio(values: Sequence[float], base: Sequence[float], share: float) -> float:
    """Of the two percentiles; infinite over a base of 0."""
    divisor = percentile(base, share)
    return percentile(values, share) / divisor if divisor else math.inf


def ratio_interval(values: Sequence[float], base: Sequence[float], share: float) -> Interval:
    """Where the ratio falls when both samples are drawn again out of themselves (bootstrap)."""
    random = Random(_SEED)  # noqa: S311 - nothing secret
    drawn = sorted(
        ratio(random.choices(values, k=len(values)), random.choices(base, k=len(base)), share)
        for _ in range(_RESAMPLES)
    )
    return Interval(percentile(drawn, _LOW), percentile(drawn, _HIGH))
