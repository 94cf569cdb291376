"""Cancelling: the end at once, from every status that is not one.

The write that ends the task also notes it as `unsent`; then the result is sent and the mark taken back. A running
attempt finds its outcome refused by the fence, and its slots are free when it is over. The task's lane message
comes later, meets the end and goes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from fairlane.backlog import Backlog
from fairlane.domain.errors import Refused, Unavailable
from fairlane.domain.task import Outcome, Status, Step, Task
from fairlane.ports.running import Clock
from fairlane.ports.tasks import Refusal, TaskStore
from fairlane.telling import Telling

#: A task that changes more often than this while we try is left to the caller's next try.
MOST_TRIES = 5


def _nothing(_execution: str) -> None:
    """Where no attempt is an execution."""


@dataclass(frozen=True)
class Cancel:
    """The use case."""

    tasks: TaskStore
    telling: Telling
    backlog: Backlog
    now: Clock
    logger: Logger
    #: Stops what runs a deferred attempt, where that can be stopped. Never raises.
    stop: Callable[[str], None] = _nothing

    def __call__(self, task: Task, *, detail: str = "cancelled") -> Task:
        """The cancelled task. Raises Refused (404, 409), or Unavailable when nothing was decided."""
        ended = self.commit(task, detail=detail)
        self.tell([ended])
        return ended

    def commit(self, task: Task, *, detail: str) -> Task:
        """Only the end; its result is still to be told. Raises as the call does."""
        for _ in range(MOST_TRIES):
            if task.status.is_end:
                raise Refused("conflict", f"The task has ended as {task.status}; an end is final.")
            written = self.tasks.commit(task, Outcome(Step.CANCEL, self.now(), detail=detail).unsent())
            if not isinstance(written, Refusal):
                if task.execution is not None:
                    self.stop(task.execution)
                return written
            if written.task is None or written.task.generation != task.generation:
                raise Refused("not-found", f"There is no task {task.id}.")
            task = written.task  # an attempt began meanwhile, say
        raise Unavailable("The task changes all the time: repeat the request.")

    def tell(self, ended: Sequence[Task]) -> None:
        """Give their places back and send their results. If that fails, the janitor sends what stays."""
        self.backlog.ended(task.tenant for task in ended)
        try:
            unsent = self.telling(ended)
        except Exception:
            self.logger.exception("results not told", extra={"action": "tell_failed", "tasks": len(ended)})
        else:
            if unsent:
                self.logger.warning("results not told", extra={"action": "tell_failed", "reason": "not confirmed"})


def was_cancelled(task: Task, detail: str) -> bool:
    """Whether the task was cancelled with just these words: a repeated cancel of ours."""
    return task.status is Status.CANCELLED and bool(task.timeline) and task.timeline[-1].detail == detail
