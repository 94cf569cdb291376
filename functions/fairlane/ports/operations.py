"""Bulk operations as they are stored."""

from datetime import datetime
from typing import Protocol

from fairlane.domain.operation import Operation


class OperationStore(Protocol):
    """Bulk operations. A running one stands in the index `attention`."""

    def create(self, operation: Operation) -> Operation:
        """Put it unless there is one with this id; the one that is there now."""

    def get(self, tenant: str, operation_id: str) -> Operation | None:
        """The operation, read consistently."""

    def save(self, operation: Operation, *, again_at: datetime) -> bool:
        """Write it as the next version, noted for `again_at` while it runs; False when it has changed meanwhile."""
