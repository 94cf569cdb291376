"""AWS Step Functions: starting, looking at and stopping executions of tenants' state machines.

The execution's name is derived from the attempt, and its input is the event: a start that is repeated finds the
execution that is there (AWS answers the same for the same name and input while it runs).
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Lock
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from fairlane.answers import ERROR_TYPE_LIMIT, cut, returned
from fairlane.aws.clients import error_code
from fairlane.domain.task import TaskError
from fairlane.events import event_json
from fairlane.ports.targets import Raised, Returned, Running, Started, Starting, Throttled, Unknown

THROTTLES = {"ThrottlingException", "ExecutionLimitExceeded", "TooManyRequestsException"}
PERMANENT = {"InvalidExecutionInput", "InvalidArn", "ValidationException", "StateMachineDeleting"}
SERVER_ERROR = 500
#: Ends of an execution without an output, and the error that stands for each.
ENDS = {"FAILED": "ExecutionFailed", "TIMED_OUT": "Timeout", "ABORTED": "ExecutionAborted"}


class StepFunctions:
    """`Starter` for state machines, and `Executions`."""

    def __init__(self, client: Callable[[], Any]) -> None:
        """`client` makes one, when it is first needed. It may repeat calls: every one here is idempotent."""
        self._make = client
        self._making = Lock()
        self._made: Any = None
        self._logger = Logger(child=True)

    @property
    def _client(self) -> Any:
        with self._making:  # boto3's sessions do not make clients in two threads at once
            self._made = self._made or self._make()
            return self._made

    def execution(self, target: Mapping[str, Any], name: str) -> str | None:
        """The ARN of the execution of that name."""
        machine: str = target["state_machine"]
        prefix, _, rest = machine.partition(":stateMachine:")
        return f"{prefix}:execution:{rest.partition(':')[0]}:{name}"

    def start(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta, name: str) -> Starting:
        """Start the execution, or find that it was started."""
        del timeout  # the client has its own
        try:
            self._client.start_execution(
                stateMachineArn=target["state_machine"], name=name, input=event_json(dict(event))
            )
        except ClientError as error:
            return _refused(error)
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            return Throttled(TaskError("Unreachable", cut(str(error))))  # nothing was sent
        except BotoCoreError as error:
            return Unknown(TaskError("NoAnswer", cut(str(error))))
        return Started()

    def look(self, execution: str) -> Returned | Raised | Running | None:
        """What it came to; Running while it does, None where there is none or AWS does not say."""
        found = self._describe(execution)
        if found is None:
            return None
        if found["status"] == "SUCCEEDED":
            return returned(found.get("output", "").encode())
        if found["status"] in ENDS:
            kind = cut(found.get("error") or ENDS[found["status"]])[:ERROR_TYPE_LIMIT]
            return Raised(TaskError(kind, cut(found.get("cause") or f"the execution ended as {found['status']}")))
        return Running()

    def input(self, execution: str) -> str | None:
        """The event that it was started with."""
        found = self._describe(execution)
        return found.get("input") if found else None

    def kind(self, arn: str) -> str | None:
        """STANDARD or EXPRESS; None where there is none, or it may not be seen."""
        try:
            return str(self._client.describe_state_machine(stateMachineArn=arn)["type"])
        except ClientError as error:
            if error_code(error) in ("StateMachineDoesNotExist", "AccessDeniedException", "InvalidArn"):
                return None
            raise

    def stop(self, execution: str) -> None:
        """Stop it, where it runs. Best effort: one that runs on is told by its heartbeats, or ends unheard."""
        try:
            self._client.stop_execution(executionArn=execution, cause="Fairlane: the attempt is over")
        except (ClientError, BotoCoreError):
            self._logger.exception("not stopped", extra={"action": "stop_failed", "execution": execution})

    def _describe(self, execution: str) -> Any:
        try:
            return self._client.describe_execution(executionArn=execution)
        except ClientError as error:
            if error_code(error) != "ExecutionDoesNotExist":
                self._logger.exception("not described", extra={"action": "look_failed", "execution": execution})
            return None


def _refused(refusal: ClientError) -> Starting:
    code = error_code(refusal)
    if code == "ExecutionAlreadyExists":  # the same name with an end, or another input: it was started before
        return Started()
    error = TaskError(code or "ClientError", cut(str(refusal)))
    if code in THROTTLES:
        return Throttled(error)
    if refusal.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= SERVER_ERROR:
        return Unknown(error)
    return Raised(error, permanent=code in PERMANENT)
