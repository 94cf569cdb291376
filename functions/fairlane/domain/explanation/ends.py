"""Why an ended task ended, and what can be done about it."""

from dataclasses import dataclass

from fairlane.domain.attention import Kind
from fairlane.domain.explanation.snapshot import Snapshot
from fairlane.domain.task import Status, Task
from fairlane.domain.times import rfc3339


@dataclass(frozen=True)
class End:
    """Told in words; `remedy` is None where nothing is wrong."""

    why: str
    remedy: str | None = None
    #: Whether its result has been sent on its way, as far as is known.
    is_sent: bool = True


def end_of(snapshot: Snapshot) -> End:
    """Of an ended task."""
    why, remedy = _told(snapshot)
    noted = snapshot.task.attention
    return End(why, remedy, is_sent=noted is None or noted.kind is not Kind.UNSENT)


def _told(snapshot: Snapshot) -> tuple[str, str | None]:
    task = snapshot.task
    detail = snapshot.last.detail if snapshot.last else ""
    if task.status is Status.SUCCEEDED:
        return f"it succeeded on attempt {task.attempt} of {task.max_attempts}", None
    if task.status is Status.EXPIRED:
        remedy = "submit it again with a later expirytime, or give its lane more room (see GET /v1/lanes)"
        return f"it was not started before its expirytime ({rfc3339(task.expires_at)})", remedy
    if task.status is Status.CANCELLED:
        return f"it was cancelled{f' ({detail})' if detail not in ('', 'cancelled') else ''}", None
    return _failed(task, detail)


def _failed(task: Task, detail: str) -> tuple[str, str]:
    error = f"{task.error.type}: {task.error.message}" if task.error else "an error that was not recorded"
    redo = f"POST /v1/tasks/{task.id}/redo runs it again"
    if task.error is not None and task.error.type == "lost":
        lost = f"the process that ran attempt {task.attempt} of {task.max_attempts} died, and no attempt is left"
        return lost, f"look for timeouts or lack of memory in the function's log; {redo}"
    if detail == "no function":
        return f"the function of {task.type} was deleted before it ran", f"PUT /v1/functions/{task.type}, then {redo}"
    if detail == "not retryable":
        why = f"attempt {task.attempt} failed with an error that is not retried ({error})"
        return why, f"correct the event or retry.non_retryable of {task.type}; {redo}"
    if detail == "out of attempts":
        every = (
            f"all {task.max_attempts} attempts failed, the last one"
            if task.max_attempts > 1
            else "its only attempt failed"
        )
        why = f"{every} with {error}"
        return why, f"correct the function, or raise retry.max_attempts of {task.type}; {redo}"
    return f"attempt {task.attempt} of {task.max_attempts} failed with {error}", redo
