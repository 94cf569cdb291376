"""Accepting tasks: validate against the tenant's registry, record, send, acknowledge.

Order: permits under the tenant's limits, conditional put of the record, the send to the lane's queue, then
202. The put is the deduplication. What if it stops in between: after the put, the client has no 202 and repeats; it
meets its own record, sends again and gets 200. A duplicate of a task that was never claimed
always sends, as it cannot know whether the first send happened; claims make a spare message harmless.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from fairlane.admission import Admission, over_limit
from fairlane.cache import CachedRegistry
from fairlane.domain import catalog
from fairlane.domain.attention import Attention, Kind
from fairlane.domain.chaining import HOPS, hops_of
from fairlane.domain.errors import FieldError, Refused, Unavailable
from fairlane.domain.names import task_id
from fairlane.domain.task import CLAIMABLE, Moment, Status, Task
from fairlane.domain.times import from_ms, to_ms
from fairlane.events import Event, event_size, event_time, payload_hash
from fairlane.lane_messages import LONGEST_DELAY, keep_event, lane_document, lane_message
from fairlane.ordering import is_ordered
from fairlane.ports.queues import Message, Queues
from fairlane.ports.running import Clock, Parallel
from fairlane.ports.tasks import Created, DedupStore, EventStore, Reservation, TaskStore

FARTHEST_DUE = timedelta(days=365)
#: Without `dedupwindow`.
DEFAULT_DEDUP_WINDOW_S = 24 * 3600
#: A record that is this old gets its life prolonged before a duplicate's message is sent.
YOUNG = timedelta(hours=12)


@dataclass(frozen=True)
class Accepted:
    """What the client is told of an event that is now (or was already) a task."""

    id: str
    status: str
    duplicate: bool


@dataclass(frozen=True)
class Submitted:
    """An answer for each event, in their order, and the header fields that tell of the tenant's limits."""

    answers: Sequence[Accepted | Refused]
    fields: Mapping[str, str]


@dataclass(frozen=True)
class _Prepared:
    """A checked event on its way: its task, and where its message goes."""

    task: Task
    event: Event
    queue_url: str
    #: The event is kept, whether a message holds the task or not.
    retain: bool = False


@dataclass(frozen=True)
class _Recorded:
    """After the put: the record as it is, and whether a message must be sent."""

    prepared: _Prepared
    task: Task
    duplicate: bool
    must_send: bool


