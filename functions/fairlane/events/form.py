"""The one form of an event inside Fairlane: the structured CloudEvent; its text, its size and its hash."""

import hashlib
import json
from base64 import b64encode
from typing import Any

from fairlane.events.http_binding import media_type

Event = dict[str, Any]
"""A structured CloudEvent that was checked: attributes, and `data` or `data_base64` or neither."""

#: A retry of the same event may differ in these: they tell of the sending, not of what is sent.
NOT_HASHED = frozenset({"time", "traceparent", "tracestate"})

#: JSON may hold them, but Amazon SQS takes the characters of XML 1.0 only, and UTF-8 has no surrogates.
_TO_ESCAPE = {code: f"\\u{code:04x}" for code in (*range(0xD800, 0xE000), 0xFFFE, 0xFFFF)}


def event_json(event: Event) -> str:
    """Compact JSON, members in their order; every character of it may stand in a message."""
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text if text.isascii() else text.translate(_TO_ESCAPE)


def event_size(event: Event) -> int:
    """Bytes of `event_json` in UTF-8."""
    return len(event_json(event).encode())


def payload_hash(event: Event) -> str:
    """Whether two events say the same: equal across content modes, key orders, times and trace contexts."""
    said = {name: _canonical(value) for name, value in event.items() if name not in NOT_HASHED}
    if _is_text(event):
        # Text that is not JSON is a string in one mode and its bytes in the other.
        said["data_base64"] = b64encode(said.pop("data").encode()).decode()
    elif "data" in event:
        said["data"] = event["data"]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _canonical(value: Any) -> Any:
    # Binary mode has text only: 5 and "5", true and "true" are one value (CloudEvents, type system).
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _is_text(event: Event) -> bool:
    kind = event.get("datacontenttype")
    return "data" in event and kind is not None and not media_type(kind).is_json
