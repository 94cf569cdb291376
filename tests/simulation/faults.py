"""What can go wrong around a port's call: crashes before and after it, lost answers, errors, stalls."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from fairlane.ports.admission import AdmissionStore
from fairlane.ports.attention import AttentionIndex
from fairlane.ports.bus import BusEntry, ResultsBus
from fairlane.ports.queues import Message, Queues
from fairlane.ports.registry import RegistryReader
from fairlane.ports.slots import SlotStore
from fairlane.ports.tasks import DedupStore, EventStore, TaskStore
from tests.simulation.scheduler import Crash, Process, Scheduler


class Outage(Exception):
    """A backend did not answer: the call may have worked."""


@dataclass
class Chaos:
    """How likely each fault is at each call; all zero once the schedule calms down."""

    crash: float = 0.0
    outage: float = 0.0
    stall: float = 0.0

    def calm_down(self) -> None:
        self.crash = self.outage = self.stall = 0.0


class Faults:
    """The faults of one process."""

    def __init__(self, scheduler: Scheduler, rng: random.Random, chaos: Chaos, process: Process) -> None:
        self._scheduler = scheduler
        self._rng = rng
        self._chaos = chaos
        self._process = process

    def around(self, call: Callable[[], Any], lost: Callable[[], Any]) -> Any:
        """Make the call with others in between; `lost` is what the caller sees when the answer is lost."""
        self._let_others_run()
        self.maybe_crash()
        fails = self._rng.random() < self._chaos.outage
        works = not fails or self._rng.random() < 0.5
        answer = call() if works else None
        self.maybe_crash()
        self._let_others_run()
        return lost() if fails else answer

    def maybe_crash(self) -> None:
        if self._rng.random() < self._chaos.crash:
            self._scheduler.kill(self._process)
            raise Crash(self._process.name)

    def _let_others_run(self) -> None:
        stalled = self._rng.random() < self._chaos.stall
        longest_ms = 40_000 if stalled else 40
        self._scheduler.pause(timedelta(milliseconds=self._rng.randrange(longest_ms)))


def _raise() -> Any:
    raise Outage("no answer")


class _Faulty:
    """Any port whose calls raise when the backend is away."""

    def __init__(self, real: object, faults: Faults) -> None:
        self._real = real
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._real, name)
        return lambda *args, **kwargs: self._faults.around(lambda: method(*args, **kwargs), _raise)


class _FaultyQueues:
    """Queues never raise: what was not confirmed is told."""

    def __init__(self, real: Queues, faults: Faults) -> None:
        self._real = real
        self._faults = faults

    def send(self, queue_url: str, messages: Sequence[Message]) -> Sequence[bool]:
        unconfirmed = [False] * len(messages)
        sent: Sequence[bool] = self._faults.around(lambda: self._real.send(queue_url, messages), lambda: unconfirmed)
        return sent

    def hide(self, queue_url: str, receipts: Mapping[str, timedelta]) -> None:
        self._faults.around(lambda: self._real.hide(queue_url, receipts), lambda: None)


class _FaultyBus:
    """The bus tells an error code for each entry."""

    def __init__(self, real: ResultsBus, faults: Faults) -> None:
        self._real = real
        self._faults = faults

    def publish(self, entries: Sequence[BusEntry]) -> Sequence[str | None]:
        lost = ["ThrottlingException"] * len(entries)
        codes: Sequence[str | None] = self._faults.around(lambda: self._real.publish(entries), lambda: lost)
        return codes


def faulty_tasks(real: TaskStore, faults: Faults) -> TaskStore:
    return cast(TaskStore, _Faulty(real, faults))


def faulty_admission(real: AdmissionStore, faults: Faults) -> AdmissionStore:
    return cast(AdmissionStore, _Faulty(real, faults))


def faulty_attention(real: AttentionIndex, faults: Faults) -> AttentionIndex:
    return cast(AttentionIndex, _Faulty(real, faults))


def faulty_events(real: EventStore, faults: Faults) -> EventStore:
    return cast(EventStore, _Faulty(real, faults))


def faulty_dedup(real: DedupStore, faults: Faults) -> DedupStore:
    return cast(DedupStore, _Faulty(real, faults))


def faulty_registry(real: RegistryReader, faults: Faults) -> RegistryReader:
    return cast(RegistryReader, _Faulty(real, faults))


def faulty_slots(real: SlotStore, faults: Faults) -> SlotStore:
    return cast(SlotStore, _Faulty(real, faults))


def faulty_queues(real: Queues, faults: Faults) -> Queues:
    return _FaultyQueues(real, faults)


def faulty_bus(real: ResultsBus, faults: Faults) -> ResultsBus:
    return _FaultyBus(real, faults)
