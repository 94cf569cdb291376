"""Slots of a deferred attempt: held under a lease of its own, from its start to its end or its deadline.

A tenant without limits has none, and pays nothing. A process that dies before it has given them back leaves
them to the lease's end.
"""

from dataclasses import dataclass
from hashlib import blake2b

from aws_lambda_powertools import Logger

from fairlane.domain.slots import Change
from fairlane.domain.task import Task
from fairlane.ports.slots import Changed, SlotStore

#: Each shows who else has changed the slots meanwhile.
TRIES = 4


def lease_of(task: Task) -> str:
    """The name of the attempt's lease: the same for each start of it."""
    text = f"{task.id}-{task.generation}-{task.claim}"
    return f"d{blake2b(text.encode(), digest_size=6).hexdigest()}"


@dataclass(frozen=True)
class OwnSlots:
    """The use case."""

    store: SlotStore
    logger: Logger

    def is_held(self, task: Task) -> bool:
        """Whether the attempt has its lease."""
        return lease_of(task) in self.store.look(task.tenant).leases

    def release(self, task: Task) -> None:
        """The attempt is over. `task` is as it was before its end. Never raises."""
        if not task.holds_slots:
            return
        try:
            self._release(task.tenant, lease_of(task))
        except Exception:  # they are free at the deadline
            about = {"action": "release_failed", "tenant": task.tenant, "task": task.id}
            self.logger.exception("slots not released", extra=about)

    def _release(self, tenant: str, name: str) -> None:
        slots = self.store.look(tenant)
        for _ in range(TRIES):
            lease = slots.leases.get(name)
            if lease is None:
                return
            answer = self.store.change(tenant, Change(name, {name: (lease, None)}))
            if isinstance(answer, Changed):
                return
            slots = answer.slots
