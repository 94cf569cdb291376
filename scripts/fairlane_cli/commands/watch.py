"""Watching tasks: the same looks for a live table on a terminal and for lines into a pipe."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.live import Live

from fairlane_cli.commands.task_view import change_line, columns_for_people, counts
from fairlane_cli.output import Columns, table
from fairlane_cli.session import Session
from fairlane_client import Client
from fairlane_client.models import ENDS, Task, TaskFilter


@dataclass
class TaskSource:
    """The tasks to watch: certain ones, or the newest that match."""

    client: Client
    ids: Sequence[str]
    filters: TaskFilter
    limit: int

    def __post_init__(self) -> None:
        self._ended: dict[str, Task] = {}

    def look(self) -> list[Task]:
        if not self.ids:
            return self.client.task_page(limit=self.limit, **self.filters)["items"]
        return [self._ended.get(task_id) or self._get(task_id) for task_id in self.ids]

    def _get(self, task_id: str) -> Task:
        """An ended task never changes its status, so it is not asked for again."""
        task = self.client.get_task(task_id)
        if task["status"] in ENDS:
            self._ended[task_id] = task
        return task


def watch_tasks(session: Session, source: TaskSource, *, interval_s: float, until_idle: bool) -> list[Task]:
    """Show the tasks until all have ended (`until_idle`), or for ever. The tasks as they were last seen."""
    output = session.output
    if not output.for_people:
        return _follow(session, source, _Changes(session).show, interval_s, until_idle=until_idle)
    with Live(console=output.console, auto_refresh=False, transient=False) as live:

        def show(tasks: list[Task]) -> None:
            live.update(_screen(tasks, columns_for_people(session.wiring.now())), refresh=True)

        return _follow(session, source, show, interval_s, until_idle=until_idle)


def _follow(
    session: Session,
    source: TaskSource,
    show: Callable[[list[Task]], None],
    interval_s: float,
    *,
    until_idle: bool,
) -> list[Task]:
    while True:
        tasks = source.look()
        show(tasks)
        if until_idle and all(task["status"] in ENDS for task in tasks):
            return tasks
        session.wiring.sleep(interval_s)


class _Changes:
    """Prints a line for each task that looks different from the last time."""

    def __init__(self, session: Session) -> None:
        self._output = session.output
        self._seen: dict[str, tuple[str, int]] = {}

    def show(self, tasks: list[Task]) -> None:
        for task in reversed(tasks):
            state = (task["status"], task["attempt"])
            if self._seen.get(task["id"]) == state:
                continue
            self._seen[task["id"]] = state
            if self._output.as_json:
                self._output.json_line(task)
            else:
                self._output.line(*change_line(task))


def _screen(tasks: list[Task], columns: Columns) -> RenderableType:
    if not tasks:
        return "No tasks yet. Ctrl-C ends this."
    return Group(counts(tasks), table(tasks, columns))
