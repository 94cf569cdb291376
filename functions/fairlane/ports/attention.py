"""The index of tasks that no message holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fairlane.domain.attention import Attention, Kind


@dataclass(frozen=True)
class Noted:
    """An entry of the index `attention`: of which task (or operation), why, and when it is wanted."""

    tenant: str
    name: str
    attention: Attention


class AttentionIndex(Protocol):
    """The sparse index of what the janitor has to come back to. It may show what has changed meanwhile."""

    def noted(self, kind: Kind, *, until: datetime) -> Iterator[Noted]:
        """The entries that are wanted by then, the earliest first; read page by page."""

    def holds(self, tenant: str) -> bool:
        """Whether any task of the tenant is noted, at whatever time. Reads every entry: for rare use."""

    def without_message(self, tenant: str) -> int:
        """How many of the tenant's unended tasks no lane message holds. Reads their entries of all tenants."""

    def settle(self, noted: Noted) -> None:
        """Take the entry back, unless it has changed meanwhile."""

    def postpone(self, noted: Noted, until: datetime) -> None:
        """Come back to it then, unless it has changed meanwhile."""
