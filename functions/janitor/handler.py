"""Entry of the janitor: its schedule, messages that wake it, and status events of executions."""

from datetime import timedelta
from typing import Any

from fairlane.context import Context
from fairlane.domain.times import utc_now
from janitor import bootstrap
from janitor.status_events import DETAIL_TYPE

#: Between the end of the work's time and the end of the process: one page more, say.
MARGIN = timedelta(seconds=15)


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Answer a batch of messages, hear what an execution came to, or do every duty once."""
    remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
    deadline = utc_now() + remaining - MARGIN
    janitor = bootstrap.janitor()
    if event.get("detail-type") == DETAIL_TYPE:
        return {"done": janitor.status_events(event["detail"])}
    if "Records" in event:
        return janitor.wakes(event["Records"], deadline=deadline)
    return {"done": janitor.rounds(deadline)}
