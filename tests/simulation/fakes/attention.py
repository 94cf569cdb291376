"""The index `attention` and retained events in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from fairlane.domain.attention import WITHOUT_MESSAGE, Attention, Kind
from fairlane.domain.task import Task
from fairlane.ports.attention import Noted
from tests.simulation.fakes.operations import FakeOperations
from tests.simulation.fakes.tasks import FakeTasks


class FakeAttention:
    """`AttentionIndex` over the records of a `FakeTasks`."""

    def __init__(self, tasks: FakeTasks, operations: FakeOperations | None = None) -> None:
        self._tasks = tasks
        self._operations = operations or FakeOperations()

    def noted(self, kind: Kind, *, until: datetime) -> Iterator[Noted]:
        found = [
            Noted(tenant, name, held.task.attention)
            for (tenant, name), held in self._tasks.records.items()
            if held.task.attention is not None and held.task.attention.kind is kind
        ]
        if kind is Kind.OPERATION:
            found = [Noted(*key, Attention(kind, at)) for key, at in self._operations.noted.items()]
        yield from sorted((one for one in found if one.attention.at <= until), key=lambda one: one.attention.at)

    def holds(self, tenant: str) -> bool:
        tasks = ((owner, held.task.attention) for (owner, _), held in self._tasks.records.items())
        noted = {owner for owner, attention in tasks if attention} | {owner for owner, _ in self._operations.noted}
        return tenant in noted

    def without_message(self, tenant: str) -> int:
        mine = (held.task.attention for (owner, _), held in self._tasks.records.items() if owner == tenant)
        return sum(attention is not None and attention.kind in WITHOUT_MESSAGE for attention in mine)

    def settle(self, noted: Noted) -> None:
        self._change(noted, None)

    def postpone(self, noted: Noted, until: datetime) -> None:
        self._change(noted, Attention(noted.attention.kind, until))

    def _change(self, noted: Noted, attention: Attention | None) -> None:
        held = self._tasks.records.get((noted.tenant, noted.name))
        if held is not None and held.task.attention == noted.attention:
            self._tasks.note_attention(noted.tenant, noted.name, attention)


@dataclass
class FakeEvents:
    """`EventStore`."""

    kept: dict[tuple[str, str, int, str], tuple[str, datetime]] = field(default_factory=dict)

    def keep(self, task: Task, event: str, *, until: datetime) -> None:
        self.kept[_key(task)] = (event, until)

    def load(self, task: Task) -> str | None:
        held = self.kept.get(_key(task))
        return held[0] if held else None

    def expire(self, now: datetime) -> None:
        """Delete what DynamoDB's TTL would have deleted by now."""
        self.kept = {key: held for key, held in self.kept.items() if held[1] > now}


def _key(task: Task) -> tuple[str, str, int, str]:
    return task.tenant, task.id, task.generation, task.payload_hash
