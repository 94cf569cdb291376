"""Entry of the janitor: its schedule, and messages that wake it."""

from datetime import timedelta
from typing import Any

from fairlane.context import Context
from fairlane.domain.times import utc_now
from janitor import bootstrap

#: Between the end of the work's time and the end of the process: one page more, say.
MARGIN = timedelta(seconds=15)


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Answer a batch of messages, or do every duty once."""
    remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
    deadline = utc_now() + remaining - MARGIN
    janitor = bootstrap.janitor()
    if "Records" in event:
        return janitor.wakes(event["Records"], deadline=deadline)
    return {"done": janitor.rounds(deadline)}
