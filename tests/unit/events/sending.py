"""An event as a test means it, and as a client would send it in each content mode."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest

from fairlane.domain.errors import Refused
from fairlane.events import Event, Submission, parse_submission

Headers = list[tuple[str, str]]

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
#: Every printable ASCII character but space, quote and percent may stand in a header as it is.
UNENCODED = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


def an_event(**attributes: Any) -> dict[str, Any]:
    """A valid event; an attribute that is None is left out."""
    event = {"specversion": "1.0", "id": "e-1", "source": "/orders", "type": "resize", **attributes}
    return {name: value for name, value in event.items() if value is not None}


def header(value: object) -> str:
    """An attribute's value as the HTTP binding writes it."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return quote(text, safe=UNENCODED)


def binary(attributes: Mapping[str, Any], body: bytes = b"", content_type: str | None = None) -> Submission:
    """Submit in binary mode, attributes encoded as they should be."""
    return binary_raw([(f"ce-{name}", header(value)) for name, value in attributes.items()], body, content_type)


def binary_raw(headers: Headers, body: bytes = b"", content_type: str | None = None) -> Submission:
    """Submit in binary mode, headers as they are."""
    return parse_submission([*headers, *([("Content-Type", content_type)] if content_type else [])], body)


def structured(event: object, content_type: str = STRUCTURED) -> Submission:
    """Submit in structured mode; bytes are sent as they are."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return parse_submission([("Content-Type", content_type)], body)


def batched(*events: object, body: bytes | None = None) -> Submission:
    """Submit in batched mode."""
    return parse_submission([("Content-Type", BATCHED)], json.dumps(events).encode() if body is None else body)


def event_of(submission: Submission) -> Event:
    """The only event of a submission."""
    [event] = submission.events
    assert not isinstance(event, Refused)
    return event


def refusal_of(submit: Any, *args: Any, **kwargs: Any) -> Refused:
    """The refusal that submitting raises."""
    with pytest.raises(Refused) as caught:
        submit(*args, **kwargs)
    return caught.value


def assert_refused(refused: Refused, status: int, pointer: str, remedy: str) -> None:
    """Status, field and remedy are told."""
    found = {error.pointer: error.detail for error in refused.errors}
    assert (refused.status, pointer in found) == (status, True), (refused.status, found)
    assert remedy in found[pointer]
