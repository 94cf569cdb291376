"""What API Gateway hands to a Lambda function (REST API, proxy integration), as AWS and as MiniStack write it.

AWS keeps the case of header names and tells every value apart. MiniStack, behind its own HTTP server, has
lower-case names and repeated headers joined with a comma.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Place = Literal["aws", "ministack"]


def proxy_event(
    method: str,
    path: str,
    *,
    headers: Sequence[tuple[str, str]] = (),
    query: Mapping[str, str] | None = None,
    body: bytes = b"",
    place: Place = "aws",
) -> dict[str, Any]:
    """The event of a request. BinaryMediaTypes is `*/*`, so every body comes in base64."""
    single, multi = _aws_headers(headers) if place == "aws" else _joined_headers(headers)
    event: dict[str, Any] = {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": single,
        "multiValueHeaders": multi,
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": {"proxy": path.lstrip("/")},
        "stageVariables": None,
        "requestContext": _context(method, path),
        "body": b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
    }
    return event if place == "aws" else {"version": "1.0", **event}


def _aws_headers(headers: Sequence[tuple[str, str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
    multi: dict[str, list[str]] = {}
    for name, value in [*headers, ("Host", "abc123.execute-api.us-east-1.amazonaws.com"), ("X-Forwarded-Port", "443")]:
        multi.setdefault(name, []).append(value)
    return {name: values[-1] for name, values in multi.items()}, multi


def _joined_headers(headers: Sequence[tuple[str, str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
    joined: dict[str, str] = {}
    for name, value in [*headers, ("host", "127.0.0.1:4566")]:
        known = joined.get(name.lower())
        joined[name.lower()] = value if known is None else f"{known}, {value}"
    return joined, {name: [value] for name, value in joined.items()}


def _context(method: str, path: str) -> dict[str, Any]:
    return {
        "resourceId": "abc123",
        "resourcePath": "/{proxy+}",
        "httpMethod": method,
        "path": f"/api{path}",
        "accountId": "123456789012",
        "protocol": "HTTP/1.1",
        "stage": "api",
        "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
        "requestId": "11111111-2222-3333-4444-555555555555",
        "requestTimeEpoch": 1_790_000_000_000,
        "apiId": "abc123",
        "identity": {"sourceIp": "203.0.113.7", "userAgent": "tests"},
    }
