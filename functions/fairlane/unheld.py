"""Ends and retries of attempts whose message nobody holds: called back, timed out, told by an execution.

One write says what is left to do (`attention`), then it is done at once: the result is sent, or a message for the
retry. Whoever dies in between leaves the mark, and the janitor does it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from fairlane.backlog import Backlog
from fairlane.domain import catalog
from fairlane.domain.attention import Attention, Kind
from fairlane.domain.retry import RetryPolicy, after_failure
from fairlane.domain.task import Outcome, Status, Step, Task, TaskError
from fairlane.lane_messages import LaneLookup, kept_event, lane_document, lane_message
from fairlane.ordering import is_ordered
from fairlane.own_slots import OwnSlots
from fairlane.ports.attention import AttentionIndex
from fairlane.ports.queues import Queues
from fairlane.ports.running import Clock
from fairlane.ports.targets import Raised, Returned
from fairlane.ports.tasks import EventStore, Refusal, TaskStore
from fairlane.telling import Telling, noted


@dataclass(frozen=True)
class Unheld:
    """The use case. `random` gives 0 <= x < 1."""

    tasks: TaskStore
    attention: AttentionIndex
    events: EventStore
    queues: Queues
    registry: LaneLookup
    telling: Telling
    backlog: Backlog
    slots: OwnSlots
    now: Clock
    random: Callable[[], float]

    def end(self, task: Task, answer: Returned | Raised) -> Task | Refusal:
        """The attempt came out so; the function's policy says what follows a failure."""
        now = self.now()
        if isinstance(answer, Returned):
            return self.commit(task, Outcome(Step.SUCCEED, now, result=answer.result))
        return self.commit(task, self._after(task, answer, now))

    def time_out(self, task: Task, error: TaskError) -> Task | Refusal:
        """The attempt is overdue: tried again, or the end. Refused where it is not, such as after a heartbeat."""
        outcome = self._after(task, Raised(error), self.now())
        overdue = Step.TIME_OUT if outcome.step is Step.RETRY else Step.LOSE
        return self.commit(task, replace(outcome, step=overdue))

    def commit(self, task: Task, outcome: Outcome) -> Task | Refusal:
        """Write the outcome of the attempt `task.claim`, and do what follows from it."""
        if outcome.status.is_end:
            written = self.tasks.commit(task, outcome.unsent())
        else:
            written = self.tasks.commit(task, self._with_due_time(task, outcome))
        if isinstance(written, Task):
            self.slots.release(task)
            self._follow(written)
        return written

    def _with_due_time(self, task: Task, outcome: Outcome) -> Outcome:
        lane = lane_document(self.registry, task.tenant, task.lane)
        if lane is not None and is_ordered(lane["queue_url"]):
            return outcome  # an ordered lane has kept the message, and another one would come out of order
        return replace(outcome, attention=Attention(Kind.DUE, outcome.next_at or outcome.at))

    def _follow(self, task: Task) -> None:
        if task.status.is_end:
            self.backlog.ended([task.tenant])
            self.telling([task])
        elif task.status is Status.RETRYING and task.attention is not None:
            self._send(task)

    def _send(self, task: Task) -> None:
        """A message for the retry. What is not confirmed here, the janitor sends."""
        lane, event, mark = (
            lane_document(self.registry, task.tenant, task.lane),
            kept_event(self.events, task),
            noted(task),
        )
        if lane is None or event is None or mark is None:
            return
        message = lane_message(task, event, now=self.now())
        if mark.attention.at <= self.now() + message.delay and all(self.queues.send(lane["queue_url"], [message])):
            self.attention.settle(mark)

    def _after(self, task: Task, raised: Raised, now: datetime) -> Outcome:
        entry = self.registry.get(task.tenant, catalog.function_item(task.type))
        return after_failure(
            catalog.Function.of(entry.doc).retry if entry else RetryPolicy(),
            raised.error,
            attempt=task.attempt,
            max_attempts=task.max_attempts,
            now=now,
            random=self.random,
            permanent=raised.permanent,
        )
