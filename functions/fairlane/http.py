"""HTTP as API Gateway's proxy integration brings it: request, route table, answer.

One table of routes per function is the only place that knows methods, paths and scopes; the
OpenAPI document is checked against it. A library's router would cost more import time than
all of this (measured in docs/decisions/0002).
"""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isinf
from typing import Any
from urllib.parse import unquote

from fairlane.domain.errors import Refused, problem_document

REQUEST_LIMIT = 4 * 1024 * 1024
MAX_DEPTH = 64
PLATFORM = ""  # the tenant of platform keys


@dataclass(frozen=True)
class Caller:
    """Who calls: the tenant comes from the key alone, never from path or body."""

    tenant: str
    keyid: str
    scopes: frozenset[str]


ANYONE = Caller(tenant=PLATFORM, keyid="", scopes=frozenset())


@dataclass(frozen=True)
class Request:
    """One HTTP request. Header names are lower-case; `headers` keeps repeated ones apart."""

    method: str
    path: str
    headers: Sequence[tuple[str, str]] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    params: Mapping[str, str] = field(default_factory=dict)
    caller: Caller = ANYONE

    def header(self, name: str) -> str | None:
        """The first header of that (lower-case) name."""
        return next((value for key, value in self.headers if key == name), None)

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Refused (400, 415)."""
        content_type = (self.header("content-type") or "application/json").partition(";")[0].strip().lower()
        if content_type != "application/json":
            raise Refused("unsupported-media-type", f"Send application/json, not {content_type}.")
        value = parse_json(self.body)
        if not isinstance(value, dict):
            raise Refused("malformed", "The body must be a JSON object.")
        return value


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; `body` is a JSON value, None for an empty one."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


Action = Callable[[Request], Answer]


@dataclass(frozen=True)
class Route:
    """A method, a path template such as `/v1/tasks/{id}`, the scope it needs (None: no key) and what answers."""

    method: str
    template: str
    scope: str | None
    action: str

    def match(self, path: str) -> dict[str, str] | None:
        """The path's parameters, when the path fits."""
        found = _pattern(self.template).fullmatch(path)
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


_PATTERNS: dict[str, re.Pattern[str]] = {}


def _pattern(template: str) -> re.Pattern[str]:
    if template not in _PATTERNS:
        _PATTERNS[template] = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template.replace(".", r"\.")))
    return _PATTERNS[template]


def resolve(routes: Sequence[Route], request: Request) -> tuple[Route, Request]:
    """The route of a request, and the request with its path parameters. Raises Refused (404, 405)."""
    method = "GET" if request.method == "HEAD" else request.method
    path = request.path.rstrip("/") or "/"
    fitting = [(route, params) for route in routes if (params := route.match(path)) is not None]
    if not fitting:
        raise Refused("not-found", f"There is nothing at {request.path[:200]}; GET /v1/openapi.json lists every route.")
    for route, params in fitting:
        if route.method == method:
            return route, replace(request, params=params)
    allowed = ", ".join(sorted({route.method for route, _ in fitting}))
    raise Refused("method-not-allowed", f"Use {allowed} here.", headers={"Allow": allowed})


def request_of(event: Mapping[str, Any]) -> Request:
    """The request of an API Gateway REST proxy event. Raises Refused (413) over 4 MB."""
    body = event.get("body") or ""
    raw = b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8", "surrogateescape")
    if len(raw) > REQUEST_LIMIT:
        raise Refused("too-large", f"A request may have {REQUEST_LIMIT} bytes; this one has {len(raw)}. Split it.")
    multi = event.get("multiValueHeaders") or {k: [v] for k, v in (event.get("headers") or {}).items()}
    query = event.get("queryStringParameters") or {}
    return Request(
        method=event["httpMethod"].upper(),
        path=event["path"],
        headers=[(name.lower(), value) for name, values in multi.items() for value in values],
        query=dict(query),
        body=raw,
    )


def proxy_response(answer: Answer, *, head: bool = False) -> dict[str, Any]:
    """The answer as API Gateway's proxy integration wants it."""
    body = "" if answer.body is None or head else json.dumps(answer.body, separators=(",", ":"))
    headers = {"Content-Type": answer.content_type} if answer.body is not None else {}
    headers |= {"Cache-Control": "no-store"} | dict(answer.headers)
    return {"statusCode": answer.status, "headers": headers, "body": body, "isBase64Encoded": False}


def problem(refused: Refused) -> Answer:
    """The refusal as an answer."""
    return Answer(refused.status, problem_document(refused), refused.headers, "application/problem+json")


def parse_json(raw: bytes, *, depth: int = MAX_DEPTH) -> Any:
    """Strict JSON: UTF-8, no NaN, no repeated names, not nested deeper than `depth`. Raises Refused (400)."""
    try:
        value = json.loads(
            raw.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_no_repeats
        )
    except UnicodeDecodeError as error:
        raise Refused("malformed", "The body is not UTF-8.") from error
    except RecursionError as error:
        raise Refused("malformed", f"The body is nested deeper than {depth} levels.") from error
    except ValueError as error:
        raise Refused("malformed", f"The body is not JSON: {error}.") from error
    if deeper_than(value, depth):
        raise Refused("malformed", f"The body is nested deeper than {depth} levels.")
    return value


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError(f"{text[:20]} does not fit into a double")
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same name twice")
    return found


def deeper_than(value: Any, depth: int) -> bool:
    """Whether a JSON value has more than `depth` arrays and objects inside one another."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(depth):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True
