"""Times of deferred attempts: how long a start may take, when somebody looks after one, why one is over."""

from datetime import datetime, timedelta

from fairlane.domain.task import Task, TaskError

#: A start is an answer of seconds: "I have it".
START_TIMEOUT = timedelta(seconds=20)
#: A start that was not confirmed by then is repeated. Covers the start and skewed clocks.
START_LEASE = timedelta(seconds=45)
#: The status event of an execution may be lost: so often somebody looks at one that runs.
LOOK = timedelta(hours=1)


def looked_after_at(
    now: datetime, deadline: datetime, *, heartbeat: timedelta | None, execution: str | None
) -> datetime:
    """When the janitor is to look after an attempt of which something was heard now."""
    if heartbeat is not None:
        return min(deadline, now + heartbeat)
    return min(deadline, now + LOOK) if execution is not None else deadline


def next_look(task: Task, now: datetime) -> datetime | None:
    """The same for a waiting task. None: it has no deadline, so it is not waiting."""
    if task.lease_until is None:
        return None
    return looked_after_at(now, task.lease_until, heartbeat=task.heartbeat, execution=task.execution)


def runs_on(task: Task, now: datetime) -> bool:
    """Whether an attempt that is looked after may go on unheard: only its execution was to be looked at."""
    in_time = task.lease_until is not None and task.lease_until > now
    return in_time and task.heartbeat is None


def why_over(task: Task, now: datetime) -> TaskError:
    """The error of an attempt that nobody has ended in time."""
    if task.lease_until is not None and task.lease_until > now:
        return TaskError("HeartbeatTimeout", "no heartbeat came in time")
    return TaskError("Timeout", "no callback came before the deadline")
