"""Slots and leases, and threads that wait for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from fairlane.domain.slots import Change, Slots


@dataclass(frozen=True)
class Changed:
    """The half of `change` that wrote; `slots` is what is there now."""

    slots: Slots


@dataclass(frozen=True)
class NotChanged:
    """The half of `change` that met something else than it expected: what is there."""

    slots: Slots


class SlotStore(Protocol):
    """The slots of each tenant, in the Quotas table."""

    def look(self, tenant: str) -> Slots:
        """What is in use now, read consistently."""

    def change(self, tenant: str, change: Change) -> Changed | NotChanged:
        """Make the change in one conditional write. May be repeated where `change.mine` is a lease in it."""

    def set_shares(self, tenant: str, shares: Mapping[str, int | None]) -> None:
        """What the platform's allocator leaves to each lane; None takes its share away."""


class Turns(Protocol):
    """How the threads of one batch wait for each other. Entered, it is a lock."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def wait(self, longest: timedelta) -> bool:
        """Let the others go on until somebody tells, or so long; False where nobody can wait. Holds the lock again."""

    def tell(self) -> None:
        """Wake those who wait."""
