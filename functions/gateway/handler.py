"""Entry of the gateway: API Gateway's proxy events, and chained events by direct invocation.

`{"fairlane": "submit", "tenant": ..., "event": ...}` is the deliverer's. IAM says who may invoke the function; API
Gateway cannot produce such an event.
"""

from typing import Any

from gateway import bootstrap


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request, or submit what a result chains."""
    service = bootstrap.service()
    if "httpMethod" in event:
        return service(event)
    return service.operations[event["fairlane"]](event)
