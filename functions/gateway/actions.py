"""From HTTP requests to use cases and back: one method for each action of `routes.ROUTES`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fairlane.domain.errors import Refused, problem_document
from fairlane.events import parse_submission
from fairlane.http import Action, Answer, Request
from gateway.submit import Submit, Submitted
from gateway.tasks import ReadTasks

OPENAPI = Path(__file__).with_name("openapi.json")
#: Actions of `gateway.managing`.
MANAGED = (
    *("show_usage", "explain_task", "cancel_task", "redo_task", "start_operation", "show_operation"),
    *("cancel_operation", "complete_task", "fail_task", "heartbeat_task"),
)


@dataclass(frozen=True)
class Actions:
    """The gateway's actions."""

    submit: Submit
    read: ReadTasks
    #: Makes the table of the rarer actions when the first of them is asked for.
    managing: Callable[[], Mapping[str, Action]]
    #: Called for each refused event of a batch; a whole refused request is counted by the service.
    count_refusal: Callable[[Refused], None]

    def table(self) -> Mapping[str, Action]:
        """By the names of the routes."""
        return {
            "submit": self.submit_tasks,
            "list_tasks": lambda request: Answer(200, self.read.page(request.caller.tenant, request.query)),
            "show_task": lambda request: Answer(200, self.read.one(request.caller.tenant, request.params["id"])),
            **{name: self._managed(name) for name in MANAGED},
            "health": lambda _: Answer(200, {"status": "ok"}),
            "openapi": lambda _: Answer(200, json.loads(OPENAPI.read_bytes())),
        }

    def _managed(self, name: str) -> Action:
        def act(request: Request) -> Answer:
            return self.managing()[name](request)

        return act

    def submit_tasks(self, request: Request) -> Answer:
        """POST /v1/tasks, in the three content modes."""
        submission = parse_submission(request.headers, request.body)
        submitted = self.submit(request.caller.tenant, submission.events)
        if submission.mode == "batched":
            return self._batch(submitted)
        (answer,) = submitted.answers
        if isinstance(answer, Refused):
            raise answer
        if answer.duplicate:
            return Answer(200, asdict(answer), submitted.fields)
        return Answer(202, asdict(answer), {"Location": f"/v1/tasks/{answer.id}", **submitted.fields})

    def _batch(self, submitted: Submitted) -> Answer:
        items: list[dict[str, Any]] = []
        headers = dict(submitted.fields)
        for answer in submitted.answers:
            if isinstance(answer, Refused):
                self.count_refusal(answer)
                headers |= answer.headers if answer.reason else {}
                items.append({"error": problem_document(answer)})
            else:
                items.append(asdict(answer))
        refused = any("error" in item for item in items)
        return Answer(207 if refused else 200, {"items": items}, headers)
