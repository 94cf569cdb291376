"""Reading problem documents (RFC 9457), as every refusal has to be one."""

from typing import Any

import httpx

KINDS = {
    400: "malformed",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    413: "too-large",
    415: "unsupported-media-type",
    422: "refused",
}


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of a refusal with that status; asserts that it is a whole one."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    check_document(document, status)
    return document


def check_document(document: dict[str, Any], status: int) -> None:
    assert document["type"] == f"urn:fairlane:problem:{KINDS[status]}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert "Traceback" not in str(document)
    for field in document.get("errors", []):
        assert field["pointer"].startswith("#")
        assert field["detail"]


def pointers(document: dict[str, Any]) -> set[str]:
    """Which fields are wrong."""
    return {field["pointer"] for field in document["errors"]}
