"""Callbacks: whoever runs a deferred attempt ends it, or says that it is alive.

The token says which attempt. A callback of an attempt that is over is refused (409), save one that says again
what was said before: its first answer may have been lost.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from fairlane.answers import ERROR_TYPE_LIMIT, RESULT_LIMIT, cut
from fairlane.domain.deferral import next_look
from fairlane.domain.errors import FieldError, Refused
from fairlane.domain.task import UNDER_WAY, Status, Task, TaskError, Touch
from fairlane.domain.task_tokens import Grant, redeem
from fairlane.events import event_json
from fairlane.http import Request
from fairlane.ports.running import Clock
from fairlane.ports.targets import Raised, Returned
from fairlane.ports.tasks import TaskStore
from fairlane.results import shown
from fairlane.token_keys import TokenKeys
from fairlane.unheld import Unheld

#: Of a heartbeat's message so much is kept.
MESSAGE_CHARACTERS = 500
DEFAULT_ERROR_TYPE = "FunctionError"


@dataclass(frozen=True)
class Callbacks:
    """The use case."""

    tasks: TaskStore
    unheld: Unheld
    keys: TokenKeys
    now: Clock

    def complete(self, request: Request) -> dict[str, Any]:
        """The attempt has succeeded."""
        grant = self._grant(request)
        result = _result(_body(request, {"result"}).get("result"))

        def said_before(task: Task) -> bool:
            return task.status is Status.SUCCEEDED and task.result == result

        return self._end(grant, Returned(result), said_before)

    def fail(self, request: Request) -> dict[str, Any]:
        """The attempt has failed; the function's policy says what follows."""
        grant = self._grant(request)
        body = _body(request, {"error", "retryable"})
        raised = Raised(_error(body.get("error")), permanent=not _retryable(body.get("retryable", True)))

        def said_before(task: Task) -> bool:
            return task.status in (Status.FAILED, Status.RETRYING) and task.error == raised.error

        return self._end(grant, raised, said_before)

    def heartbeat(self, request: Request) -> dict[str, Any]:
        """The attempt is alive; whether it should stop."""
        grant = self._grant(request)
        body = _body(request, {"progress", "message"})
        progress, message = _progress(body.get("progress")), _message(body.get("message"))
        task = self._task(grant)
        if _is_under_way(grant, task):
            now = self.now()
            wanted_at = next_look(task, now) if task.status is Status.WAITING else None
            touch = Touch(now, progress=progress, message=message, wanted_at=wanted_at)
            written = self.tasks.touch(task, touch)
            if isinstance(written, Task):
                return {**shown(written), "cancel": False}
            task = self._found(grant, written.task)
        if task.status is Status.CANCELLED:
            return {**shown(task), "cancel": True}
        raise _over(task)

    def _end(self, grant: Grant, answer: Returned | Raised, said_before: Callable[[Task], bool]) -> dict[str, Any]:
        task = self._task(grant)
        if _is_under_way(grant, task):
            written = self.unheld.end(task, answer)
            if isinstance(written, Task):
                return shown(written)
            task = self.tasks.load_result(self._found(grant, written.task))
        if grant.is_for(task) and said_before(task):
            return shown(task)
        raise _over(task)

    def _grant(self, request: Request) -> Grant:
        """What the request's token is for. Raises Refused (401, 403)."""
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        grant = redeem(token.strip(), self.keys.find) if scheme.lower() == "bearer" else None
        if grant is None:
            detail = "Send `Authorization: Bearer TOKEN` with the `tasktoken` of the event."
            raise Refused("unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="fairlane task"'})
        if grant.task_id != request.params["id"]:
            raise Refused("forbidden", "The token is of another task.")
        return grant

    def _task(self, grant: Grant) -> Task:
        return self._found(grant, self.tasks.get(grant.tenant, grant.task_id))

    def _found(self, grant: Grant, task: Task | None) -> Task:
        if task is None or task.generation != grant.generation:
            raise Refused("not-found", f"There is no task {grant.task_id} any more.")
        return task


def _is_under_way(grant: Grant, task: Task) -> bool:
    return grant.is_for(task) and task.status in UNDER_WAY


def _over(task: Task) -> Refused:
    if task.status.is_end:
        return Refused("conflict", f"The task has ended as {task.status}.")
    return Refused("conflict", "This attempt is over: another one has begun, or will.")


def _body(request: Request, known: AbstractSet[str]) -> dict[str, Any]:
    body = request.json_object() if request.body.strip() else {}
    wrong = sorted(set(body) - known)
    if wrong:
        raise _wrong(wrong[0], f"is not known here; there are {', '.join(sorted(known))}")
    return body


def _result(value: Any) -> str:
    text = event_json(value)
    if len(text.encode()) > RESULT_LIMIT:
        detail = f"A result may have {RESULT_LIMIT} bytes; this one has {len(text.encode())}: send a reference instead."
        raise Refused("too-large", detail)
    return text


def _error(value: Any) -> TaskError:
    if not isinstance(value, dict):
        raise _wrong("error", "must be an object with type and message")
    kind, message = value.get("type", DEFAULT_ERROR_TYPE), value.get("message", "")
    if not isinstance(kind, str) or not 0 < len(kind) <= ERROR_TYPE_LIMIT:
        raise _wrong("error/type", f"must be a text of 1 to {ERROR_TYPE_LIMIT} characters")
    if not isinstance(message, str):
        raise _wrong("error/message", "must be a text")
    return TaskError(cut(kind), cut(message))


def _retryable(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong("retryable", "must be true or false")
    return value


def _progress(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise _wrong("progress", "must be a number from 0 to 1")
    return float(value)


def _message(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong("message", "must be a text")
    return cut(value)[:MESSAGE_CHARACTERS]


def _wrong(name: str, detail: str) -> Refused:
    return Refused("refused", f"{name} {detail}.", (FieldError(f"#/{name}", detail),))
