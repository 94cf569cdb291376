"""How a lane's concurrency becomes settings of its event source mapping.

The mapping runs at most `MaximumConcurrency` batches at once, each of at most `BatchSize`
messages, so their product bounds the attempts. AWS allows 2 to 1,000 batches: a bound of 1
needs slots.
"""

from dataclasses import dataclass

LARGEST_BATCH = 10
FEWEST, MOST = 2, 1_000
GOOD_ENOUGH = 0.9


@dataclass(frozen=True)
class Scaling:
    """Settings of a mapping."""

    batch_size: int
    maximum_concurrency: int

    @property
    def bound(self) -> int:
        """Most attempts at once."""
        return self.batch_size * self.maximum_concurrency


def scaling(concurrency: int | None, *, default: int) -> Scaling:
    """The largest batches whose product comes near `concurrency` without exceeding it (None: the default)."""
    if concurrency is None:
        return Scaling(LARGEST_BATCH, max(FEWEST, min(MOST, default)))
    if concurrency < FEWEST:
        raise ValueError(concurrency)
    options = [
        Scaling(batch, min(MOST, concurrency // batch))
        for batch in range(1, LARGEST_BATCH + 1)
        if concurrency // batch >= FEWEST
    ]
    largest = max(option.bound for option in options)
    # full batches cost a tenth of the requests: worth a bound that is a little lower
    return max(
        (option for option in options if option.bound >= GOOD_ENOUGH * largest),
        key=lambda option: (option.batch_size, option.bound),
    )
