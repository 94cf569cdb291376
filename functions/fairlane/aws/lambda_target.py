"""AWS Lambda as a target: a synchronous call and what its answers mean."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from math import isinf
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
)

from fairlane.aws.clients import error_code
from fairlane.domain.task import TaskError
from fairlane.http import MAX_DEPTH, deeper_than
from fairlane.ports import Answer, Raised, Returned, Throttled, Unknown

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

#: A client's read timeout is fixed, so there is one client for each of these (s).
READ_TIMEOUTS_S = (15, 60, 300, 900)
READ_MARGIN_S = 3
#: A result event has to fit into an EventBridge entry of 256 KB with the task around it.
RESULT_LIMIT = 200_000
MESSAGE_LIMIT = 1_000

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
#: AWS could not say whether the function ran.
UNKNOWN = {"ServiceException", "InternalServerError", "500", "502", "504"}

#: Where a place hides the class of a function's error (MiniStack), a message may carry it: `ClassName: text`.
HIDDEN_CLASS = "Runtime.HandlerError"
CLASS_AND_MESSAGE = re.compile(r"([A-Z]\w{0,127}): (.*)", re.DOTALL)


class LambdaTarget:
    """`Target` on Lambda: RequestResponse, never retried by the SDK."""

    def __init__(self, client: "Callable[[int], LambdaClient]") -> None:
        """`client(read_timeout_s)` makes a client; one is kept for each of READ_TIMEOUTS_S."""
        self._make = client
        self._clients: dict[int, LambdaClient] = {}

    def call(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta) -> Answer:
        """Call the function and wait, its timeout at most."""
        client = self._client(timeout)
        payload = json.dumps(event, separators=(",", ":")).encode()
        try:
            answer = client.invoke(FunctionName=target["lambda"], Payload=payload)
            body = answer["Payload"].read()
        except ClientError as error:
            return _refused(error_code(error), str(error))
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            return Throttled(TaskError("Unreachable", _cut(str(error))))  # nothing was sent
        except HTTPClientError as error:
            return Unknown(TaskError("NoAnswer", _cut(str(error))))
        return _raised(body) if answer.get("FunctionError") else _returned(body)

    def _client(self, timeout: timedelta) -> "LambdaClient":
        needed = timeout.total_seconds()
        seconds = next((s for s in READ_TIMEOUTS_S if s >= needed), READ_TIMEOUTS_S[-1])
        if seconds not in self._clients:
            self._clients[seconds] = self._make(seconds + READ_MARGIN_S)
        return self._clients[seconds]


def _refused(code: str, message: str) -> Answer:
    error = TaskError(code or "ClientError", _cut(message))
    if code in THROTTLES:
        return Throttled(error)
    if code in UNKNOWN:
        return Unknown(error)
    return Raised(error, permanent=code in PERMANENT)


def _returned(body: bytes) -> Answer:
    if len(body) > RESULT_LIMIT:
        message = f"the result has {len(body)} bytes; {RESULT_LIMIT} are allowed: return a reference instead"
        return Raised(TaskError("ResultTooLarge", message), permanent=True)
    try:
        text = body.decode("utf-8") or "null"
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        return Raised(TaskError("InvalidResult", f"the result is not JSON: {_cut(str(error))}"))
    if deeper_than(value, MAX_DEPTH):
        return Raised(TaskError("InvalidResult", f"the result is nested deeper than {MAX_DEPTH} levels"))
    return Returned(text)


def _raised(body: bytes) -> Raised:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        return Raised(TaskError("FunctionError", _cut(body.decode("utf-8", "replace"))))
    kind = _cut(str(payload.get("errorType") or "FunctionError"))[:128]
    message = str(payload.get("errorMessage") or "")
    if "Task timed out after" in message:
        return Raised(TaskError("Timeout", _cut(message)))
    found = CLASS_AND_MESSAGE.fullmatch(message)
    if found and (kind in (HIDDEN_CLASS, found[1])):
        kind, message = found[1], found[2]
    return Raised(TaskError(kind, _cut(message)))


def _cut(text: str) -> str:
    clean = text.encode("utf-8", "replace").decode()  # lone surrogates cannot be stored
    return clean if len(clean) <= MESSAGE_LIMIT else clean[: MESSAGE_LIMIT - 1] + "…"


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):  # the result event could not be written
        raise ValueError(f"{text[:20]} does not fit into a double")
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
