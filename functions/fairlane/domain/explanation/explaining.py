"""The explanation as a whole, and as the API shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fairlane.domain.explanation import limits, waits
from fairlane.domain.explanation.ends import End, end_of
from fairlane.domain.explanation.estimates import Estimate, estimate
from fairlane.domain.explanation.snapshot import Snapshot
from fairlane.domain.explanation.waits import Wait
from fairlane.domain.task import CLAIMABLE, Status, Task
from fairlane.domain.times import rfc3339

_LONG = ((timedelta(days=2), timedelta(days=1), "d"), (timedelta(hours=2), timedelta(hours=1), "h"))


@dataclass(frozen=True)
class Explanation:
    """What a task waits for (the hardest first), or why it ended."""

    task: Task
    summary: str
    waits: Sequence[Wait]
    estimate: Estimate | None
    end: End | None
    notes: Sequence[str]


def explain(snapshot: Snapshot) -> Explanation:
    """Why the task is where it is."""
    if snapshot.task.status.is_end:
        return _ended(snapshot)
    reached = list(limits.reached(snapshot))
    queue = waits.queued_behind(snapshot, is_limited=bool(reached))
    found = [*waits.underway(snapshot), *waits.before_start(snapshot), *reached, *queue]
    summary, notes = _summary(snapshot, found), _notes(snapshot)
    return Explanation(snapshot.task, summary, found, estimate(snapshot, found), None, notes)


def explanation_view(snapshot: Snapshot) -> dict[str, Any]:
    """As the API shows it."""
    found = explain(snapshot)
    return {
        "id": found.task.id,
        "status": found.task.status.value,
        "summary": found.summary,
        "waits_for": [_wait_view(wait) for wait in found.waits],
        "position": _position_view(snapshot),
        "estimate": _estimate_view(found.estimate),
        "end": _end_view(found.end),
        "notes": list(found.notes),
        "checked_at": rfc3339(snapshot.now),
    }


def _ended(snapshot: Snapshot) -> Explanation:
    task, end = snapshot.task, end_of(snapshot)
    took = f", {_length(task.ended_at - task.created_at)} after it was accepted" if task.ended_at else ""
    sent = "" if end.is_sent else " Its result is still to be sent: the janitor does that within a minute."
    return Explanation(task, f"{_upper(end.why)}{took}.{sent}", (), None, end, _undelivered(task))


def _summary(snapshot: Snapshot, found: Sequence[Wait]) -> str:
    since = _length(snapshot.now - snapshot.since)
    status = snapshot.task.status
    if not found:
        return f"{_upper(status.value)} for {since}: nothing is in its way, a dispatcher receives it any moment."
    return f"{_upper(status.value)} for {since}: {'; '.join(wait.what for wait in found)}."


def _undelivered(task: Task) -> list[str]:
    lost = task.undelivered
    if lost is None:
        return []
    names = ", ".join(sorted(lost.subscriptions))
    return [f"Its result did not arrive at {names} ({lost.error}): POST /v1/deliveries/redrive sends it again."]


def _notes(snapshot: Snapshot) -> list[str]:
    task, notes = snapshot.task, []
    if snapshot.lane is not None and snapshot.lane.get("status") == "draining":
        notes.append(f"The lane {task.lane} is being deleted: it takes no new tasks, and still runs this one.")
    if snapshot.tenant is not None and snapshot.tenant.get("status") == "draining":
        notes.append("The tenant is being deleted: it takes no new tasks, and still runs this one.")
    if snapshot.lane is not None and snapshot.lane.get("ordered") and task.status in CLAIMABLE:
        notes.append(f"The lane {task.lane} is ordered: tasks of one partitionkey run one after the other.")
    if snapshot.depth is None and task.status in CLAIMABLE:
        notes.append("How much is in the queue is not shown: other tenants share it.")
    if task.status is Status.SCHEDULED and task.expires_at is not None:
        notes.append(f"It expires at {rfc3339(task.expires_at)} if it has not started by then.")
    return notes


def _wait_view(wait: Wait) -> dict[str, Any]:
    return {
        "kind": wait.reason.value,
        "what": wait.what,
        "limit": wait.limit,
        "used": wait.used,
        "since": rfc3339(wait.since),
        "until": rfc3339(wait.until),
        "remedy": wait.remedy,
    }


def _position_view(snapshot: Snapshot) -> dict[str, Any] | None:
    depth = snapshot.depth
    if depth is None or snapshot.task.status not in CLAIMABLE:
        return None
    ahead = depth.ahead(is_limited=any(limits.reached(snapshot)))
    return {"ahead_at_most": ahead, "hidden": depth.hidden, "delayed": depth.delayed}


def _estimate_view(found: Estimate | None) -> dict[str, Any] | None:
    if found is None:
        return None
    earliest, latest = rfc3339(found.earliest), rfc3339(found.latest)
    return {"of": found.of, "earliest": earliest, "latest": latest, "basis": found.basis}


def _end_view(end: End | None) -> dict[str, Any] | None:
    return {"why": end.why, "remedy": end.remedy, "result_sent": end.is_sent} if end else None


def _length(span: timedelta) -> str:
    for least, unit, name in (*_LONG, (timedelta(minutes=2), timedelta(minutes=1), "min")):
        if span >= least:
            return f"{span / unit:.0f} {name}"
    return f"{max(0.0, span.total_seconds()):.1f} s"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
