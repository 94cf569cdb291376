"""How a lane's concurrency becomes settings of its event source mapping.

The mapping runs at most `MaximumConcurrency` batches at once, each of at most `BatchSize`
messages, so their product bounds the attempts. AWS allows 2 to 1,000 batches: a bound of 1
needs slots.
"""

from dataclasses import dataclass

LARGEST_BATCH = 10
FEWEST, MOST = 2, 1_000


@dataclass(frozen=True)
class Scaling:
    """Settings of a mapping."""

    batch_size: int
    maximum_concurrency: int


def scaling(concurrency: int | None, *, default: int) -> Scaling:
    """The settings with the largest product that stays within `concurrency` (None: the platform's default)."""
    if concurrency is None:
        return Scaling(LARGEST_BATCH, max(FEWEST, min(MOST, default)))
    if concurrency < FEWEST:
        raise ValueError(concurrency)
    options = [
        Scaling(batch, min(MOST, concurrency // batch))
        for batch in range(1, LARGEST_BATCH + 1)
        if concurrency // batch >= FEWEST
    ]
    return max(options, key=lambda option: (option.batch_size * option.maximum_concurrency, option.batch_size))
