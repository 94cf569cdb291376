"""Entry of the gateway: API Gateway's proxy events."""

from typing import Any

from gateway import bootstrap


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request."""
    return bootstrap.service()(event)
