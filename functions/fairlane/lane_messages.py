"""The message that a lane's queue holds for a task, and what is kept of it where no queue holds it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from fairlane.domain import catalog
from fairlane.domain.task import LONGEST_WAIT, Task
from fairlane.events import Event, event_json
from fairlane.ordering import message_group
from fairlane.ports.queues import Message
from fairlane.ports.registry import Entry
from fairlane.ports.tasks import EventStore

#: SQS delays a message 15 minutes at most.
LONGEST_DELAY = timedelta(minutes=15)


class LaneLookup(Protocol):
    """The part of the registry that knows lanes."""

    def get(self, partition: str, item: str) -> Entry | None:
        """The lane's document, or None."""


def lane_document(registry: LaneLookup, tenant: str, lane: str) -> Mapping[str, Any] | None:
    """A lane that takes messages now: this one, or the default lane where it is gone, None where the tenant is."""
    for name in (lane, catalog.DEFAULT_LANE):
        entry = registry.get(tenant, catalog.lane_item(name))
        if entry is not None and catalog.Lane.of(entry.doc).takes_messages:
            return entry.doc
    return None


def lane_message(task: Task, event: Event, *, now: datetime) -> Message:
    """The event with the task's identity, delayed until the task wants it (15 minutes at most).

    An ordered lane knows no delay: there a task that is not due yet blocks its key. A repeated send of the same task is
    one message there, but for the one that a retry is sent with: it is another attempt's.
    """
    delay = max(timedelta(), (task.wakes_at or now) - now)
    attributes = {"task": task.id, "generation": str(task.generation)}
    message = Message(event_json(event), attributes, min(delay, LONGEST_DELAY))
    key = event.get("partitionkey")
    if key is None:
        return message
    group = message_group(task.tenant, task.lane, str(key))
    return replace(message, group=group, dedup=f"{task.id}-{task.generation}-{task.claim}")


def keep_event(events: EventStore, task: Task, event: Event) -> None:
    """Keep the event of a task that has not ended as long as its record may live."""
    longest = max(task.created_at, task.not_before or task.created_at) + LONGEST_WAIT
    events.keep(task, event_json(event), until=longest + timedelta(days=task.retention_days))


def kept_event(events: EventStore, task: Task) -> Event | None:
    """The task's event, or None where it was not kept.

    Under a dedup key an event with another id may have been kept; what the record says counts.
    """
    text = events.load(task)
    if text is None:
        return None
    event: Event = json.loads(text)
    return event | {"id": task.event_id, "source": task.source}
