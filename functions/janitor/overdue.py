"""Duty: deferred attempts whose deadline, or whose heartbeat's time, has passed: tried again, or the end.

An execution of Step Functions is looked at first, since its status event may have been lost: what it came to
counts. Whoever is told that an attempt is over stops the execution, as nobody waits for it any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aws_lambda_powertools import Logger

from fairlane.domain.attention import Kind
from fairlane.domain.deferral import next_look, runs_on, why_over
from fairlane.domain.task import Status, Task
from fairlane.ports.attention import AttentionIndex, Noted
from fairlane.ports.running import Clock, Parallel
from fairlane.ports.targets import Executions, Raised, Returned
from fairlane.ports.tasks import Refusal, TaskStore
from fairlane.telling import noted
from fairlane.unheld import Unheld
from janitor.duties import Allowance


@dataclass(frozen=True)
class EndOverdue:
    """The duty."""

    tasks: TaskStore
    attention: AttentionIndex
    unheld: Unheld
    executions: Executions
    parallel: Parallel
    now: Clock
    logger: Logger
    name: str = "overdue"

    def __call__(self, allowance: Allowance) -> int:
        """How many attempts were over."""
        entries = self.attention.noted(Kind.DEADLINE, until=self.now())
        return sum(self._end(page) for page in allowance.pages(entries))

    def _end(self, page: Sequence[Noted]) -> int:
        return sum(over for group in self.parallel(self._end_one, page) for _, over in group)

    def _end_one(self, entry: Noted) -> bool:
        task = self.tasks.get(entry.tenant, entry.name)
        if task is None or noted(task) != entry or task.status is not Status.WAITING:
            return False
        now = self.now()
        found = self.executions.look(task.execution) if task.execution else None
        if isinstance(found, Returned | Raised):
            return isinstance(self.unheld.end(task, found), Task)
        if task.execution and runs_on(task, now):
            self.attention.postpone(entry, next_look(task, now) or now)
            return False
        return self._time_out(task, now)

    def _time_out(self, task: Task, now: datetime) -> bool:
        written = self.unheld.time_out(task, why_over(task, now))
        if isinstance(written, Refusal):
            return False  # it has called back, or a heartbeat has come
        about = {"action": "attempt_overdue", "tenant": task.tenant, "task": task.id, "attempt": task.attempt}
        self.logger.info("attempt overdue", extra=about | {"status": written.status.value})
        if task.execution:
            self.executions.stop(task.execution)
        return True
