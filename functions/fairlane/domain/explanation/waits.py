"""What an unended task waits for, besides limits: times, attempts, pauses, what is missing, the queue before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fairlane.domain.claiming import EARLY
from fairlane.domain.explanation.snapshot import Doc, Snapshot
from fairlane.domain.task import CLAIMABLE, Status
from fairlane.domain.times import parse_rfc3339, rfc3339


class Reason(StrEnum):
    """Kinds of waits."""

    DUE = "due-time"
    BACKOFF = "backoff"
    THROTTLED = "throttled"
    ATTEMPT = "attempt"
    LOST = "lost-attempt"
    CALLBACK = "callback"
    PAUSE = "pause"
    PROVISIONING = "provisioning"
    NO_FUNCTION = "missing-function"
    NO_LANE = "missing-lane"
    EXPIRY = "expiry"
    TENANT_CONCURRENCY = "tenant-concurrency"
    LANE_CONCURRENCY = "lane-concurrency"
    LANE_SHARE = "lane-share"
    LANE_RATE = "lane-rate"
    FUNCTION_CONCURRENCY = "function-concurrency"
    BACK_PRESSURE = "back-pressure"
    QUEUE = "queue"


#: Only somebody can end these: no time can be told.
NEED_SOMEBODY = frozenset({Reason.PAUSE, Reason.NO_LANE})


@dataclass(frozen=True)
class Wait:
    """One thing that a task waits for."""

    reason: Reason
    #: A sentence without its full stop.
    what: str
    limit: float | None = None
    used: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    #: What would change it; None where time alone does.
    remedy: str | None = None


def underway(snapshot: Snapshot) -> Iterator[Wait]:
    """Of a running or waiting task: the end of its attempt."""
    task = snapshot.task
    if task.status is Status.WAITING:
        yield _callback(snapshot)
    elif task.is_overdue(snapshot.now):
        yield Wait(
            Reason.LOST,
            f"attempt {task.attempt} of {task.max_attempts} is lost: its lease ended at {rfc3339(task.lease_until)}"
            " without an outcome, so the process that ran it has died",
            since=task.lease_until,
            remedy="nothing to do: its message comes back within the queue's visibility timeout (90 s; 16 minutes for"
            " functions above 50 s), and the next attempt starts, or the task fails when none is left",
        )
    elif task.status is Status.RUNNING:
        yield Wait(
            Reason.ATTEMPT,
            f"attempt {task.attempt} of {task.max_attempts} is running",
            since=snapshot.since,
            until=task.lease_until,
            remedy=f"POST /v1/tasks/{task.id}/cancel ends it; a shorter timeout of the function bounds later ones",
        )


def before_start(snapshot: Snapshot) -> Iterator[Wait]:
    """Of a task that no attempt runs of: all that keeps the next one from starting, limits aside."""
    task, now = snapshot.task, snapshot.now
    if task.status not in CLAIMABLE:
        return
    if task.claim == 0 and task.expires_at is not None and task.expires_at <= now:
        yield Wait(
            Reason.EXPIRY,
            f"it was not started before its expirytime ({rfc3339(task.expires_at)}) and ends as expired as soon as"
            " its message is received",
            since=task.expires_at,
        )
    yield from _pauses(snapshot)
    yield from _missing(snapshot)
    yield from _times(snapshot)


def queued_behind(snapshot: Snapshot, *, is_limited: bool) -> Iterator[Wait]:
    """The messages before it, as far as they can be counted."""
    task, depth = snapshot.task, snapshot.depth
    if task.status not in CLAIMABLE:
        return
    ahead = depth.ahead(is_limited=is_limited) if depth is not None else 0
    if ahead:
        yield Wait(
            Reason.QUEUE,
            f"up to {ahead} other {_plural(ahead, 'message')} of the lane {task.lane} may be before it",
            used=ahead,
            since=task.created_at,
            remedy=f"raise the concurrency of the lane {task.lane}, or send urgent tasks to a lane of their own",
        )


def _callback(snapshot: Snapshot) -> Wait:
    task = snapshot.task
    deadline = task.attention.at if task.attention is not None else task.lease_until
    return Wait(
        Reason.CALLBACK,
        f"attempt {task.attempt} of {task.max_attempts} was started and has to report its outcome",
        since=snapshot.since,
        until=deadline,
        remedy=f"the function calls POST /v1/tasks/{task.id}/complete or /fail with its task token;"
        " /heartbeat prolongs it",
    )


def _pauses(snapshot: Snapshot) -> Iterator[Wait]:
    task = snapshot.task
    paused = (
        (snapshot.tenant, "the tenant", "POST /v1/tenants/{tenant}/resume (scope admin)"),
        (snapshot.lane, f"the lane {task.lane}", f"POST /v1/lanes/{task.lane}/resume"),
        (snapshot.function, f"the function {task.type}", f"POST /v1/functions/{task.type}/resume"),
    )
    for doc, name, remedy in paused:
        if doc is not None and doc.get("paused"):
            yield Wait(Reason.PAUSE, f"{name} is paused", since=_time(doc, "paused_at"), remedy=remedy)


def _missing(snapshot: Snapshot) -> Iterator[Wait]:
    task = snapshot.task
    if snapshot.function is None:
        yield Wait(
            Reason.NO_FUNCTION,
            f"no function is registered for {task.type}: it fails as soon as it is its turn",
            remedy=f"PUT /v1/functions/{task.type} before that",
        )
    if snapshot.lane is None:
        yield Wait(Reason.NO_LANE, f"the lane {task.lane} is gone", remedy=f"PUT /v1/lanes/{task.lane}")
    elif snapshot.lane.get("status") == "provisioning":
        yield Wait(
            Reason.PROVISIONING,
            f"the lane {task.lane} is being provisioned: nothing receives from its queue yet",
            since=_time(snapshot.lane, "updated_at"),
            remedy="nothing to do: it takes up to two minutes",
        )


def _times(snapshot: Snapshot) -> Iterator[Wait]:
    task, now = snapshot.task, snapshot.now
    if task.next_at is None or task.next_at <= now + EARLY:
        return
    if task.status is not Status.RETRYING:
        yield Wait(
            Reason.DUE, f"it is not due before {rfc3339(task.next_at)}", since=task.created_at, until=task.next_at
        )
        return
    error = f"{task.error.type}: {task.error.message}" if task.error else "an error"
    if snapshot.last is not None and snapshot.last.detail.startswith("throttled"):
        yield Wait(
            Reason.THROTTLED,
            f"the target of {task.type} refused the call ({error}), which is no attempt; it is called again later",
            since=snapshot.since,
            until=task.next_at,
            remedy=f"give the target more concurrency, or limit the concurrency of {task.type} to what it has",
        )
        return
    yield Wait(
        Reason.BACKOFF,
        f"attempt {task.attempt} of {task.max_attempts} failed ({error}), and the next one waits for its backoff",
        since=snapshot.since,
        until=task.next_at,
        remedy=f"a smaller retry.base or retry.cap of {task.type} shortens later ones",
    )


def _time(doc: Doc, name: str) -> datetime | None:
    text = doc.get(name)
    return parse_rfc3339(text) if text else None


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
