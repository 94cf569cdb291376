"""What a function's answer means, wherever it runs."""

import json
import re
from datetime import timedelta
from math import isinf
from typing import Any

from fairlane.domain.task import TaskError
from fairlane.events import event_json
from fairlane.http import MAX_DEPTH, deeper_than
from fairlane.ports.targets import Raised, Returned

#: A result event has to fit into an EventBridge entry of 256 KB with the task around it.
RESULT_LIMIT = 200_000
MESSAGE_LIMIT = 1_000
_RETRY_AFTER = re.compile(r"\(retry after (\d{1,6}(?:\.\d{1,3})?) s\)\s*\Z")
_DO_NOT_RETRY = "(do not retry)"
ERROR_TYPE_LIMIT = 128


def returned(body: bytes) -> Returned | Raised:
    """The result that a function's answer holds; nothing is null. Raised where no result event could carry it."""
    if len(body) > RESULT_LIMIT:
        return too_large(len(body))
    try:
        text = body.decode("utf-8") or "null"
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        return Raised(TaskError("InvalidResult", f"the result is not JSON: {cut(str(error))}"))
    if deeper_than(value, MAX_DEPTH):
        return Raised(TaskError("InvalidResult", f"the result is nested deeper than {MAX_DEPTH} levels"))
    written = event_json(value)  # as the result event will have it: 1e15 has become longer
    return Returned(written) if len(written.encode()) <= RESULT_LIMIT else too_large(len(written))


def too_large(size: int) -> Raised:
    """A result of so many bytes."""
    message = f"the result has {size} bytes; {RESULT_LIMIT} are allowed: return a reference instead"
    return Raised(TaskError("ResultTooLarge", message), permanent=True)


def raised(kind: str, message: str) -> Raised:
    """An error that a function raised. The end of its message may say when to try again, or that it is no use.

    `... (retry after 30 s)`, `... (do not retry)`: a message is what every place and every language delivers.
    """
    error = TaskError(cut(kind)[:ERROR_TYPE_LIMIT], cut(message))
    wait = _RETRY_AFTER.search(message)
    pause = timedelta(seconds=float(wait[1])) if wait else None
    return Raised(error, permanent=message.rstrip().endswith(_DO_NOT_RETRY), pause=pause)


def cut(text: str) -> str:
    """A message that can be stored."""
    clean = text.encode("utf-8", "replace").decode()  # lone surrogates cannot be stored
    return clean if len(clean) <= MESSAGE_LIMIT else clean[: MESSAGE_LIMIT - 1] + "…"


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):  # the result event could not be written
        raise ValueError(f"{text[:20]} does not fit into a double")
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
