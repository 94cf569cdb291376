"""AWS Lambda as a target: a synchronous call and what its answers mean."""

import json
import math
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import timedelta
from math import isinf
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
)

from fairlane.aws.clients import error_code
from fairlane.domain.task import TaskError
from fairlane.events import event_json
from fairlane.http import MAX_DEPTH, deeper_than
from fairlane.ports import Answer, Raised, Returned, Throttled, Unknown

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

#: The dispatcher starts a call only when the timeout and 5 s more fit into its own life: less than that.
READ_MARGIN_S = 3
#: A client's read timeout is fixed, so there is one client for each timeout (whole s), the latest ones kept.
MOST_CLIENTS = 8
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
#: From this HTTP status on, AWS could not say whether the function ran.
SERVER_ERROR = 500

#: Where a place hides the class of a function's error (MiniStack), a message may carry it: `ClassName: text`.
HIDDEN_CLASS = "Runtime.HandlerError"
CLASS_AND_MESSAGE = re.compile(r"([A-Z]\w{0,127}): (.*)", re.DOTALL)


class LambdaTarget:
    """`Target` on Lambda: RequestResponse, never retried by the SDK."""

    def __init__(self, client: "Callable[[int], LambdaClient]") -> None:
        """`client(read_timeout_s)` makes a client."""
        self._make = client
        self._lock = Lock()
        self._clients: OrderedDict[int, LambdaClient] = OrderedDict()

    def call(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta) -> Answer:
        """Call the function and wait, its timeout at most."""
        client = self._client(timeout)
        payload = json.dumps(event, separators=(",", ":")).encode()
        try:
            answer = client.invoke(FunctionName=target["lambda"], Payload=payload)
            body = answer["Payload"].read()
        except ClientError as error:
            return _refused(error)
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            return Throttled(TaskError("Unreachable", _cut(str(error))))  # nothing was sent
        except HTTPClientError as error:
            return Unknown(TaskError("NoAnswer", _cut(str(error))))
        return _raised(body) if answer.get("FunctionError") else _returned(body)

    def _client(self, timeout: timedelta) -> "LambdaClient":
        seconds = math.ceil(timeout.total_seconds())
        with self._lock:  # boto3's sessions do not make clients in two threads at once
            if seconds not in self._clients:
                self._clients[seconds] = self._make(seconds + READ_MARGIN_S)
                if len(self._clients) > MOST_CLIENTS:
                    self._clients.popitem(last=False)
            return self._clients[seconds]


def _refused(refusal: ClientError) -> Answer:
    code = error_code(refusal)
    error = TaskError(code or "ClientError", _cut(str(refusal)))
    if code in THROTTLES:
        return Throttled(error)
    if refusal.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= SERVER_ERROR:
        return Unknown(error)
    return Raised(error, permanent=code in PERMANENT)


def _returned(body: bytes) -> Answer:
    if len(body) > RESULT_LIMIT:
        return _too_large(len(body))
    try:
        text = body.decode("utf-8") or "null"
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        return Raised(TaskError("InvalidResult", f"the result is not JSON: {_cut(str(error))}"))
    if deeper_than(value, MAX_DEPTH):
        return Raised(TaskError("InvalidResult", f"the result is nested deeper than {MAX_DEPTH} levels"))
    written = event_json(value)  # as the result event will have it: 1e15 has become longer
    return Returned(written) if len(written.encode()) <= RESULT_LIMIT else _too_large(len(written))


def _too_large(size: int) -> Raised:
    message = f"the result has {size} bytes; {RESULT_LIMIT} are allowed: return a reference instead"
    return Raised(TaskError("ResultTooLarge", message), permanent=True)


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
