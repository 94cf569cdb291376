"""The Registry table in memory."""

from collections.abc import Sequence

from fairlane.domain.errors import Refused
from fairlane.ports.registry import Entry


class FakeRegistry:
    """`Registry`."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}

    def get(self, partition: str, item: str) -> Entry | None:
        return self._entries.get((partition, item))

    def query(self, partition: str, prefix: str, *, limit: int, after: str | None = None) -> Sequence[Entry]:
        names = sorted(item for held, item in self._entries if held == partition and item.startswith(prefix))
        return [self._entries[partition, item] for item in names if after is None or item > after][:limit]

    def put(self, entry: Entry, *, expected: int) -> None:
        held = self._entries.get((entry.partition, entry.item))
        if held == entry:
            return  # a repeated write that had worked
        if (held.version if held else 0) != expected:
            raise Refused("conflict", "Somebody changed this at the same time: read it and try again.")
        self._entries[entry.partition, entry.item] = entry

    def delete(self, partition: str, item: str) -> None:
        self._entries.pop((partition, item), None)
