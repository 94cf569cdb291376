"""Duty: results of ends that were committed without holding the lane message, and were not sent at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from aws_lambda_powertools import Logger

from fairlane.domain.attention import Kind
from fairlane.domain.task import Task
from fairlane.ports.attention import AttentionIndex, Noted
from fairlane.ports.running import Clock, Parallel
from fairlane.ports.tasks import TaskStore
from fairlane.telling import Telling, noted
from janitor.duties import Allowance

#: Whoever committed the end is about to send the result itself.
GRACE = timedelta(seconds=15)
#: What could not be sent is tried again then, behind what came meanwhile.
AGAIN = timedelta(minutes=1)


@dataclass(frozen=True)
class SendUnsent:
    """The duty."""

    tasks: TaskStore
    attention: AttentionIndex
    telling: Telling
    parallel: Parallel
    now: Clock
    logger: Logger
    name: str = "unsent"

    def __call__(self, allowance: Allowance) -> int:
        """How many results were sent."""
        sent = 0
        for page in allowance.pages(self.attention.noted(Kind.UNSENT, until=self.now() - GRACE)):
            ended = self._ended(page)
            unsent = self.telling(ended)
            for task in unsent:
                self._postpone(task)
            sent += len(ended) - len(unsent)
        return sent

    def _ended(self, page: Sequence[Noted]) -> list[Task]:
        found: list[Task] = []
        for group in self.parallel(lambda entry: self.tasks.get(entry.tenant, entry.name), page):
            found += [task for n, task in group if task is not None and noted(task) == page[n]]
        return found

    def _postpone(self, task: Task) -> None:
        entry = noted(task)
        if entry is not None:
            self.logger.error("result not sent", extra={"action": "unsent", "tenant": task.tenant, "task": task.id})
            self.attention.postpone(entry, self.now() + AGAIN)
