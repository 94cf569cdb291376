"""Managing single tasks: cancel one, redo one."""

import re
import secrets
from dataclasses import dataclass
from typing import Any

from fairlane.cancelling import Cancel
from fairlane.domain.errors import FieldError, Refused
from fairlane.domain.names import TASK_ID
from fairlane.domain.task import Task
from fairlane.http import Answer, Request
from fairlane.ports.tasks import TaskStore
from fairlane.redoing import Redo
from fairlane.results import shown

_KEY = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,254}")


@dataclass(frozen=True)
class ManageTasks:
    """The use case."""

    tasks: TaskStore
    cancel: Cancel
    redo: Redo

    def cancel_one(self, request: Request) -> Answer:
        """POST /v1/tasks/{id}/cancel. Raises Refused (404, 409)."""
        return Answer(200, shown(self.cancel(self._task(request))))

    def redo_one(self, request: Request) -> Answer:
        """POST /v1/tasks/{id}/redo. Raises Refused (404, 409, 422)."""
        redone = self.redo(self._task(request), idempotency_key(request))
        body: dict[str, Any] = {
            "id": redone.task.id,
            "status": redone.task.status.value,
            "duplicate": redone.duplicate,
            "redo_of": redone.task.redo_of,
        }
        return Answer(202, body, {"Location": f"/v1/tasks/{redone.task.id}"})

    def _task(self, request: Request) -> Task:
        task_id = request.params["id"]
        task = self.tasks.get(request.caller.tenant, task_id) if TASK_ID.fullmatch(task_id) else None
        if task is None:
            raise Refused("not-found", f"There is no task {task_id[:64]}.")
        return task


def idempotency_key(request: Request) -> str:
    """The request's `Idempotency-Key`, or a random one. Raises Refused (400)."""
    given = request.header("idempotency-key")
    if given is None:
        return secrets.token_hex(16)
    if not _KEY.fullmatch(given):
        detail = "must be 1 to 255 printable ASCII characters"
        raise Refused("malformed", f"Idempotency-Key {detail}.", (FieldError("#/headers/idempotency-key", detail),))
    return given
