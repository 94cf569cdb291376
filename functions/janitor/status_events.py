"""Status events of Step Functions: what an execution that runs an attempt came to.

Which attempt it was stands in the execution's input, in the task token; its signature is what counts, since
anybody who may start executions could name one as ours are named.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from fairlane.domain.task import UNDER_WAY, Task
from fairlane.domain.task_tokens import Grant, redeem
from fairlane.ports.targets import Executions, Raised, Returned
from fairlane.ports.tasks import TaskStore
from fairlane.token_keys import TokenKeys
from fairlane.unheld import Unheld

DETAIL_TYPE = "Step Functions Execution Status Change"


@dataclass(frozen=True)
class StatusEvents:
    """The use case."""

    tasks: TaskStore
    unheld: Unheld
    executions: Executions
    keys: TokenKeys
    logger: Logger

    def __call__(self, detail: Mapping[str, Any]) -> str:
        """Commit what the execution came to; what has become of it, for logs. May be repeated."""
        execution = str(detail.get("executionArn"))
        text = detail.get("input") or self.executions.input(execution)
        grant = self._grant(text)
        done = self._end(grant, execution) if grant else "no execution of ours"
        about = {"tenant": grant.tenant, "task": grant.task_id} if grant else {}
        self.logger.info("execution", extra={"action": "execution_ended", "outcome": done, **about})
        return done

    def _end(self, grant: Grant, execution: str) -> str:
        task = self.tasks.get(grant.tenant, grant.task_id)
        if task is None or not grant.is_for(task) or task.status not in UNDER_WAY or task.execution != execution:
            return "the attempt is over"
        answer = self.executions.look(execution)
        if not isinstance(answer, Returned | Raised):
            return "it runs still"
        written = self.unheld.end(task, answer)
        return written.status.value if isinstance(written, Task) else "the attempt is over"

    def _grant(self, text: str | None) -> Grant | None:
        try:
            event = json.loads(text or "null")
        except (ValueError, RecursionError):
            return None
        token = event.get("tasktoken") if isinstance(event, dict) else None
        return redeem(token, self.keys.find) if isinstance(token, str) else None
