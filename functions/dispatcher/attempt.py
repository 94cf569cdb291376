"""One attempt: pass the gate, claim the task, call its function, commit the outcome.

What if the process dies: before the claim, the message comes again and nothing has happened. After
the claim, the message meets the lease, waits for its end and claims anew (the lost attempt counts).
After the commit, the message meets the end and only sends the result event again. The message is
never deleted before the end is committed and its result message is confirmed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.deferring import Deferring
from dispatcher.gate import Gate, Held, Need
from dispatcher.hand import Permit
from fairlane.cache import CachedRegistry
from fairlane.domain import catalog
from fairlane.domain.claiming import (
    CLOCK_SKEW,
    LEASE_SLACK,
    LONGEST_START,
    Ended,
    Expired,
    Lost,
    NoRecord,
    NotYet,
    Unstarted,
    Waits,
    judge,
)
from fairlane.domain.retry import after_failure, after_throttle, with_pause
from fairlane.domain.task import Moment, Outcome, Status, Step, Task, TaskError
from fairlane.domain.times import rfc3339
from fairlane.events import Event, event_json, event_time, function_event
from fairlane.ordering import is_ordered
from fairlane.ports.running import Clock
from fairlane.ports.targets import Raised, Returned, Started, Starting, Target, Throttled, Unknown
from fairlane.ports.tasks import EventStore, Refusal, TaskStore

#: Ends whose event is kept; that of a cancelled task is when its message comes.
MAY_BE_REDONE = frozenset({Status.FAILED, Status.EXPIRED})
#: A message that cannot run here and now comes back after this.
SOON = timedelta(seconds=1)
#: An ordered lane keeps the message of a waiting task, and looks so often whether it has ended.
ORDERED_LOOK = timedelta(seconds=30)
#: Errors of a function that tell of overload: back-pressure as for a throttle, though they are attempts.
OVERLOADS = frozenset({"Timeout", "ServiceUnavailable"})


@dataclass(frozen=True)
class Assignment:
    """A message that names a task: what to run, for whom, until when the process lives, how often it came."""

    tenant: str
    lane: str
    task_id: str
    generation: int
    event: Event
    deadline: datetime
    received: int


@dataclass(frozen=True)
class Planned:
    """An assignment and what it needs to start."""

    assignment: Assignment
    need: Need


@dataclass(frozen=True)
class Publish:
    """The task has its end: send its result event, then the message may go."""

    task: Task
    #: Whether this attempt has committed the end, instead of meeting it.
    committed: bool = False


@dataclass(frozen=True)
class Hide:
    """The message stays, hidden until then."""

    until: datetime
    reason: str
    #: The limit that it waits for, if that is why.
    limit: str = ""


@dataclass(frozen=True)
class Bury:
    """The message can never be processed: to the dead-letter queue, with the reason."""

    reason: str


@dataclass(frozen=True)
class Drop:
    """The message may go: the task has its end, which was told already, or waits for its callback."""

    reason: str


Disposition = Publish | Hide | Bury | Drop


@dataclass(frozen=True)
class Attempts:
    """The use case. `random` gives 0 <= x < 1."""

    tasks: TaskStore
    events: EventStore
    target: Target
    deferring: Deferring
    registry: CachedRegistry
    now: Clock
    random: Callable[[], float]

    def plan(self, assignment: Assignment) -> Planned:
        """What the gate has to know of it."""
        function = self._function(assignment)
        timeout = function.call_timeout if function else timedelta()
        latest = assignment.deadline - timeout - CLOCK_SKEW
        return Planned(assignment, Need(str(assignment.event.get("type")), timeout, latest, assignment.received))

    def run(self, planned: Planned, gate: Gate) -> Disposition:
        """Run one attempt of the task, if it may be run now; what to do with its message."""
        passed = gate.enter(planned.need)
        if isinstance(passed, Held):
            return self._hold(passed, planned.assignment)
        try:
            return self._attempt(planned, gate, passed)
        finally:
            gate.leave(planned.need, passed)

    def _attempt(self, planned: Planned, gate: Gate, permit: Permit) -> Disposition:
        assignment, now = planned.assignment, self.now()
        function = self._function(assignment)  # it may have changed while we waited
        if function is not None and function.call_timeout > planned.need.timeout:
            return Hide(now + SOON, "the function has got more time meanwhile")
        timeout = function.call_timeout if function else timedelta()
        claimed = self.tasks.claim(
            assignment.tenant,
            assignment.task_id,
            generation=assignment.generation,
            now=now,
            lease_until=now + timeout + CLOCK_SKEW + LEASE_SLACK,
            detail=permit.detail,
        )
        if isinstance(claimed, Refusal):
            verdict = judge(claimed.task, generation=assignment.generation, now=self.now())
            if isinstance(verdict, Unstarted):
                if function is None:
                    return self._call(verdict.task, function, planned, gate, permit)
                return self._start_again(verdict.task, function, planned, gate, permit)
            return self._not_claimed(claimed, assignment)
        return self._call(claimed, function, planned, gate, permit)

    def _hold(self, held: Held, assignment: Assignment) -> Disposition:
        """Not now. A task may expire while it waits, and says so in its timeline when it first does."""
        now = self.now()
        expires = event_time(assignment.event["expirytime"]) if "expirytime" in assignment.event else None
        if expires is not None and expires <= now:
            task = self.tasks.get(assignment.tenant, assignment.task_id)
            if isinstance(judge(task, generation=assignment.generation, now=now), Expired):
                return self._not_claimed(Refusal(task), assignment)
        elif assignment.received == 1 and held.is_limit:
            moment = Moment(now, Status.QUEUED, 0, held.reason)
            self.tasks.note(assignment.tenant, assignment.task_id, generation=assignment.generation, moment=moment)
        until = held.until if expires is None or expires <= now else min(held.until, expires)
        return Hide(until, held.reason, held.cause)

    def _function(self, assignment: Assignment) -> catalog.Function | None:
        task_type = assignment.event.get("type")
        entry = self.registry.get(assignment.tenant, catalog.function_item(str(task_type)))
        return catalog.Function.of(entry.doc) if entry else None

    def _call(
        self, task: Task, function: catalog.Function | None, planned: Planned, gate: Gate, permit: Permit
    ) -> Disposition:
        assignment = planned.assignment
        if function is None:
            gone = TaskError("UnknownFunction", f"the function of {task.type} was deleted before the task ran")
            return self._commit(task, Outcome(Step.FAIL, self.now(), detail="no function", error=gone), assignment)
        now = self.now()
        ends = now + function.call_timeout + CLOCK_SKEW
        leased = task.lease_until is None or ends + LONGEST_START <= task.lease_until
        permitted = permit.start_by is None or now <= permit.start_by
        if ends > assignment.deadline or not leased or not permitted:
            late = TaskError("Late", "the claim took too long to start the call under its lease")
            return self._commit(task, self._throttled(late, task, function), assignment)
        if function.deferred:
            return self._defer(task, function, planned, gate, permit)
        event = function_event(
            assignment.event,
            tenant=task.tenant,
            task_id=task.id,
            attempt=task.attempt,
            deadline=rfc3339(now + function.timeout) or "",
        )
        permit.runs_until = ends + LONGEST_START
        answer = self.target.call(function.target, event, timeout=function.timeout)
        if _strains(answer):
            gate.strained(task.type)
        if isinstance(answer, Unknown):
            until = task.lease_until or self.now() + SOON
            return Hide(until, f"no answer ({answer.error.type}): the attempt may run until its lease ends")
        permit.runs_until = None
        return self._commit(task, self._outcome(answer, task, function), assignment)

    def _defer(
        self, task: Task, function: catalog.Function, planned: Planned, gate: Gate, permit: Permit
    ) -> Disposition:
        waiting = self.deferring.commit(task, function, planned.assignment.event, holds_slots=bool(permit.scopes))
        if isinstance(waiting, Refusal):
            return self._explain(waiting, planned.assignment)
        return self._start(waiting, function, planned, gate, permit)

    def _start_again(
        self, task: Task, function: catalog.Function, planned: Planned, gate: Gate, permit: Permit
    ) -> Disposition:
        waiting = self.deferring.again(task)
        if isinstance(waiting, Refusal):
            return self._explain(waiting, planned.assignment)
        return self._start(waiting, function, planned, gate, permit)

    def _start(
        self, task: Task, function: catalog.Function, planned: Planned, gate: Gate, permit: Permit
    ) -> Disposition:
        """Start the target of a waiting task; one that may have been started is waited for."""
        assignment = planned.assignment
        if not self.deferring.hold(task, gate, permit):
            late = TaskError("Late", "its slots could not be held beyond this batch")
            return self._commit(task, self._throttled(late, task, function), assignment)
        answer = self.deferring.start(task, function, assignment.event)
        if _strains(answer):
            gate.strained(task.type)
        if not isinstance(answer, Started | Unknown):
            disposition = self._commit(task, self._outcome(answer, task, function), assignment)
            self.deferring.slots.release(task)
            return disposition
        written = self.deferring.started(task)
        if isinstance(written, Refusal):  # it has called back already, or was cancelled
            return self._explain(written, assignment)
        return self._waits(written)

    def _waits(self, task: Task) -> Disposition:
        """An ordered lane keeps the message, so that nothing of its group overtakes."""
        lane = self.registry.get(task.tenant, catalog.lane_item(task.lane))
        if lane is not None and is_ordered(lane.doc.get("queue_url") or ""):
            return Hide(self.now() + ORDERED_LOOK, "it waits for its callback")
        return Drop("it waits for its callback")

    def _outcome(self, answer: Returned | Raised | Throttled, task: Task, function: catalog.Function) -> Outcome:
        now = self.now()
        if isinstance(answer, Returned):
            return Outcome(Step.SUCCEED, now, result=answer.result)
        if isinstance(answer, Throttled):
            return self._throttled(answer.error, task, function, at_least=answer.pause)
        failed = after_failure(
            function.retry,
            answer.error,
            attempt=task.attempt,
            max_attempts=task.max_attempts,
            now=now,
            random=self.random,
            permanent=answer.permanent,
        )
        return with_pause(failed, answer.pause)

    def _throttled(
        self, error: TaskError, task: Task, function: catalog.Function, *, at_least: timedelta = timedelta()
    ) -> Outcome:
        before = task.claim - task.attempt  # each throttle gave its attempt back, but not its claim
        return after_throttle(
            function.retry, error, before=before, now=self.now(), random=self.random, at_least=at_least
        )

    def _commit(self, task: Task, outcome: Outcome, assignment: Assignment) -> Disposition:
        if outcome.status in MAY_BE_REDONE:  # first: an end that says it can be redone has its event
            self._retain(task, outcome.at, assignment)
        written = self.tasks.commit(task, outcome)
        if isinstance(written, Task):
            if written.status.is_end:
                return Publish(written, committed=True)
            return Hide(written.next_at or self.now() + SOON, outcome.detail)
        # the fence: somebody else decided meanwhile, and our outcome is discarded
        return self._explain(written, assignment)

    def _not_claimed(self, refusal: Refusal, assignment: Assignment) -> Disposition:
        verdict = judge(refusal.task, generation=assignment.generation, now=self.now())
        if isinstance(verdict, Expired):
            detail = "not started before its expirytime"
            return self._commit(verdict.task, Outcome(Step.EXPIRE, self.now(), detail=detail), assignment)
        if isinstance(verdict, Lost):
            lost = TaskError("lost", "the last attempt's lease ended without an outcome: the process died")
            return self._commit(verdict.task, Outcome(Step.LOSE, self.now(), detail="lost", error=lost), assignment)
        return self._explain(refusal, assignment)

    def _explain(self, refusal: Refusal, assignment: Assignment) -> Disposition:
        verdict = judge(refusal.task, generation=assignment.generation, now=self.now())
        if isinstance(verdict, Ended):
            return self._ended(verdict.task, assignment)
        if isinstance(verdict, Waits):
            return self._waits(verdict.task)
        if isinstance(verdict, NotYet):
            return Hide(verdict.until, verdict.reason)
        if isinstance(verdict, NoRecord):
            return Bury(verdict.reason)
        return Hide(self.now() + SOON, "the record changed meanwhile")

    def _ended(self, task: Task, assignment: Assignment) -> Disposition:
        """The message meets an end: the result goes out again, but for one that was told without the message."""
        if task.status is Status.CANCELLED:
            self._retain(task, task.ended_at or self.now(), assignment)  # the last time that its event is at hand
            if task.attention is None:
                return Drop("cancelled, and told")
        return Publish(self.tasks.load_result(task))

    def _retain(self, task: Task, ended_at: datetime, assignment: Assignment) -> None:
        until = ended_at + timedelta(days=task.retention_days)
        self.events.keep(task, event_json(assignment.event), until=until)


def _strains(answer: Starting) -> bool:
    """Whether the target has shown that it has too much to do."""
    if isinstance(answer, Raised):
        return answer.error.type in OVERLOADS
    return isinstance(answer, Throttled | Unknown)
