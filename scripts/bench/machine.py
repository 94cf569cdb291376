"""How busy the machine was, and with what: a wait that grew because all cores were full says nothing about fairness."""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Self

import psutil


@dataclass(frozen=True)
class Load:
    """Means over a stretch of time."""

    #: Of all cores, 0 to 1.
    busy: float
    #: The part of `busy` that was not the stack's or the bench's: other programs.
    others: float
    #: Cores that the emulator's own process used: it is one Python process, so 1 is all it can.
    emulator: float


def mean_load(loads: Sequence[Load]) -> Load:
    """Of stretches of equal length. Raises ValueError for none."""
    if not loads:
        raise ValueError("no loads")
    means = {field.name: sum(getattr(load, field.name) for load in loads) / len(loads) for field in fields(Load)}
    return Load(**means)


@dataclass(frozen=True)
class _Reading:
    at: float
    idle_s: float
    total_s: float
    emulator_s: float
    own_s: float


class LoadMeter:
    """Reads the machine's clocks when entered and when left; `load` afterwards."""

    load: Load

    def __init__(self, emulator_pid: int) -> None:
        self._emulator = psutil.Process(emulator_pid)
        self._cores = psutil.cpu_count() or 1

    def __enter__(self) -> Self:
        self._before = self._read()
        return self

    def __exit__(self, *raised: object) -> None:
        self.load = load_between(self._before, self._read(), self._cores)

    def _read(self) -> _Reading:
        machine = psutil.cpu_times()
        emulator = self._emulator.cpu_times()
        return _Reading(
            at=time.monotonic(),
            idle_s=machine.idle + getattr(machine, "iowait", 0.0),
            total_s=sum(machine[:8]),  # guests' time is in the user's already
            emulator_s=emulator.user + emulator.system,
            own_s=_used_s([psutil.Process(), self._emulator, *self._emulator.children(recursive=True)]),
        )


def load_between(before: _Reading, after: _Reading, cores: int) -> Load:
    """The means between two readings."""
    wall_s = after.at - before.at
    total_s = after.total_s - before.total_s
    busy = 1 - (after.idle_s - before.idle_s) / total_s if total_s else 0.0
    own = (after.own_s - before.own_s) / wall_s / cores
    return Load(busy=busy, others=max(0.0, busy - own), emulator=(after.emulator_s - before.emulator_s) / wall_s)


def _used_s(processes: Iterable[psutil.Process]) -> float:
    """With what their children used that have ended meanwhile."""
    used = 0.0
    for process in processes:
        with suppress(psutil.Error):  # it ended as we looked: its time is its parent's now
            times = process.cpu_times()
            used += times.user + times.system + times.children_user + times.children_system
    return used
