"""The Tasks table in memory: the same conditions as `fairlane.aws.tasks`, in plain Python."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fairlane.aws.items import INLINE_RESULT_BYTES, result_hash, trimmed
from fairlane.domain.attention import Attention, Kind
from fairlane.domain.claiming import EARLY
from fairlane.domain.task import (
    CLAIMABLE,
    LONGEST_WAIT,
    OVERDUE,
    STEPS,
    UNDER_WAY,
    Moment,
    Outcome,
    Status,
    Step,
    Task,
    Touch,
)
from fairlane.domain.times import from_ms, to_ms
from fairlane.ports.tasks import Created, Existing, Refusal, TaskPage, TaskQuery

#: Called with the record before and after each write.
OnWrite = Callable[[Task | None, Task], None]


@dataclass
class Record:
    task: Task
    ttl: datetime


class FakeTasks:
    """`TaskStore`. `on_write` sees every change; `expire` is DynamoDB's TTL."""

    def __init__(self, on_write: OnWrite = lambda _old, _new: None) -> None:
        self.records: dict[tuple[str, str], Record] = {}
        self._results: dict[tuple[str, str, int, int, str], str] = {}
        self._on_write = on_write
        self.prolonged = 0

    def create(self, task: Task) -> Created | Existing:
        held = self.records.get((task.tenant, task.id))
        if held is not None:
            return Existing(held.task)
        self._write(None, task, _outliving(task, task.created_at))
        return Created(task)

    def prolong(self, task: Task, *, now: datetime) -> bool:
        held = self.records.get((task.tenant, task.id))
        if held is None or held.task.generation != task.generation:
            return False
        if held.task.ended_at is None:
            held.ttl = max(held.ttl, _outliving(task, now))
            self.prolonged += 1
        return True

    def get(self, tenant: str, task_id: str) -> Task | None:
        held = self.records.get((tenant, task_id))
        return self.load_result(held.task) if held else None

    def load_result(self, task: Task) -> Task:
        if task.result_claim is None or task.result_hash is None or task.result is not None:
            return task
        key = (task.tenant, task.id, task.generation, task.result_claim, task.result_hash)
        return task.with_result(self._results.get(key))

    def claim(
        self, tenant: str, task_id: str, *, generation: int, now: datetime, lease_until: datetime, detail: str = ""
    ) -> Task | Refusal:
        held = self.records.get((tenant, task_id))
        if held is None:
            return Refusal(None)
        task = held.task
        if task.generation != generation or not self.may_claim(task, now):
            return Refusal(task)
        attempt = task.attempt + 1
        claimed = replace(
            task,
            status=Status.RUNNING,
            attempt=attempt,
            claim=task.claim + 1,
            lease_until=lease_until,
            started_at=task.started_at or now,
            next_at=None,
            attention=None,
            progress=None,
            progress_message=None,
            timeline=(*task.timeline, Moment(now, Status.RUNNING, attempt, detail)),
        )
        return self._write(task, claimed, now + LONGEST_WAIT)

    def note(self, tenant: str, task_id: str, *, generation: int, moment: Moment) -> Task | Refusal:
        held = self.records.get((tenant, task_id))
        if held is None:
            return Refusal(None)
        if held.task.generation != generation or held.task.status not in (Status.SCHEDULED, Status.QUEUED):
            return Refusal(held.task)
        return self._write(held.task, replace(held.task, timeline=(*held.task.timeline, moment)), held.ttl)

    def commit(self, task: Task, outcome: Outcome) -> Task | Refusal:
        kept = None
        if outcome.result is not None and len(outcome.result.encode()) > INLINE_RESULT_BYTES:
            kept = result_hash(outcome.result)
            self._results[task.tenant, task.id, task.generation, task.claim, kept] = outcome.result
        held = self.records.get((task.tenant, task.id))
        if held is None:
            return Refusal(None)
        if not self.may_commit(held.task, task, outcome):
            return Refusal(held.task)
        is_end = outcome.status.is_end
        moment = Moment(outcome.at, outcome.status, task.attempt, outcome.detail)
        ended = replace(
            held.task,
            status=outcome.status,
            attempt=held.task.attempt if outcome.counts else held.task.attempt - 1,
            ended_at=outcome.at if is_end else None,
            error=None if outcome.step is Step.SUCCEED else outcome.error or held.task.error,
            next_at=_whole_ms(outcome.next_at) if outcome.next_at else held.task.next_at,
            lease_until=_whole_ms(outcome.lease_until) if outcome.lease_until else None,
            attention=replace(outcome.attention, at=_whole_ms(outcome.attention.at)) if outcome.attention else None,
            start_by=_whole_ms(outcome.start_by) if outcome.start_by else None,
            heartbeat=outcome.heartbeat,
            execution=outcome.execution,
            holds_slots=outcome.holds_slots,
            result=outcome.result if kept is None else None,
            result_claim=None if kept is None else task.claim,
            result_hash=kept,
            timeline=tuple(trimmed((*task.timeline, moment)) or (*held.task.timeline, moment)),
        )
        life = timedelta(days=task.retention_days) if is_end else LONGEST_WAIT
        written = self._write(held.task, ended, outcome.at + life)
        return written if kept is None else written.with_result(outcome.result)

    def touch(self, task: Task, touch: Touch) -> Task | Refusal:
        held = self.records.get((task.tenant, task.id))
        if held is None:
            return Refusal(None)
        now = held.task
        if (now.generation, now.claim) != (task.generation, task.claim) or now.status not in UNDER_WAY:
            return Refusal(now)
        if touch.only_unstarted and not (now.status is Status.WAITING and now.start_by and now.start_by < touch.at):
            return Refusal(now)
        attention = Attention(Kind.DEADLINE, _whole_ms(touch.wanted_at)) if touch.wanted_at else now.attention
        touched = replace(
            now,
            start_by=_whole_ms(touch.start_by) if touch.start_by else None,
            progress=now.progress if touch.progress is None else touch.progress,
            progress_message=now.progress_message if touch.message is None else touch.message,
            attention=attention,
        )
        return self._write(now, touched, held.ttl)

    def page(self, tenant: str, query: TaskQuery) -> TaskPage:
        mine = [held.task for (owner, _), held in self.records.items() if owner == tenant]
        found = sorted(
            (task for task in mine if _matches(task, query)), key=lambda task: task.time_key, reverse=query.newest_first
        )
        if query.after is not None:
            after, newest_first = query.after, query.newest_first
            found = [task for task in found if (task.time_key < after if newest_first else task.time_key > after)]
        more = found[query.limit - 1] if len(found) >= query.limit else None
        return TaskPage(found[: query.limit], more.time_key if more else None)

    def note_attention(self, tenant: str, task_id: str, attention: Attention | None) -> None:
        """What the index `attention` changes of a record."""
        held = self.records[tenant, task_id]
        held.task = replace(held.task, attention=attention)

    def expire(self, now: datetime) -> None:
        """Delete what DynamoDB's TTL would have deleted by now."""
        self.records = {key: held for key, held in self.records.items() if held.ttl > now}

    # --- the conditions: a mutant of the simulation overrides one of them -------------------

    def may_claim(self, task: Task, now: datetime) -> bool:
        is_due = task.status in CLAIMABLE and (task.next_at is None or task.next_at <= now + EARLY)
        in_time = task.claim > 0 or task.expires_at is None or task.expires_at > now
        return (is_due or self.lease_is_over(task, now)) and self.has_attempts_left(task) and in_time

    def lease_is_over(self, task: Task, now: datetime) -> bool:
        return task.status is Status.RUNNING and task.lease_until is not None and task.lease_until < now

    def is_overdue(self, task: Task, now: datetime) -> bool:
        return self.lease_is_over(task, now) or (task.status is Status.WAITING and task.is_overdue(now))

    def has_attempts_left(self, task: Task) -> bool:
        return task.attempt < task.max_attempts

    def may_commit(self, held: Task, task: Task, outcome: Outcome) -> bool:
        is_our_claim = held.generation == task.generation and held.claim == task.claim
        in_state = held.status in STEPS[outcome.step][0]
        return is_our_claim and in_state and (outcome.step not in OVERDUE or self.is_overdue(held, outcome.at))

    def _write(self, old: Task | None, new: Task, ttl: datetime) -> Task:
        self._on_write(old, new)
        self.records[new.tenant, new.id] = Record(new, ttl)
        return new


def _matches(task: Task, query: TaskQuery) -> bool:
    return (
        (query.status is None or task.status.value == query.status)
        and (query.type is None or task.type == query.type)
        and (query.lane is None or task.lane == query.lane)
        and (query.source is None or task.source == query.source)
        and (query.created_after is None or task.created_at > query.created_after)
        and (query.created_before is None or task.created_at < query.created_before)
    )


def _whole_ms(at: datetime) -> datetime:
    return from_ms(to_ms(at))


def _outliving(task: Task, sent_at: datetime) -> datetime:
    return max(sent_at, task.not_before or sent_at) + LONGEST_WAIT
