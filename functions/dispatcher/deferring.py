"""Deferred attempts: first everything is kept, then the target is started, then the message may go.

What if the process dies: before `waiting` is committed, the attempt is lost as any other. After it, the message comes
again, finds a start that nobody has confirmed, and starts the same attempt once more: same claim, same token,
same deadline. (So a target may be started twice for one attempt; it is told the task's id and the attempt.)
After the start is confirmed, the callback, the deadline or the heartbeat's time-out goes on.
"""

from dataclasses import dataclass
from datetime import timedelta

from dispatcher.gate import Gate
from dispatcher.hand import Permit
from fairlane.domain.attention import Attention, Kind
from fairlane.domain.catalog import Function
from fairlane.domain.claiming import CLOCK_SKEW
from fairlane.domain.deferral import START_LEASE, START_TIMEOUT, looked_after_at
from fairlane.domain.task import LONGEST_WAIT, Outcome, Step, Task, Touch
from fairlane.domain.task_tokens import Grant, issue
from fairlane.domain.times import rfc3339
from fairlane.events import Event, event_json, function_event
from fairlane.own_slots import OwnSlots, lease_of
from fairlane.ports.running import Clock
from fairlane.ports.targets import Starter, Starting
from fairlane.ports.tasks import EventStore, Refusal, TaskStore
from fairlane.token_keys import TokenKeys


@dataclass(frozen=True)
class Deferring:
    """The use case."""

    tasks: TaskStore
    events: EventStore
    starter: Starter
    keys: TokenKeys
    slots: OwnSlots
    now: Clock

    def commit(self, task: Task, function: Function, event: Event, *, holds_slots: bool) -> Task | Refusal:
        """Keep the event, then commit `waiting`. Nothing has been started yet."""
        now = self.now()
        deadline = now + function.timeout
        execution = self.starter.execution(function.target, _name(task))
        wanted_at = looked_after_at(now, deadline, heartbeat=function.heartbeat_timeout, execution=execution)
        until = deadline + LONGEST_WAIT + timedelta(days=task.retention_days)
        self.events.keep(task, event_json(event), until=until)
        return self.tasks.commit(
            task,
            Outcome(
                Step.DEFER,
                now,
                lease_until=deadline,
                attention=Attention(Kind.DEADLINE, wanted_at),
                start_by=now + START_LEASE,
                heartbeat=function.heartbeat_timeout,
                execution=execution,
                holds_slots=holds_slots,
            ),
        )

    def again(self, task: Task) -> Task | Refusal:
        """Take over a start that nobody has confirmed in time."""
        now = self.now()
        return self.tasks.touch(task, Touch(now, start_by=now + START_LEASE, only_unstarted=True))

    def hold(self, task: Task, gate: Gate, permit: Permit) -> bool:
        """Give the attempt a lease of its own on its slots, which outlives the batch. False: not confirmed."""
        if not task.holds_slots or not permit.scopes or task.lease_until is None:
            return True
        if gate.hand_over(permit, lease_of(task), task.lease_until + CLOCK_SKEW):
            return True
        return self.slots.is_held(task)  # by an earlier start of this attempt: ours go back with the batch

    def start(self, task: Task, function: Function, event: Event) -> Starting:
        """Start the target of a waiting task."""
        token = issue(Grant(task.tenant, task.id, task.generation, task.claim), self.keys.signing())
        told = function_event(
            event,
            tenant=task.tenant,
            task_id=task.id,
            attempt=task.attempt,
            deadline=rfc3339(task.lease_until) or "",
        )
        return self.starter.start(
            function.target, {**told, "tasktoken": token}, timeout=START_TIMEOUT, name=_name(task)
        )

    def started(self, task: Task) -> Task | Refusal:
        """Note that the start is confirmed: the message is not needed any more."""
        return self.tasks.touch(task, Touch(self.now()))


def _name(task: Task) -> str:
    """The same for every start of an attempt, another one for every other attempt."""
    return f"fl-{task.id}-{task.generation}-{task.claim}"
