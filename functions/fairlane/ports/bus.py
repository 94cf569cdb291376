"""The results bus."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class BusEntry:
    """One event for the results bus."""

    tenant: str
    detail_type: str
    detail: str
    time: datetime
    #: For this subscription alone, whatever its pattern; None: for all of the tenant's that match.
    subscription: str | None = None


class ResultsBus(Protocol):
    """EventBridge, for publishing."""

    def publish(self, entries: Sequence[BusEntry]) -> Sequence[str | None]:
        """For each entry None when the bus accepted it, else the error code."""
