"""Going through all pages, and waiting for something to happen, by asking again."""

import math
from collections.abc import Callable
from typing import TypeVar

from fairlane_client import calls
from fairlane_client.call import Call
from fairlane_client.errors import WaitTimeoutError
from fairlane_client.flow import Emit, Flow, Pacing, Pause
from fairlane_client.models import ENDS, Operation, Page, Task, Tenant
from fairlane_client.retrying import perform

Item = TypeVar("Item")
Document = TypeVar("Document")

#: Pauses between two looks: short at first, for most tasks are.
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
_GROWTH = 1.5


def every_page(pacing: Pacing, page: Callable[[str | None], Call[Page[Item]]]) -> Flow[None]:
    """Emit the items of all pages. Asks for a page only when the one before has been gone through."""
    cursor: str | None = None
    while True:
        found = yield from perform(pacing, page(cursor))
        for item in found["items"]:
            yield Emit(item)
        cursor = found["cursor"]
        if cursor is None:
            return


def wait_for_task(pacing: Pacing, task_id: str, *, timeout_s: float | None = None) -> Flow[Task]:
    """The task once it has ended, in whichever way. Raises WaitTimeoutError."""
    call = calls.get_task(task_id)
    return (yield from _until(pacing, call, lambda task: task["status"] in ENDS, f"task {task_id}", timeout_s))


def wait_for_operation(pacing: Pacing, operation_id: str, *, timeout_s: float | None = None) -> Flow[Operation]:
    """The bulk operation once it runs no more. Raises WaitTimeoutError."""
    call = calls.get_operation(operation_id)
    what = f"operation {operation_id}"
    return (yield from _until(pacing, call, lambda found: found["status"] != "running", what, timeout_s))


def wait_for_tenant(pacing: Pacing, tenant: str, *, timeout_s: float | None = 300.0) -> Flow[Tenant]:
    """The tenant once it is no longer being provisioned. Raises WaitTimeoutError."""
    call = calls.get_tenant(tenant)
    what = f"provisioning tenant {tenant}"
    return (yield from _until(pacing, call, lambda found: found["status"] != "provisioning", what, timeout_s))


def _until(
    pacing: Pacing, call: Call[Document], is_over: Callable[[Document], bool], what: str, timeout_s: float | None
) -> Flow[Document]:
    started = pacing.clock()
    pause_s = FIRST_PAUSE_S
    while True:
        document = yield from perform(pacing, call)
        if is_over(document):
            return document
        left_s = math.inf if timeout_s is None else timeout_s - (pacing.clock() - started)
        if left_s <= 0:
            raise WaitTimeoutError(what, timeout_s or 0.0, document)
        yield Pause(min(pause_s, left_s))
        pause_s = min(LONGEST_PAUSE_S, pause_s * _GROWTH)
