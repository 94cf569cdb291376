"""How use cases run: the clock, and many things at once."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

Clock = Callable[[], datetime]

"""Now: aware, UTC, whole milliseconds."""

T = TypeVar("T")

R = TypeVar("R")


class Parallel(Protocol):
    """Runs a call for each item at once; hands over (index, outcome) in groups, as they come."""

    def __call__(self, call: Callable[[T], R], items: Sequence[T]) -> Iterator[list[tuple[int, R]]]:
        """Every item's outcome comes exactly once. An exception of a call is raised."""
