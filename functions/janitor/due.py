"""Duty: messages of tasks that none holds: due beyond the queue's 15 minutes, or to be retried without one.

The message goes to the lane's queue of that moment, delayed by what is left; then the entry is taken back.
If the process dies in between, a second message is sent: claims make that harmless.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from aws_lambda_powertools import Logger

from fairlane.domain.attention import Kind
from fairlane.domain.task import Task
from fairlane.lane_messages import LONGEST_DELAY, LaneLookup, kept_event, lane_document, lane_message
from fairlane.ports.attention import AttentionIndex, Noted
from fairlane.ports.queues import Message, Queues
from fairlane.ports.running import Clock, Parallel
from fairlane.ports.tasks import EventStore, TaskStore
from fairlane.telling import noted
from janitor.duties import Allowance

#: What could not be sent is tried again then, behind what came meanwhile.
AGAIN = timedelta(minutes=1)


@dataclass(frozen=True)
class _Ready:
    """A task and its message."""

    entry: Noted
    task: Task
    message: Message


@dataclass(frozen=True)
class SendDue:
    """The duty."""

    tasks: TaskStore
    events: EventStore
    attention: AttentionIndex
    queues: Queues
    registry: LaneLookup
    parallel: Parallel
    now: Clock
    logger: Logger
    name: str = "due"

    def __call__(self, allowance: Allowance) -> int:
        """How many messages were sent."""
        entries = self.attention.noted(Kind.DUE, until=self.now() + LONGEST_DELAY)
        return sum(self.send(page) for page in allowance.pages(entries))

    def send(self, page: Sequence[Noted]) -> int:
        """Send the messages of these entries; how many were confirmed."""
        by_queue: dict[str, list[_Ready]] = defaultdict(list)
        for group in self.parallel(self._ready, page):
            for number, ready in group:
                document = lane_document(self.registry, ready.task.tenant, ready.task.lane) if ready else None
                if ready is not None and document is not None:
                    by_queue[document["queue_url"]].append(ready)
                elif ready is not None:
                    self._postpone(page[number], "its tenant has no lane")
        sent = 0
        for url, waiting in by_queue.items():
            confirmed = self.queues.send(url, [one.message for one in waiting])
            sent += sum(confirmed)
            for one in [one for one, ok in zip(waiting, confirmed, strict=True) if not ok]:
                self._postpone(one.entry, "its message was not confirmed")
            done = [one.entry for one, ok in zip(waiting, confirmed, strict=True) if ok]
            for _ in self.parallel(self.attention.settle, done):
                pass
        return sent

    def _ready(self, entry: Noted) -> _Ready | None:
        """None: the entry has changed meanwhile, or its event is not there."""
        task = self.tasks.get(entry.tenant, entry.name)
        if task is None or noted(task) != entry:
            return None
        event = kept_event(self.events, task)
        if event is None:
            self._postpone(entry, "its event is not there")
            return None
        return _Ready(entry, task, lane_message(task, event, now=self.now()))

    def _postpone(self, entry: Noted, why: str) -> None:
        about = {"action": "due_not_sent", "tenant": entry.tenant, "task": entry.name, "reason": why}
        self.logger.error("due message not sent", extra=about)
        self.attention.postpone(entry, self.now() + AGAIN)
