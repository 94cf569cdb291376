"""Redoing: an ended task's event, run again as a new task.

The new task's id is derived from the first one and a key of the caller's, so a repeated redo is the same task. As in
submitting, the record comes first and then the message; a repeat meets the record and sends again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairlane.admission import Admission, over_limit
from fairlane.domain import catalog
from fairlane.domain.errors import Refused, Unavailable
from fairlane.domain.names import task_id
from fairlane.domain.task import CLAIMABLE, Moment, Status, Task
from fairlane.domain.times import to_ms
from fairlane.events import Event, payload_hash
from fairlane.lane_messages import LaneLookup, keep_event, kept_event, lane_document, lane_message
from fairlane.ports.queues import Queues
from fairlane.ports.registry import Entry
from fairlane.ports.running import Clock
from fairlane.ports.tasks import Created, EventStore, Existing, TaskStore

#: What was meant for the first time only.
ONCE = ("notbefore", "expirytime", "dedupkey", "dedupwindow")


@dataclass(frozen=True)
class Redone:
    """The new task, and whether an earlier redo with the same key had made it."""

    task: Task
    duplicate: bool


@dataclass(frozen=True)
class Redo:
    """The use case."""

    tasks: TaskStore
    events: EventStore
    queues: Queues
    registry: LaneLookup
    admission: Admission
    now: Clock

    def __call__(self, task: Task, key: str) -> Redone:
        """Run its event again. Raises Refused (409, 422), or Unavailable when the new task was not confirmed."""
        if not task.status.is_end:
            raise Refused("conflict", f"The task is {task.status}; only an ended task can be redone.")
        kept = kept_event(self.events, task)
        if kept is None:
            raise Refused("conflict", _not_retained(task))
        event = {name: value for name, value in kept.items() if name not in ONCE}
        made = self._record(*self._new(task, event, key), event)
        if isinstance(made, Created) or _is_unclaimed(made.task):
            self._send(made.task, event)
        return Redone(made.task, duplicate=not isinstance(made, Created))

    def _record(self, new: Task, spec: catalog.Tenant, function: catalog.Function, event: Event) -> Created | Existing:
        """Put the record, admitted under the tenant's limits as a submitted one; a repeat needs no permit."""
        before = self.tasks.get(new.tenant, new.id) if spec.submit else None
        if before is not None:
            return Existing(before)
        if spec.submit is not None:
            admitted = self.admission.admit(new.tenant, spec.submit, 1)
            if admitted.count < 1 and admitted.shortage is not None:
                raise over_limit(admitted.shortage, admitted.fields)
        if function.retain:
            keep_event(self.events, new, event)
        made = self.tasks.create(new)
        if spec.submit is not None and not isinstance(made, Created):
            self.admission.give_back(new.tenant, spec.submit, 1)
        return made

    def _new(self, task: Task, event: Event, key: str) -> tuple[Task, catalog.Tenant, catalog.Function]:
        tenant = catalog.Tenant.of(self._document(catalog.TENANTS, task.tenant, "conflict", "this tenant").doc)
        if tenant.status != "active":
            raise Refused("conflict", f"This tenant is {tenant.status} and takes no new tasks.")
        place = f"the function of {task.type}"
        function = catalog.Function.of(
            self._document(task.tenant, catalog.function_item(task.type), "refused", place).doc
        )
        now = self.now()
        new = Task(
            tenant=task.tenant,
            id=task_id(task.tenant, f"redo of {task.id} {task.generation}", key),
            type=task.type,
            source=task.source,
            event_id=task.event_id,
            lane=task.lane,
            status=Status.QUEUED,
            max_attempts=function.retry.max_attempts,
            generation=to_ms(now),
            payload_hash=payload_hash(event),
            created_at=now,
            timeline=(Moment(now, Status.QUEUED, 0, f"redo of {task.id}"),),
            trace=task.trace,
            retention_days=tenant.retention_days,
            redo_of=task.id,
        )
        return new, tenant, function

    def _send(self, task: Task, event: Mapping[str, Any]) -> None:
        lane = lane_document(self.registry, task.tenant, task.lane)
        if lane is None:
            raise Refused("refused", f"The lane {task.lane} does not exist any more.")
        if not all(self.queues.send(lane["queue_url"], [lane_message(task, dict(event), now=self.now())])):
            raise Unavailable("The new task was not confirmed: repeat the request with the same Idempotency-Key.")

    def _document(self, partition: str, item: str, kind: str, what: str) -> Entry:
        entry = self.registry.get(partition, item)
        if entry is None:
            raise Refused(kind, f"{what[0].upper()}{what[1:]} does not exist any more.")
        return entry


def _is_unclaimed(task: Task) -> bool:
    return task.claim == 0 and task.status in CLAIMABLE


def _not_retained(task: Task) -> str:
    if task.status is Status.CANCELLED:
        return (
            "The task's event is not retained, or not yet: that of a cancelled task is kept when its message leaves"
            " the lane. A function with `retain` keeps every event."
        )
    return (
        "The task's event was not retained. A function with `retain` keeps every event; else those of failed tasks are."
    )
