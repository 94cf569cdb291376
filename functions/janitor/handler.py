"""Entry of the janitor: its schedule."""

from datetime import timedelta
from typing import Any

from fairlane.context import Context
from fairlane.domain.times import utc_now
from janitor import bootstrap

#: Between the end of the duties' time and the end of the process.
MARGIN = timedelta(seconds=8)


def handler(_event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Do every duty once."""
    remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return {"done": bootstrap.rounds()(utc_now() + remaining - MARGIN)}
