"""Reading tasks: one, or a page of them."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fairlane.domain.errors import FieldError, Refused
from fairlane.domain.names import TASK_ID
from fairlane.domain.task import Status, Task
from fairlane.events import event_time
from fairlane.ports.tasks import TaskQuery, TaskStore
from fairlane.results import shown

LIMITS = range(1, 101)
DEFAULT_LIMIT = 20
PARAMETERS = frozenset(
    {"status", "type", "lane", "source", "created_after", "created_before", "order", "limit", "cursor"}
)
#: `order`: by creation time.
ORDERS = {"desc": True, "asc": False}
#: Lambda answers with 6 MB at most.
LARGEST_PAGE_BYTES = 3_000_000
#: A cursor holds the time key of the last task of the page before.
_TIME_KEY = re.compile(rf"[0-9]{{8}}T[0-9]{{9}}#{TASK_ID.pattern}")
_LONGEST_CURSOR = 200


@dataclass(frozen=True)
class ReadTasks:
    """The use case."""

    tasks: TaskStore

    def find(self, tenant: str, task_id: str) -> Task:
        """The task. Raises Refused (404), the same for another tenant's."""
        task = self.tasks.get(tenant, task_id) if TASK_ID.fullmatch(task_id) else None
        if task is None:
            raise Refused("not-found", f"There is no task {task_id[:64]}.")
        return task

    def one(self, tenant: str, task_id: str) -> dict[str, Any]:
        """The task as the API shows it. Raises Refused (404)."""
        return shown(self.find(tenant, task_id))

    def page(self, tenant: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """`{"items", "cursor"}`. Raises Refused (400) for a wrong parameter."""
        page = self.tasks.page(tenant, task_query(parameters))
        items: list[dict[str, Any]] = []
        size, last = 0, ""
        for task in page.tasks:
            task = self.tasks.load_result(task)  # noqa: PLW2901 - the same task, complete
            size += len(task.result or "")
            if items and size > LARGEST_PAGE_BYTES:  # the rest is the next page
                return {"items": items, "cursor": _cursor(last)}
            last = task.time_key
            items.append(shown(task))
        return {"items": items, "cursor": None if page.next_after is None else _cursor(page.next_after)}


def task_query(parameters: Mapping[str, str]) -> TaskQuery:
    """The list request of a query string. Raises Refused (400)."""
    unknown = sorted(set(parameters) - PARAMETERS)
    if unknown:
        raise _wrong(unknown[0], f"is not a parameter here; there are {', '.join(sorted(PARAMETERS))}")
    status = parameters.get("status")
    if status is not None and status not in set(Status):
        raise _wrong("status", f"must be one of {', '.join(Status)}")
    order = parameters.get("order", "desc")
    if order not in ORDERS:
        raise _wrong("order", "must be desc (newest first) or asc")
    return TaskQuery(
        limit=_limit(parameters.get("limit")),
        newest_first=ORDERS[order],
        after=_after(parameters.get("cursor")),
        created_after=_time(parameters, "created_after"),
        created_before=_time(parameters, "created_before"),
        status=status,
        type=parameters.get("type"),
        lane=parameters.get("lane"),
        source=parameters.get("source"),
    )


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) in LIMITS):  # noqa: PLR2004
        raise _wrong("limit", f"must be {LIMITS.start} to {LIMITS.stop - 1}")
    return int(text)


def _time(parameters: Mapping[str, str], name: str) -> datetime | None:
    text = parameters.get(name)
    if text is None:
        return None
    try:
        return event_time(text.replace(" ", "+"))  # an unescaped + of an offset arrives as a space
    except ValueError as error:
        raise _wrong(name, str(error)) from error


def _cursor(after: str) -> str:
    return urlsafe_b64encode(json.dumps(after).encode()).decode().rstrip("=")


def _after(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        after = json.loads(urlsafe_b64decode(cursor[:_LONGEST_CURSOR] + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        after = None
    if not isinstance(after, str) or not _TIME_KEY.fullmatch(after):
        raise _wrong("cursor", "must be the cursor of the page before, unchanged")
    return after


def _wrong(name: str, detail: str) -> Refused:
    return Refused("malformed", f"{name} {detail}.", (FieldError(f"#/query/{name}", detail),))
