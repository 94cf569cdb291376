"""CloudEvents in and out: what is submitted over HTTP, what a function gets, what a result looks like.

Nothing here knows a table, a queue or the time of day: whether a type is registered, a lane exists or an
`expirytime` has passed is for the use cases.
"""

from fairlane.events.form import Event, event_json, event_size, payload_hash
from fairlane.events.outgoing import function_event, result_event
from fairlane.events.submission import (
    MAX_BATCH_EVENTS,
    MAX_REQUEST_BYTES,
    Submission,
    parse_submission,
)
from fairlane.events.times import event_time

__all__ = [
    "MAX_BATCH_EVENTS",
    "MAX_REQUEST_BYTES",
    "Event",
    "Submission",
    "event_json",
    "event_size",
    "event_time",
    "function_event",
    "parse_submission",
    "payload_hash",
    "result_event",
]
