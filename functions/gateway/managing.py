"""What is asked besides submitting and reading tasks: one entry for each such action of `routes.ROUTES`."""

from collections.abc import Mapping
from dataclasses import dataclass

from fairlane.http import Action, Answer
from gateway.callbacks import Callbacks
from gateway.explain import ExplainTask
from gateway.manage import ManageTasks
from gateway.operations import Operations
from gateway.usage import ShowUsage


@dataclass(frozen=True)
class Managing:
    """The gateway's rarer actions."""

    usage: ShowUsage
    explain: ExplainTask
    manage: ManageTasks
    operations: Operations
    callbacks: Callbacks

    def table(self) -> Mapping[str, Action]:
        """By the names of the routes."""
        return {
            "show_usage": lambda request: Answer(200, self.usage(request.caller.tenant)),
            "explain_task": lambda request: Answer(200, self.explain(request.caller.tenant, request.params["id"])),
            "cancel_task": self.manage.cancel_one,
            "redo_task": self.manage.redo_one,
            "start_operation": self.operations.start,
            "show_operation": self.operations.show,
            "cancel_operation": self.operations.cancel,
            "complete_task": lambda request: Answer(200, self.callbacks.complete(request)),
            "fail_task": lambda request: Answer(200, self.callbacks.fail(request)),
            "heartbeat_task": lambda request: Answer(200, self.callbacks.heartbeat(request)),
        }
