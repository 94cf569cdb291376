"""AWS Lambda as a target: a synchronous call and what its answers mean, or a start."""

import json
import math
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ParamValidationError,
)

from fairlane.answers import cut, raised, returned
from fairlane.aws.clients import error_code
from fairlane.domain.task import TaskError
from fairlane.ports.targets import Answer, Raised, Started, Starting, Throttled, Unknown

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

#: The dispatcher starts a call only when the timeout and 5 s more fit into its own life: less than that.
READ_MARGIN_S = 3
#: A client's read timeout is fixed, so there is one client for each timeout (whole s), the latest ones kept.
MOST_CLIENTS = 8

THROTTLES = {
    "TooManyRequestsException",
    "EC2ThrottledException",
    "ENILimitReachedException",
    "ResourceConflictException",  # the function is being updated
    "ResourceNotReadyException",
    "SnapStartNotReadyException",
    "ThrottlingException",
}
PERMANENT = {"RequestTooLargeException", "InvalidRequestContentException", "UnsupportedMediaTypeException"}
#: From this HTTP status on, AWS could not say whether the function ran.
SERVER_ERROR = 500

#: Where a place hides the class of a function's error (MiniStack), a message may carry it: `ClassName: text`.
HIDDEN_CLASS = "Runtime.HandlerError"
CLASS_AND_MESSAGE = re.compile(r"([A-Z]\w{0,127}): (.*)", re.DOTALL)


class LambdaTarget:
    """`Target` and `Starter` on Lambda: never retried by the SDK."""

    def __init__(self, client: "Callable[[int], LambdaClient]") -> None:
        """`client(read_timeout_s)` makes a client."""
        self._make = client
        self._lock = Lock()
        self._clients: OrderedDict[int, LambdaClient] = OrderedDict()

    def call(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta) -> Answer:
        """Call the function and wait, its timeout at most."""
        answer = self._invoked(target, event, timeout)
        return returned(answer) if isinstance(answer, bytes) else answer

    def _invoked(
        self, target: Mapping[str, Any], event: Mapping[str, Any], timeout: timedelta, **how: Any
    ) -> bytes | Answer:
        """The function's answer; an `Answer` where it failed or there was none."""
        client = self._client(timeout)
        request: Any = {"FunctionName": target["lambda"], "Payload": _payload(event), **how}
        if target.get("per_tenant"):  # AWS keeps an execution environment for each tenant
            request["TenantId"] = event["tenant"]
        try:
            answer = client.invoke(**request)
            body: bytes = answer["Payload"].read()
        except ClientError as error:
            return _refused(error)
        except ParamValidationError as error:  # this boto3 does not know TenantId
            return Raised(TaskError("UnknownTarget", cut(str(error))), permanent=True)
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            return Throttled(TaskError("Unreachable", cut(str(error))))  # nothing was sent
        except HTTPClientError as error:
            return Unknown(TaskError("NoAnswer", cut(str(error))))
        return _raised(body) if answer.get("FunctionError") else body

    def start(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta, name: str) -> Starting:
        """Hand the event over; AWS calls the function a moment later. The same attempt may come twice."""
        del name
        answer = self._invoked(target, event, timeout, InvocationType="Event")
        return Started() if isinstance(answer, bytes) else answer

    def execution(self, target: Mapping[str, Any], name: str) -> None:
        """Nothing that could be looked at."""

    def _client(self, timeout: timedelta) -> "LambdaClient":
        seconds = math.ceil(timeout.total_seconds())
        with self._lock:  # boto3's sessions do not make clients in two threads at once
            if seconds not in self._clients:
                self._clients[seconds] = self._make(seconds + READ_MARGIN_S)
                if len(self._clients) > MOST_CLIENTS:
                    self._clients.popitem(last=False)
            return self._clients[seconds]


def _payload(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()


def _refused(refusal: ClientError) -> Answer:
    code = error_code(refusal)
    error = TaskError(code or "ClientError", cut(str(refusal)))
    if code in THROTTLES:
        return Throttled(error)
    if refusal.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= SERVER_ERROR:
        return Unknown(error)
    return Raised(error, permanent=code in PERMANENT)


def _raised(body: bytes) -> Raised:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        return Raised(TaskError("FunctionError", cut(body.decode("utf-8", "replace"))))
    kind = str(payload.get("errorType") or "FunctionError")
    message = str(payload.get("errorMessage") or "")
    if "Task timed out after" in message:
        return Raised(TaskError("Timeout", cut(message)))
    found = CLASS_AND_MESSAGE.fullmatch(message)
    if found and (kind in (HIDDEN_CLASS, found[1])):
        kind, message = found[1], found[2]
    return raised(kind, message)
