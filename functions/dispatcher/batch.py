"""A batch of messages: run them at once, send results, keep what has not ended.

SQS deletes what is not reported as failed. So a message is left out of the failed ones only when
its result message was confirmed, when a fresh copy of it was, or when its burial was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger

from dispatcher.attempt import Assignment, Attempts, Bury, Disposition, Hide, Planned, Publish
from dispatcher.flow import Flow
from dispatcher.gates import Gates
from fairlane.backlog import Backlog
from fairlane.cache import CachedRegistry
from fairlane.domain.catalog import QueueOwner
from fairlane.domain.errors import Refused
from fairlane.domain.task import Task
from fairlane.domain.times import to_ms
from fairlane.http import parse_json
from fairlane.ports.queues import Message, Queues
from fairlane.ports.running import Clock, Parallel
from fairlane.ports.tasks import TaskStore
from fairlane.received import OWN_DEPTH, Received, bury, owner_of, partial_response, received_of
from fairlane.results import result_message

#: SQS keeps a message 14 days from its sending; past this a fresh copy takes its place.
OLD = timedelta(days=10)
#: A copy comes last in its group, so in an ordered queue only at the last moment.
OLD_IN_ORDER = timedelta(days=13)
#: A message whose attempt raised in our own code comes back after this.
AFTER_ERROR = timedelta(seconds=5)


@dataclass(frozen=True)
class _Job:
    """A message and what is to be done: an attempt, or what is known already."""

    message: Received
    owner: QueueOwner | None
    plan: Planned | Disposition


@dataclass(frozen=True)
class _Done:
    """A message, its owner (None: unknown) and what to do with it."""

    message: Received
    owner: QueueOwner | None
    disposition: Disposition


@dataclass(frozen=True)
class Dispatch:
    """The use case: one invocation by an event source mapping."""

    attempts: Attempts
    flow: Flow
    tasks: TaskStore
    queues: Queues
    registry: CachedRegistry
    backlog: Backlog
    parallel: Parallel
    now: Clock
    logger: Logger
    dead_letters_url: str

    def __call__(self, records: Sequence[dict[str, Any]], *, deadline: datetime) -> dict[str, Any]:
        """The partial batch response. `deadline` is when this environment is killed."""
        gates = Gates(self.flow)
        begun: set[str] = set()
        jobs = [self._job(received_of(record), gates, begun, deadline) for record in records]
        failed: list[Received] = []

        def run(row: list[_Job]) -> list[_Done]:
            return self._run_row(row, gates)

        for group in self.parallel(run, _rows(jobs)):
            gates.settle()
            done = [outcome for _, row in group for outcome in row]
            failed += self._publish([one for one in done if isinstance(one.disposition, Publish)])
            for one in done:
                if isinstance(one.disposition, Bury):
                    failed += self._bury(one, one.disposition)
            failed += self._keep([one for one in done if isinstance(one.disposition, Hide)])
        gates.settle(last=True)
        return partial_response(failed)

    def _job(self, message: Received, gates: Gates, begun: set[str], deadline: datetime) -> _Job:
        """What the message asks for. All of a batch are known before the first slot is taken."""
        owner = None
        try:
            owner = owner_of(message, self.registry)
            if owner is None:
                return _Job(message, None, Bury("no lane has this queue: it was deleted"))
            assignment = _assignment(message, owner, deadline)
            if isinstance(assignment, Bury):
                return _Job(message, owner, assignment)
            if message.was_redriven:
                return _Job(message, owner, self._again(assignment))
            planned = self.attempts.plan(assignment)
            if message.group not in begun:
                gates.expect(planned)  # of a row only the first one can start now
            if message.is_ordered:
                begun.add(message.group)
            return _Job(message, owner, planned)
        except Exception:
            self.logger.exception("attempt failed", extra={"action": "attempt_failed"})
            return _Job(message, owner, self._own_error())

    def _run_row(self, row: list[_Job], gates: Gates) -> list[_Done]:
        """One after the other; what comes after one that has not ended is not run, and free again when that one is."""
        done: list[_Done] = []
        for job in row:
            if done and isinstance(done[-1].disposition, Hide):
                behind = Hide(self.now(), "behind a task of its partition key that has not ended")
                self._log(job.message, job.owner, behind)
                done.append(_Done(job.message, job.owner, behind))
            else:
                done.append(self._run(job, gates))
        return done

    def _run(self, job: _Job, gates: Gates) -> _Done:
        done = job.plan
        if isinstance(done, Planned):
            try:
                done = self.attempts.run(done, gates.of(done))
            except Exception:
                self.logger.exception("attempt failed", extra={"action": "attempt_failed"})
                done = self._own_error()
        self._log(job.message, job.owner, done)
        return _Done(job.message, job.owner, done)

    def _own_error(self) -> Hide:
        return Hide(self.now() + AFTER_ERROR, "an error of Fairlane's own")

    def _again(self, assignment: Assignment) -> Disposition:
        """A message that was received too often: its task ends as usual from a fresh copy."""
        task = self.tasks.get(assignment.tenant, assignment.task_id)
        if task is None or task.generation != assignment.generation:
            return Bury("received too often, and there is no record of its task")
        return Publish(task) if task.status.is_end else Hide(self.now(), "received too often: sent again")

    def _publish(self, ended: Sequence[_Done]) -> list[Received]:
        """Send result messages, a batch for each tenant; the ones that were not confirmed."""
        failed: list[Received] = []
        by_queue: dict[str, list[_Done]] = {}
        for one in ended:
            if one.owner is not None:
                by_queue.setdefault(one.owner.results_url, []).append(one)
        for url, group in by_queue.items():
            confirmed = self.queues.send(url, [_result(one.disposition) for one in group])
            failed += [one.message for one, sent in zip(group, confirmed, strict=True) if not sent]
        self.backlog.ended([task.tenant for task in map(_committed, ended) if task is not None])
        return failed

    def _bury(self, one: _Done, why: Bury) -> list[Received]:
        buried = bury(one.message, why.reason, self.queues, self.dead_letters_url)
        return [] if buried else [one.message]

    def _keep(self, hidden: Sequence[_Done]) -> list[Received]:
        """Hide what has not ended until it is due; what is old or was redriven gets a fresh copy instead."""
        now = self.now()
        kept: list[_Done] = []
        for one in hidden:
            old = now - one.message.sent_at > (OLD_IN_ORDER if one.message.is_ordered else OLD)
            stale = one.message.was_redriven or old
            if not (stale and self._renew(one, now)):
                kept.append(one)
        by_queue: dict[str, dict[str, timedelta]] = {}
        for one in kept:
            if one.owner is not None and not one.message.was_redriven:
                receipts = by_queue.setdefault(one.owner.queue_url, {})
                receipts[one.message.receipt] = max(timedelta(), _until(one.disposition) - now)
        for url, receipts in by_queue.items():
            self.queues.hide(url, receipts)
        return [one.message for one in kept]

    def _renew(self, one: _Done, now: datetime) -> bool:
        if one.owner is None:
            return False
        try:
            assignment = _assignment(one.message, one.owner, now)
            if isinstance(assignment, Bury):
                return False
            task = self.tasks.get(assignment.tenant, assignment.task_id)
            if task is None or not self.tasks.prolong(task, now=now):
                return False
        except Exception:
            self.logger.exception("renewal failed", extra={"action": "renewal_failed"})
            return False
        delay = min(max(timedelta(), _until(one.disposition) - now), timedelta(minutes=15))
        return all(self.queues.send(one.owner.queue_url, [_copy(one.message, delay)]))

    def _log(self, message: Received, owner: QueueOwner | None, disposition: Disposition) -> None:
        about: dict[str, Any] = {
            "action": f"task_{type(disposition).__name__.lower()}",
            "tenant": owner.tenant if owner else None,
            "lane": owner.lane if owner else None,
            "task": message.attributes.get("task"),
        }
        if isinstance(disposition, Publish):
            about |= {"status": disposition.task.status.value, "attempt": disposition.task.attempt}
        else:
            about["reason"] = disposition.reason
        if isinstance(disposition, Hide) and disposition.limit:
            about["limit"] = disposition.limit
        self.logger.info("message", extra=about)


def _committed(one: _Done) -> Task | None:
    """The task whose end was committed here, if one was."""
    disposition = one.disposition
    return disposition.task if isinstance(disposition, Publish) and disposition.committed else None


def _rows(jobs: Sequence[_Job]) -> list[list[_Job]]:
    """What may run at once: each message alone, but for those of one group of an ordered queue."""
    rows: dict[str, list[_Job]] = {}
    for n, job in enumerate(jobs):
        key = job.message.group if job.message.is_ordered else str(n)
        rows.setdefault(key, []).append(job)
    return list(rows.values())


def _copy(message: Received, delay: timedelta) -> Message:
    """The message once more; in an ordered queue another one than that which it replaces."""
    dedup = f"{message.attributes.get('task')}-{to_ms(message.sent_at)}"
    return Message(message.body, message.attributes, delay, message.group, dedup)


def _assignment(message: Received, owner: QueueOwner, deadline: datetime) -> Assignment | Bury:
    """What the message asks for; Bury for anything that the gateway cannot have sent."""
    try:
        event = parse_json(message.body.encode("utf-8", "surrogatepass"), depth=OWN_DEPTH)
    except Refused as refused:
        return Bury(f"not a message of Fairlane: {refused.detail}")
    task_id, generation = message.attributes.get("task"), message.attributes.get("generation") or ""
    if not isinstance(event, dict) or not task_id or not (generation.isascii() and generation.isdigit()):
        return Bury("not a message of Fairlane: no event, or no attributes task and generation")
    return Assignment(owner.tenant, owner.lane, task_id, int(generation[:18]), event, deadline, message.receive_count)


def _result(disposition: Disposition) -> Message:
    if not isinstance(disposition, Publish):
        raise TypeError(disposition)
    return result_message(disposition.task)


def _until(disposition: Disposition) -> datetime:
    if not isinstance(disposition, Hide):
        raise TypeError(disposition)
    return disposition.until
