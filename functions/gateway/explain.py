"""Explaining a task: gathers what bears on it; the rules are in `fairlane.domain.explanation`.

Costs of an unended task: two consistent reads (the task, the tenant's slots), the documents of tenant, lane and
function (cached), and one GetQueueAttributes. Of an ended one: the task alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fairlane.cache import CachedRegistry
from fairlane.domain import catalog
from fairlane.domain.explanation import LaneDepth, Snapshot, explanation_view
from fairlane.domain.task import Task
from fairlane.ports.queues import Depth
from fairlane.ports.running import Clock
from fairlane.ports.slots import SlotStore
from gateway.tasks import ReadTasks

Doc = Mapping[str, Any]

POOLED = "pooled"


@dataclass(frozen=True)
class ExplainTask:
    """The use case."""

    read: ReadTasks
    registry: CachedRegistry
    slots: SlotStore
    #: What is in the queue of that URL.
    depth: Callable[[str], Depth]
    now: Clock

    def __call__(self, tenant: str, task_id: str) -> dict[str, Any]:
        """The explanation. Raises Refused (404), the same for another tenant's."""
        task = self.read.find(tenant, task_id)
        return explanation_view(Snapshot(task, self.now()) if task.status.is_end else self._snapshot(task))

    def _snapshot(self, task: Task) -> Snapshot:
        owner = self._doc(catalog.TENANTS, task.tenant)
        lane = self._doc(task.tenant, catalog.lane_item(task.lane))
        return Snapshot(
            task=task,
            now=self.now(),
            tenant=owner,
            lane=lane,
            function=self._doc(task.tenant, catalog.function_item(task.type)),
            slots=self.slots.look(task.tenant),
            depth=self._depth(owner, lane),
        )

    def _doc(self, partition: str, item: str) -> Doc | None:
        entry = self.registry.get(partition, item)
        return entry.doc if entry else None

    def _depth(self, owner: Doc | None, lane: Doc | None) -> LaneDepth | None:
        """None for a queue that others share: how much they have in it is theirs to know."""
        if lane is None or not lane.get("queue_url") or (owner or {}).get("isolation") == POOLED:
            return None
        found = self.depth(lane["queue_url"])
        return LaneDepth(ready=found.visible, hidden=found.in_flight, delayed=found.delayed)
