"""Running the items of one batch at once, and handing over their outcomes in groups.

Outcomes that come close together are handed over together, so that what follows (a batch of
SQS messages) costs one request instead of one each; yet a fast item never waits for a slow one.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

#: How long an outcome waits for its neighbours.
LINGER_S = 0.05


class Threads:
    """`Parallel` on a pool of threads that lives as long as the execution environment."""

    def __init__(self, most: int) -> None:
        """`most` calls at once."""
        self._pool = ThreadPoolExecutor(max_workers=most)

    def __call__(self, call: Callable[[T], R], items: Sequence[T]) -> Iterator[list[tuple[int, R]]]:
        """Groups of (index of the item, what the call returned). An exception of a call is raised."""
        pending: dict[Future[R], int] = {self._pool.submit(call, item): n for n, item in enumerate(items)}
        while pending:
            wait(pending, return_when=FIRST_COMPLETED)
            done, _ = wait(pending, timeout=LINGER_S)
            yield [(pending.pop(future), future.result()) for future in done]


def one_by_one(call: Callable[[T], R], items: Sequence[T]) -> Iterator[list[tuple[int, R]]]:
    """`Parallel` without threads, in one group: for moto, which is not thread-safe, and for simulations."""
    yield [(n, call(item)) for n, item in enumerate(items)]