@dataclass(frozen=True)
class Submit:
    """The use case. Knows no HTTP and no AWS."""

    tasks: TaskStore
    events: EventStore
    dedup: DedupStore
    queues: Queues
    registry: CachedRegistry
    admission: Admission
    now: Clock
    parallel: Parallel
    logger: Logger
    #: What is random in the id of a task under a `dedupkey`.
    new_id: Callable[[], str] = secrets.token_hex

    def __call__(self, tenant: str, events: Sequence[Event | Refused]) -> Submitted:
        """Accept what can be accepted. Raises Refused when the tenant may not submit at all."""
        spec = self._tenant(tenant)
        now = self.now()
        answers: dict[int, Accepted | Refused] = {}
        prepared: dict[int, _Prepared] = {}
        recorded: dict[int, _Recorded] = {}
        for index, event in enumerate(events):
            if isinstance(event, Refused):
                answers[index] = event
                continue
            try:
                prepared[index] = self._prepare(tenant, spec, event, now)
            except Refused as refused:
                known = self._known(tenant, event)
                if known is None:
                    answers[index] = refused
                else:
                    recorded[index] = known
        fields = self._record_admitted(tenant, spec, prepared, recorded, answers)
        self._send_all(recorded, answers)
        return Submitted([answers[index] for index in range(len(events))], fields)

    def _tenant(self, tenant: str) -> catalog.Tenant:
        entry = self.registry.get(catalog.TENANTS, tenant)
        if entry is None:
            raise Refused("conflict", f"The tenant {tenant} does not exist any more.")
        spec = catalog.Tenant.of(entry.doc)
        if spec.status == "draining":
            raise Refused("conflict", "This tenant is being deleted and takes no new tasks.")
        if spec.status != "active":
            raise Unavailable(f"This tenant is {spec.status}; it takes tasks once it is active.", retry_after_s=5)
        return spec

    def _prepare(self, tenant: str, spec: catalog.Tenant, event: Event, now: datetime) -> _Prepared:
        size = event_size(event)
        if size > spec.payload_bytes:
            limit = f"this tenant's events may have {spec.payload_bytes} bytes"
            raise _refused("#", f"the event has {size} bytes; {limit}", kind="too-large")
        function = self._function(tenant, event["type"])
        lane = event.get("lane") or function.lane
        queue_url = self._lane_for(tenant, lane, function)
        if is_ordered(queue_url) and not event.get("partitionkey"):
            raise _refused("#/partitionkey", f"the lane {lane} is ordered: say which tasks it is in order with")
        _check_window(event, spec)
        due, expires = _times(event, now)
        if expires is not None and expires <= now:
            raise _refused("#/expirytime", "lies in the past: leave it out or send a later time")
        generation = to_ms(now)
        status = Status.SCHEDULED if due is not None and due > now else Status.QUEUED
        trace: dict[str, str] = {name: event[name] for name in ("traceparent", "tracestate") if name in event}
        if hops := hops_of(event):
            trace[HOPS] = str(hops)
        task = Task(
            tenant=tenant,
            id=task_id(tenant, event["source"], event["id"]),
            type=event["type"],
            source=event["source"],
            event_id=event["id"],
            lane=lane,
            status=status,
            max_attempts=function.retry.max_attempts,
            generation=generation,
            payload_hash=_said(event),
            created_at=now,
            not_before=due,
            next_at=due if status is Status.SCHEDULED else None,
            expires_at=expires,
            timeline=(Moment(now, status, 0),),
            trace=trace or None,
            retention_days=spec.retention_days,
        )
        return _Prepared(_held(task, now), event, queue_url, retain=function.retain)

    def _known(self, tenant: str, event: Event) -> _Recorded | None:
        """A repeat of an accepted event stays a duplicate, though it would be refused now (expired, type gone)."""
        if "dedupkey" in event:
            return None
        task = self.tasks.get(tenant, task_id(tenant, event["source"], event["id"]))
        if task is None or task.payload_hash != _said(event):
            return None
        return self._duplicate(_Prepared(task, event, self._again(tenant, task.lane)), task)

    def _function(self, tenant: str, task_type: str) -> catalog.Function:
        entry = self.registry.get(tenant, catalog.function_item(task_type))
        if entry is None:
            raise _refused("#/type", f"no function is registered for {task_type}: PUT /v1/functions/{task_type}")
        return catalog.Function.of(entry.doc)

    def _lane_for(self, tenant: str, name: str, function: catalog.Function) -> str:
        """Queue of the lane that a new task goes to."""
        entry = self.registry.get(tenant, catalog.lane_item(name))
        lane = catalog.Lane.of(entry.doc) if entry else None
        if lane is None or lane.drained:
            raise _refused("#/lane", f"there is no lane {name}: GET /v1/lanes lists them")
        if lane.status == "draining":
            raise _refused("#/lane", f"the lane {name} is being deleted and takes no new tasks: name another one")
        if lane.queue_url is None:
            raise Unavailable(f"The lane {name} is being provisioned: repeat the event.", retry_after_s=5)
        # a function's own lane has the dispatcher that it needs, though the copy here may be of before
        if function.is_long and not lane.long and name != function.lane:
            limit = f"runs functions of up to {catalog.SHORT_TIMEOUT_S} s only: leave lane out"
            raise _refused(
                "#/lane", f"the lane {name} {limit}, or name {name} in the function once, which changes that"
            )
        return lane.queue_url

    def _again(self, tenant: str, name: str) -> str:
        """Queue for another message of a recorded task: of its lane, or of `default` when that is deleted."""
        document = lane_document(self.registry, tenant, name)
        if document is not None:
            return str(document["queue_url"])
        raise Unavailable("This tenant has no lane that takes tasks now: repeat the event.", retry_after_s=5)

    # --- limits ---------------------------------------------------------------------------

    def _record_admitted(
        self,
        tenant: str,
        spec: catalog.Tenant,
        prepared: dict[int, _Prepared],
        recorded: dict[int, _Recorded],
        answers: dict[int, Accepted | Refused],
    ) -> Mapping[str, str]:
        """Put the records of what the limits admit, the first ones in order; 429 for the others."""
        if spec.submit is None or not prepared:
            recorded |= self._record_all(prepared, answers)
            return {}
        names = dict.fromkeys(_dedup_name(one) for one in prepared.values())  # repeats in a batch are one task
        admitted = self.admission.admit(tenant, spec.submit, len(names))
        if admitted.shortage is not None:
            refused = over_limit(admitted.shortage, admitted.fields)
            within = set(list(names)[: admitted.count])
            for index in [index for index, one in prepared.items() if _dedup_name(one) not in within]:
                known = self._repeat(tenant, prepared.pop(index).event)
                if known is None:
                    answers[index] = refused
                else:
                    recorded[index] = known
        made = self._record_all(prepared, answers)
        recorded |= made
        perhaps_made = sum(isinstance(answers.get(index), Unavailable) for index in prepared)
        used = sum(not one.duplicate for one in made.values()) + perhaps_made
        self.admission.give_back(tenant, spec.submit, admitted.count - used)
        return admitted.fields

    def _repeat(self, tenant: str, event: Event) -> _Recorded | None:
        """Over the limit too, a repeat of an accepted event is told so: else a lost answer could not be repaired."""
        return self._known(tenant, event) if self.admission.may_look_up(tenant) else None

    # --- the record -----------------------------------------------------------------------

    def _record_all(
        self, prepared: dict[int, _Prepared], answers: dict[int, Accepted | Refused]
    ) -> dict[int, _Recorded]:
        """Put the records. Events of one task within a batch go one after the other, the first first."""
        recorded: dict[int, _Recorded] = {}
        waiting = dict(prepared)
        while waiting:
            firsts = {_dedup_name(p): index for index, p in reversed(waiting.items())}
            indexes = sorted(firsts.values())
            for group in self.parallel(self._record, [waiting.pop(index) for index in indexes]):
                for position, outcome in group:
                    if isinstance(outcome, Refused):
                        answers[indexes[position]] = outcome
                    else:
                        recorded[indexes[position]] = outcome
        return recorded

    def _record(self, prepared: _Prepared) -> _Recorded | Refused:
        try:
            return self._record_one(self._reserved(prepared))
        except Refused as refused:
            return refused
        except Exception:  # one event's failed write must not lose the others' answers
            self.logger.exception("not recorded", extra={"action": "record_failed", "task": prepared.task.id})
            return _unconfirmed()

    def _reserved(self, prepared: _Prepared) -> _Prepared:
        """With `dedupkey` the id is random and the key points to it; the pointer comes first."""
        key = prepared.event.get("dedupkey")
        if key is None:
            return prepared
        task = prepared.task
        window = timedelta(seconds=int(prepared.event.get("dedupwindow", DEFAULT_DEDUP_WINDOW_S)))
        wanted = Reservation(task_id(task.tenant, key, self.new_id()), task.payload_hash)
        held = self.dedup.reserve(task.tenant, key, wanted, now=task.created_at, window=window)
        if held.payload_hash != task.payload_hash:
            raise _another_payload("#/dedupkey")
        return replace(prepared, task=replace(task, id=held.task_id))

    def _record_one(self, prepared: _Prepared) -> _Recorded:
        if (
            prepared.retain or prepared.task.attention is not None
        ):  # first: a record that stands in `attention` has its event
            keep_event(self.events, prepared.task, prepared.event)
        made = self.tasks.create(prepared.task)
        if isinstance(made, Created):
            return _Recorded(prepared, made.task, duplicate=False, must_send=made.task.attention is None)
        task = made.task
        if task.payload_hash != prepared.task.payload_hash:
            raise _another_payload("#/id")
        return self._duplicate(prepared, task)

    def _duplicate(self, prepared: _Prepared, task: Task) -> _Recorded:
        """A record that is there: the message of an unclaimed one goes out again, and must not outlive it."""
        unclaimed = _is_unclaimed(task)
        now = self.now()
        if unclaimed and now - task.created_at > YOUNG and not self.tasks.prolong(task, now=now):
            raise Unavailable("The first record of this event has just been removed: repeat the request.")
        return _Recorded(prepared, task, duplicate=True, must_send=unclaimed)

    # --- the message ----------------------------------------------------------------------

    def _send_all(self, recorded: dict[int, _Recorded], answers: dict[int, Accepted | Refused]) -> None:
        by_queue: dict[str, list[int]] = {}
        for index, one in sorted(recorded.items()):
            if one.must_send:
                by_queue.setdefault(self._queue_of(one), []).append(index)
        confirmed = dict.fromkeys(recorded, True)
        for queue_url, indexes in by_queue.items():
            messages = [self._message(recorded[index]) for index in indexes]
            confirmed |= dict(zip(indexes, self.queues.send(queue_url, messages), strict=True))
        for index, one in recorded.items():
            accepted = Accepted(one.task.id, one.task.status.value, one.duplicate)
            answers[index] = accepted if confirmed[index] else _unconfirmed()

    def _queue_of(self, one: _Recorded) -> str:
        """A duplicate's message goes to the lane of the record, which is the one that counts."""
        if one.task.lane == one.prepared.task.lane:
            return one.prepared.queue_url
        return self._again(one.task.tenant, one.task.lane)

    def _message(self, one: _Recorded) -> Message:
        # under a dedupkey another id may have come; the function sees what the record says
        event = one.prepared.event | {"id": one.task.event_id, "source": one.task.source}
        return lane_message(one.task, event, now=self.now())


