"""Functions: paused, failing, throttled, dying; and tasks that expired. Judged by the newest tasks."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fairlane_cli.doctor.chart import MOST_TASKS, Chart
from fairlane_cli.doctor.findings import Finding, Level, many
from fairlane_client.models import Task

#: So many failures, and such a share of what has ended, are worth a warning; a problem from half on.
FEW_FAILURES = 3
SOME, HALF = 0.1, 0.5


def examine(chart: Chart) -> Iterator[Finding]:
    """All functions that there are or that recent tasks were for."""
    for function in chart.functions:
        yield from _paused(function)
    by_type: defaultdict[str, list[Task]] = defaultdict(list)
    for task in chart.tasks:
        by_type[task["type"]].append(task)
    for name, tasks in sorted(by_type.items()):
        yield from _one(name, tasks)
    if len(chart.tasks) >= MOST_TASKS:
        yield Finding(Level.NOTE, "tasks", f"only the newest {MOST_TASKS} were looked at")


def _paused(function: Mapping[str, Any]) -> Iterator[Finding]:
    if function.get("paused"):
        name = function["type"]
        remedy = f"fairlane functions resume {name}"
        yield Finding(Level.WARNING, f"function {name}", "it is paused", remedy, function.get("paused_at"))


def _one(name: str, tasks: Sequence[Task]) -> Iterator[Finding]:
    about = f"function {name}"
    failed = [task for task in tasks if task["status"] == "failed"]
    lost = [task for task in failed if _error_type(task) == "lost"]
    if lost:
        what = f"{many(len(lost), 'task')} failed since the process that ran them died, such as {lost[0]['id']}"
        yield Finding(Level.PROBLEM, about, what, "look for timeouts or lack of memory in the function's log")
    others = [task for task in failed if _error_type(task) != "lost"]
    ended = sum(task["ended_at"] is not None for task in tasks)
    if len(others) >= FEW_FAILURES and len(others) >= SOME * ended:
        yield _failing(about, others, ended)
    throttled = [task for task in tasks if task["status"] == "retrying" and _last_detail(task).startswith("throttled")]
    if throttled:
        what = f"its target refuses calls for lack of capacity: {many(len(throttled), 'task')} wait to try again"
        remedy = f"give it more, or fairlane functions put {name} --concurrency N with what it has"
        yield Finding(Level.WARNING, about, what, remedy)
    expired = [task for task in tasks if task["status"] == "expired"]
    if expired:
        what = f"{many(len(expired), 'task')} expired before a start, such as {expired[0]['id']}"
        yield Finding(Level.WARNING, about, what, "a later expirytime, or more room in the lane: fairlane usage")


def _failing(about: str, failed: Sequence[Task], ended: int) -> Finding:
    ((kind, count),) = Counter(_error_type(task) for task in failed).most_common(1)
    example = next(task for task in failed if _error_type(task) == kind)
    message = example["error"]["message"] if example["error"] else ""
    what = f"{len(failed)} of the last {many(ended, 'task')} failed, {count} of them with {kind}: {message}"
    level = Level.PROBLEM if len(failed) >= HALF * ended else Level.WARNING
    return Finding(level, about, what, f"fairlane explain {example['id']}")


def _error_type(task: Task) -> str:
    return task["error"]["type"] if task["error"] else "an unknown error"


def _last_detail(task: Task) -> str:
    return task["timeline"][-1]["detail"] if task["timeline"] else ""
