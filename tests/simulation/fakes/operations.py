"""Bulk operations in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from fairlane.domain.operation import Operation, State


@dataclass
class FakeOperations:
    """`OperationStore`. `noted` is its part of the index `attention`."""

    held: dict[tuple[str, str], Operation] = field(default_factory=dict)
    noted: dict[tuple[str, str], datetime] = field(default_factory=dict)
    on_note: Callable[[datetime], None] = lambda _at: None

    def create(self, operation: Operation) -> Operation:
        key = operation.tenant, operation.id
        if key not in self.held:
            self.held[key] = operation
            self._note(operation, operation.created_at)
        return self.held[key]

    def get(self, tenant: str, operation_id: str) -> Operation | None:
        return self.held.get((tenant, operation_id))

    def save(self, operation: Operation, *, again_at: datetime) -> bool:
        held = self.held.get((operation.tenant, operation.id))
        if held is None or held.version != operation.version:
            return False
        self.held[operation.tenant, operation.id] = replace(operation, version=operation.version + 1)
        self._note(operation, again_at)
        return True

    def _note(self, operation: Operation, at: datetime) -> None:
        self.noted.pop((operation.tenant, operation.id), None)
        if operation.state is State.RUNNING:
            self.noted[operation.tenant, operation.id] = at
            self.on_note(at)
