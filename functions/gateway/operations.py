"""Bulk operations: start one, show it, cancel it. The janitor runs them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from fairlane.domain.attention import Kind
from fairlane.domain.errors import FieldError, Refused, Unavailable
from fairlane.domain.names import OPERATION_ID, operation_id
from fairlane.domain.operation import Action, Filter, Operation, State, operation_view
from fairlane.domain.task import ENDS, Status
from fairlane.domain.times import EPOCH, from_ms, to_ms
from fairlane.events import event_time
from fairlane.http import Answer, Request
from fairlane.ports.operations import OperationStore
from fairlane.ports.running import Clock
from fairlane.waking import Wake, Waking
from gateway.manage import idempotency_key

FIELDS = ("status", "type", "lane", "source", "created_after", "created_before")
LONGEST_TEXT = 1_024
MOST_TRIES = 10
#: When the janitor looks by itself, should the message that wakes it get lost.
FIRST_LOOK = timedelta(seconds=30)


@dataclass(frozen=True)
class Operations:
    """The use case."""

    operations: OperationStore
    waking: Waking
    now: Clock

    def start(self, request: Request) -> Answer:
        """POST /v1/tasks/bulk. Raises Refused (400, 422)."""
        tenant, now = request.caller.tenant, self.now()
        action, wanted = bulk_request(request.json_object(), now)
        key = idempotency_key(request)
        operation = self.operations.create(Operation(tenant, operation_id(tenant, key), action, wanted, now))
        if operation.action is not action or _but_for_now(operation.filter) != _but_for_now(wanted):
            raise _wrong("#/headers/idempotency-key", "was used before for another operation: use a new one")
        self.waking(Wake(Kind.OPERATION, tenant, operation.id))
        return Answer(202, operation_view(operation), {"Location": f"/v1/operations/{operation.id}"})

    def show(self, request: Request) -> Answer:
        """GET /v1/operations/{id}. Raises Refused (404)."""
        return Answer(200, operation_view(self._operation(request)))

    def cancel(self, request: Request) -> Answer:
        """POST /v1/operations/{id}/cancel: what it has done stays done. Raises Refused (404, 409)."""
        for _ in range(MOST_TRIES):
            operation = self._operation(request)
            if operation.state is not State.RUNNING:
                raise Refused("conflict", f"The operation has ended as {operation.state}.")
            now = self.now()
            ended = replace(operation, state=State.CANCELLED, ended_at=now)
            if self.operations.save(ended, again_at=now):
                return Answer(200, operation_view(ended))
        raise Unavailable("The operation is busy: repeat the request.")

    def _operation(self, request: Request) -> Operation:
        name = request.params["id"]
        found = self.operations.get(request.caller.tenant, name) if OPERATION_ID.fullmatch(name) else None
        if found is None:
            raise Refused("not-found", f"There is no operation {name[:64]}.")
        return found


def bulk_request(body: Mapping[str, Any], now: datetime) -> tuple[Action, Filter]:
    """What is asked for. Raises Refused (422) that names the wrong field."""
    for name in body:
        if name not in ("action", "filter"):
            raise _wrong(f"#/{name}"[:100], "is not a field here; there are action and filter")
    if body.get("action") not in list(Action):
        raise _wrong("#/action", "must be cancel or redo")
    action, said = Action(body["action"]), body.get("filter")
    if not isinstance(said, dict):
        raise _wrong("#/filter", f"must be an object with any of {', '.join(FIELDS)}")
    for name, value in said.items():
        if name not in FIELDS:
            raise _wrong(f"#/filter/{name}"[:100], f"is not a field of a filter; there are {', '.join(FIELDS)}")
        if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
            raise _wrong(f"#/filter/{name}", "must be a text that is not empty")
    before = _time(said, "created_before")
    return action, Filter(
        created_before=min(before, now) if before else now,
        created_after=_time(said, "created_after"),
        status=_status(said.get("status"), action),
        type=said.get("type"),
        lane=said.get("lane"),
        source=said.get("source"),
    )


def _status(text: str | None, action: Action) -> Status | None:
    possible = ENDS if action is Action.REDO else set(Status) - ENDS
    if text is not None and text not in possible:
        raise _wrong("#/filter/status", f"must be one of {', '.join(sorted(possible))} to {action}")
    return Status(text) if text is not None else None


def _time(said: Mapping[str, str], name: str) -> datetime | None:
    if name not in said:
        return None
    try:
        return from_ms(to_ms(event_time(said[name])))
    except ValueError as error:
        raise _wrong(f"#/filter/{name}", str(error)) from error


def _but_for_now(wanted: Filter) -> Filter:
    """Without what was frozen when the operation started."""
    return replace(wanted, created_before=EPOCH)


def _wrong(pointer: str, detail: str) -> Refused:
    return Refused("refused", f"{pointer} {detail}.", (FieldError(pointer, detail),))
