"""Rounds of the janitor: bounds, and duties that fail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from aws_lambda_powertools import Logger

from janitor.duties import MOST, Allowance, Duty, Rounds
from tests.simulation.fakes.clock import VirtualClock
from tests.simulation.monitor import Monitor

MINUTE = timedelta(minutes=1)


@dataclass
class Working:
    """A duty with endless work, of which each page takes some time."""

    clock: VirtualClock
    name: str
    page_s: float = 1
    started_with: timedelta = timedelta()

    def __call__(self, allowance: Allowance) -> int:
        self.started_with = allowance.until - self.clock()
        done = 0
        for page in allowance.pages(iter(int, 1)):
            self.clock.advance(timedelta(seconds=self.page_s))
            done += len(page)
        return done


class Failing:
    name = "failing"

    def __call__(self, allowance: Allowance) -> int:
        raise LookupError(allowance)


def rounds(clock: VirtualClock, *duties: Duty) -> dict[str, int | None]:
    return Rounds(duties, clock, cast(Logger, Silent()))(clock() + MINUTE)


class Silent(Monitor):
    def exception(self, message: str, *, extra: object) -> None:
        """A failing duty is expected here."""


def test_a_duty_that_fails_stops_no_other() -> None:
    clock = VirtualClock()

    done = rounds(clock, Working(clock, "first"), Failing(), Working(clock, "last"))

    assert done == {"first": 2_000, "failing": None, "last": 4_000}


def test_the_time_is_shared_and_what_one_leaves_the_others_have() -> None:
    clock = VirtualClock()
    first, second, third = (Working(clock, name) for name in ("a", "b", "c"))
    first.page_s = 0.001

    done = rounds(clock, first, second, third)

    assert done["a"] == MOST
    assert (round(second.started_with.total_seconds()), round(third.started_with.total_seconds())) == (30, 30)


def test_an_allowance_ends_with_its_entries() -> None:
    clock = VirtualClock()
    allowance = Allowance(clock() + MINUTE, clock)

    assert [len(page) for page in allowance.pages(iter(range(250)))] == [100, 100, 50]


def test_an_allowance_reads_no_more_than_it_may_use() -> None:
    clock = VirtualClock()
    read: list[int] = []

    def entries() -> Iterator[int]:
        for n in range(1000):
            read.append(n)
            yield n

    pages = list(Allowance(clock() + MINUTE, clock, left=130).pages(entries()))

    assert ([len(page) for page in pages], len(read)) == ([100, 30], 130)