def _held(task: Task, now: datetime) -> Task:
    """A task that is due later than a message can be delayed stands in `attention` instead; it is not sent yet."""
    wakes_at = task.wakes_at
    if wakes_at is None or wakes_at <= now + LONGEST_DELAY:
        return task
    return replace(task, attention=Attention(Kind.DUE, wakes_at))


def _check_window(event: Event, spec: catalog.Tenant) -> None:
    """A window must not outlive the record that it protects, or the event could run twice within it."""
    if "dedupwindow" in event and int(event["dedupwindow"]) > spec.retention_days * 24 * 3600:
        raise _refused("#/dedupwindow", f"may be up to this tenant's retention of {spec.retention_days} days")


def _times(event: Event, now: datetime) -> tuple[datetime | None, datetime | None]:
    due = _whole_ms(event_time(event["notbefore"])) if "notbefore" in event else None
    expires = _whole_ms(event_time(event["expirytime"])) if "expirytime" in event else None
    if due is not None and due > now + FARTHEST_DUE:
        raise _refused("#/notbefore", f"may be up to {FARTHEST_DUE.days} days ahead")
    return due, expires


def _whole_ms(at: datetime) -> datetime:
    return from_ms(to_ms(at))


def _said(event: Event) -> str:
    """What a repeated event must not change; under a `dedupkey` its id and source may differ."""
    if "dedupkey" not in event:
        return payload_hash(event)
    return payload_hash({name: value for name, value in event.items() if name not in ("id", "source", "dedupwindow")})


def _dedup_name(prepared: _Prepared) -> str:
    key = prepared.event.get("dedupkey")
    return prepared.task.id if key is None else f"key {key}"


def _is_unclaimed(task: Task) -> bool:
    """Whether a message holds it, or should; the one of a task in `attention` is the janitor's to send."""
    return task.claim == 0 and task.status in CLAIMABLE and task.attention is None


def _refused(pointer: str, detail: str, *, kind: str = "refused") -> Refused:
    return Refused(kind, f"{pointer} {detail}.", (FieldError(pointer, detail),))


def _another_payload(pointer: str) -> Refused:
    return _refused(pointer, "was used before for an event with another payload: use a new one")


def _unconfirmed() -> Unavailable:
    return Unavailable("The task was not confirmed: repeat the same event, deduplication makes that safe.")
