"""One HTTP call as a value: what to send, and how to read what comes back. Nothing here does I/O.

Which calls there are stands in `calls`; whether a failed one is sent again in `retrying`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote

import httpx

from fairlane_client.errors import FairlaneError, IllegalNameError, UnexpectedAnswerError, problem_error
from fairlane_client.models import Problem

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)

_NO_CONTENT = 204
_BEGINNING = 200


class Repeat(Enum):
    """When a call may be sent again although nobody knows what became of the first."""

    #: Twice is the same as once: reads, PUT, and submitting (deduplicated by source and id).
    ALWAYS = "always"
    #: Likewise; but the repeat finds nothing when the first has worked.
    DELETE = "delete"
    #: Twice would make two: only when it has certainly not been carried out.
    NEVER = "never"


@dataclass(frozen=True)
class Call(Generic[Result_co]):
    """A call whose successful answer is a `Result_co`."""

    method: str
    path: str
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    repeat: Repeat = Repeat.ALWAYS
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(self, api_url: str, build: Callable[..., httpx.Request]) -> httpx.Request:
        """The request, as an httpx client's own `build` adds key and timeouts to it."""
        headers = {"Accept": "application/json, application/problem+json", **self.headers}
        if self.body is not None:
            headers["Content-Type"] = self.content_type
        url = f"{api_url}{self.path}"
        return build(self.method, url, params=self.query or None, headers=headers, content=self.body)

    def read(self, response: httpx.Response) -> Result_co:
        """The document of a successful answer. Raises ProblemError, UnexpectedAnswerError."""
        if not response.is_success:
            raise refusal(response)
        if response.status_code == _NO_CONTENT:
            return cast("Result_co", None)
        document = _json_object(response)
        if document is None:
            raise _unexpected(response)
        return cast("Result_co", document)


def path(*segments: str) -> str:
    """`/v1/...`, quoted. Raises IllegalNameError for a name that would lead to another path."""
    for segment in segments:
        if segment in {"", ".", ".."}:
            raise IllegalNameError(segment)
    return "/v1/" + "/".join(quote(segment, safe="") for segment in segments)


def json_body(document: object) -> bytes:
    """Compact JSON. Raises ValueError and TypeError for what JSON cannot say (NaN, say)."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def refusal(response: httpx.Response) -> FairlaneError:
    """What an unsuccessful answer means."""
    if response.is_redirect or response.is_informational:
        return _unexpected(response)
    document = _json_object(response)
    if document is None:
        return _unexpected(response)
    return problem_error(_problem(document, response), retry_after_s=retry_after_s(response.headers))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as `Retry-After` says them, also where it names a date; None without a usable one."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    sent_at = _date(headers) or datetime.now(UTC)
    return max(0.0, (at - sent_at).total_seconds())


def _date(headers: Mapping[str, str]) -> datetime | None:
    """The service's own clock, so that ours need not be right."""
    try:
        at = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _problem(document: Mapping[str, Any], response: httpx.Response) -> Problem:
    """A problem document also from what answers before Fairlane does (`{"message": ...}` of API Gateway)."""
    detail = document.get("detail") or document.get("message") or document.get("Message")
    problem = {
        "type": "about:blank",
        "title": response.reason_phrase or "Error",
        **({"detail": str(detail)} if detail else {}),
        **{name: value for name, value in document.items() if name not in {"message", "Message"}},
        "status": response.status_code,
    }
    return cast("Problem", problem)


def _json_object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        document = response.json()
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _unexpected(response: httpx.Response) -> UnexpectedAnswerError:
    beginning = response.text[:_BEGINNING].strip()
    return UnexpectedAnswerError(response.status_code, beginning, url=str(response.request.url))
