"""Entry of the deliverer: batches of result messages from event source mappings."""

from typing import Any

from deliverer import bootstrap


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Publish a batch; report what has to stay in the queue."""
    return bootstrap.deliver()(event["Records"])
