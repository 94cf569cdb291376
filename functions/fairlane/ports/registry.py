"""The Registry table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Entry:
    """One document of the registry; `version` grows with each write."""

    partition: str
    item: str
    doc: Mapping[str, Any]
    version: int


class RegistryReader(Protocol):
    """The Registry table, for reading."""

    def get(self, partition: str, item: str) -> Entry | None:
        """The document, or None."""

    def query(self, partition: str, prefix: str, *, limit: int, after: str | None = None) -> Sequence[Entry]:
        """Documents of a partition by item name."""


class Registry(RegistryReader, Protocol):
    """The Registry table, for the controller."""

    def put(self, entry: Entry, *, expected: int) -> None:
        """Write `entry` if the stored version is `expected` (0: not there). Raises Refused (409)."""

    def delete(self, partition: str, item: str) -> None:
        """Remove; nothing happens where there is nothing."""
