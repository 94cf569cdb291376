"""How tasks look: in a list, alone, and as one line of a stream."""

from datetime import datetime
from typing import get_args

from rich.text import Text

from fairlane_cli.output import STATUS_STYLES, Columns, Output, plain, table
from fairlane_client.models import Task, TaskStatus

_LONG_S = 120


def _rough(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def _seconds(start: str | None, end: str | None) -> str | None:
    if start is None or end is None:
        return None
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    return f"{seconds:.1f} s" if seconds < _LONG_S else _rough(seconds)


def _error(task: Task) -> str | None:
    return f"{task['error']['type']}: {task['error']['message']}" if task["error"] else None


def _attempt(task: Task) -> str:
    return f"{task['attempt']}/{task['max_attempts']}"


def _waited(task: Task) -> str | None:
    return _seconds(task["created_at"], task["started_at"])


def _ran(task: Task) -> str | None:
    return _seconds(task["started_at"], task["ended_at"])


#: For pipes, and for what scripts cut out of them.
COLUMNS: Columns = {
    "id": lambda task: task["id"],
    "type": lambda task: task["type"],
    "status": lambda task: task["status"],
    "attempt": _attempt,
    "created": lambda task: task["created_at"],
    "waited": _waited,
    "ran": _ran,
    "error": _error,
}


def columns_for_people(now: datetime) -> Columns:
    """Narrow enough for 80 characters."""
    return {
        "id": lambda task: task["id"],
        "type": lambda task: task["type"],
        "status": lambda task: task["status"],
        "try": _attempt,
        "age": lambda task: _rough((now - datetime.fromisoformat(task["created_at"])).total_seconds()),
        "waited": lambda task: _waited(task) or "",
        "ran": lambda task: _ran(task) or "",
        "error": lambda task: _error(task) or "",
    }


_TIMELINE: Columns = {
    "at": lambda moment: moment["at"],
    "status": lambda moment: moment["status"],
    "attempt": lambda moment: moment["attempt"],
    "detail": lambda moment: moment["detail"] or None,
}


def print_task(output: Output, task: Task) -> None:
    """One task with its timeline."""
    if not output.for_people:
        output.document(task)
        return
    output.document({name: value for name, value in task.items() if name != "timeline" and value is not None})
    output.console.print()
    output.console.print(table(task["timeline"], _TIMELINE))


def change_line(task: Task) -> tuple[object, ...]:
    """What has just happened to a task: when, which, what."""
    at = task["timeline"][-1]["at"] if task["timeline"] else task["created_at"]
    return at, task["id"], task["type"], task["status"], _attempt(task), _error(task) or ""


def counts(tasks: list[Task]) -> Text:
    """How many are in which status."""
    text = Text()
    for status in get_args(TaskStatus):
        number = sum(task["status"] == status for task in tasks)
        if number:
            text.append(f"{plain(number)} {status}  ", style=STATUS_STYLES[status])
    return text
