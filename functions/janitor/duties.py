"""What the janitor does each minute: a list of duties, none of which can stop or starve the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol, TypeVar

from aws_lambda_powertools import Logger

from fairlane.ports.running import Clock

T = TypeVar("T")

#: Entries that are worked on at once.
PAGE = 100
#: What a duty does at most in one run.
MOST = 20_000


@dataclass
class Allowance:
    """How much one duty may do in one run: until a time, and so many items."""

    until: datetime
    now: Clock
    left: int = field(default=MOST)

    @property
    def is_left(self) -> bool:
        """Whether the duty may go on."""
        return self.left > 0 and self.now() < self.until

    def pages(self, entries: Iterator[T], size: int = PAGE) -> Iterator[list[T]]:
        """The entries in pages, as long as there is some allowance left."""
        while self.is_left:
            page = list(islice(entries, min(size, self.left)))
            if not page:
                return
            self.left -= len(page)
            yield page


class Duty(Protocol):
    """Something that has to be done again and again. What it leaves undone, the next run takes up."""

    @property
    def name(self) -> str:
        """For logs."""

    def __call__(self, allowance: Allowance) -> int:
        """How many items were done."""


@dataclass(frozen=True)
class Rounds:
    """The use case: every duty once, each with its share of the time that is left."""

    duties: Sequence[Duty]
    now: Clock
    logger: Logger

    def __call__(self, deadline: datetime) -> dict[str, int | None]:
        """What each duty did; None where it failed."""
        done: dict[str, int | None] = {}
        for number, duty in enumerate(self.duties):
            share: timedelta = (deadline - self.now()) / (len(self.duties) - number)
            try:
                done[duty.name] = duty(Allowance(self.now() + share, self.now))
            except Exception:  # the other duties have to be done all the same
                self.logger.exception("duty failed", extra={"action": "duty_failed", "duty": duty.name})
                done[duty.name] = None
        self.logger.info("round", extra={"action": "round", "done": done})
        return done
