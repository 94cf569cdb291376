"""What an explanation is made from: the task, the documents that bear on it, its tenant's slots, its lane's queue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fairlane.domain.slots import Slots
from fairlane.domain.task import Moment, Task

Doc = Mapping[str, Any]


@dataclass(frozen=True)
class LaneDepth:
    """What is in the lane's queue, approximately: ready, being worked on or hidden, and not due yet."""

    ready: int
    hidden: int
    delayed: int

    def ahead(self, *, is_limited: bool) -> int:
        """How many may be before a task. Where a limit is reached, what waits for it is hidden, not ready."""
        return self.ready + self.hidden if is_limited else self.ready


@dataclass(frozen=True)
class Snapshot:
    """Everything at one moment. None where there is no such document, or where it cannot be known."""

    task: Task
    now: datetime
    tenant: Doc | None = None
    lane: Doc | None = None
    function: Doc | None = None
    slots: Slots = field(default_factory=Slots)
    #: None for an ended task, and where the queue is shared with other tenants.
    depth: LaneDepth | None = None

    @property
    def since(self) -> datetime:
        """When the task came into its present status. What was noted of its wait since then has the same status."""
        since = self.last.at if self.last else self.task.created_at
        for moment in reversed(self.task.timeline):
            if moment.status is not self.task.status:
                break
            since = moment.at
        return since

    @property
    def last(self) -> Moment | None:
        """The end of its timeline."""
        return self.task.timeline[-1] if self.task.timeline else None

    @property
    def timeout(self) -> timedelta | None:
        """How long one attempt may take."""
        return timedelta(seconds=self.function["timeout"]) if self.function else None
