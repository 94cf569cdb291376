"""Entry of the dispatcher: batches of lane messages from event source mappings."""

from datetime import timedelta
from typing import Any

from dispatcher import bootstrap
from fairlane.context import Context
from fairlane.domain.times import utc_now


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Run a batch; report what has to stay in the queue."""
    remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return bootstrap.dispatch()(event["Records"], deadline=utc_now() + remaining)
