"""A submitted HTTP request becomes events: which content mode it is, and what is in it.

The raw request is checked against CloudEvents 1.0.2 first; the SDK comes last, since on parsing it makes up
a random `id` and a `time`, knows no batches and lets invalid UTF-8 pass.

Repeated headers are refused where they arrive one by one (API Gateway's `multiValueHeaders`) and where
a proxy or an emulator has joined them by ", ".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from fairlane.domain.errors import Refused
from fairlane.events.attributes import checked_attributes, confirm_with_sdk, place
from fairlane.events.content import Content, body_content, member_content
from fairlane.events.form import Event
from fairlane.events.http_binding import (
    Headers,
    content_type,
    has_attributes,
    header_attributes,
    media_type,
)
from fairlane.events.json_text import Flaw, read_json, read_json_array
from fairlane.events.problems import Problems, Unfit, header_pointer, pointer, refused_field

MAX_REQUEST_BYTES = 4 * 1024 * 1024
MAX_BATCH_EVENTS = 100

STRUCTURED_TYPE = "application/cloudevents+json"
BATCHED_TYPE = "application/cloudevents-batch+json"
_STRUCTURED_PREFIX = "application/cloudevents"
_BATCHED_PREFIX = "application/cloudevents-batch"

_CONTENT = frozenset({"data", "data_base64"})
_CONTENT_TYPE = header_pointer("content-type")


@dataclass(frozen=True)
class Submission:
    """What one request submits, in its order. Only a batch can hold a `Refused`: in place of a bad event."""

    mode: Literal["binary", "structured", "batched"]
    events: Sequence[Event | Refused]


def parse_submission(headers: Headers, body: bytes) -> Submission:
    """Raises Refused when nothing of the request can be accepted."""
    if len(body) > MAX_REQUEST_BYTES:
        raise refused_field("too-large", "#", f"must have at most {MAX_REQUEST_BYTES} bytes")
    sent = content_type(headers)
    kind = (sent or "").lower()
    # The prefix decides (HTTP binding, 1.3), and the longer one first.
    if kind.startswith(_BATCHED_PREFIX):
        _check_type(kind, BATCHED_TYPE)
        return Submission("batched", _batch(_document(partial(read_json_array, most=MAX_BATCH_EVENTS + 1), body)))
    if kind.startswith(_STRUCTURED_PREFIX):
        _check_type(kind, STRUCTURED_TYPE)
        return Submission("structured", [_json_event(_document(read_json, body))])
    if has_attributes(headers):
        return Submission("binary", [_binary_event(headers, sent, body)])
    raise refused_field(
        "unsupported-media-type",
        _CONTENT_TYPE,
        f"must be {STRUCTURED_TYPE} or {BATCHED_TYPE}, or the event must come with ce- headers",
    )


def _check_type(kind: str, expected: str) -> None:
    try:
        media = media_type(kind)
    except Unfit as unfit:
        raise refused_field("unsupported-media-type", _CONTENT_TYPE, str(unfit)) from unfit
    if media.name != expected or not media.is_utf8:
        raise refused_field("unsupported-media-type", _CONTENT_TYPE, f"must be {expected}, in UTF-8")


def _document(read: Callable[[bytes], object], body: bytes) -> object:
    if not body:
        raise refused_field("malformed", "#", "must not be empty: in this content mode the event is the body")
    try:
        return read(body)
    except Unfit as unfit:
        raise refused_field("malformed", "#", str(unfit)) from unfit


def _batch(document: object) -> list[Event | Refused]:
    if not isinstance(document, list):
        remedy = f"send a single event as {STRUCTURED_TYPE}"
        raise refused_field("malformed", "#", f"must be an array of events: {remedy}")
    if len(document) > MAX_BATCH_EVENTS:
        limit = f"must have at most {MAX_BATCH_EVENTS} events, not {len(document)}"
        raise refused_field("too-large", "#", f"{limit}: send several batches")
    return [_event_or_refusal(item) for item in document]


def _event_or_refusal(item: object) -> Event | Refused:
    try:
        return _json_event(item)
    except Refused as refused:
        return refused


def _json_event(item: object) -> Event:
    if isinstance(item, Flaw):
        where = pointer([]) if item.member is None else pointer([item.member])
        raise refused_field("malformed", where, item.reason)
    if not isinstance(item, dict):
        raise refused_field("malformed", "#", f"must be an object, an event: send several as {BATCHED_TYPE}")
    problems = Problems()
    named: dict[str, Any] = {name: value for name, value in item.items() if name not in _CONTENT}
    attributes = checked_attributes(named, problems)
    content = member_content(item, attributes.get("datacontenttype"), problems)
    return _event(attributes, content, problems)


def _binary_event(headers: Headers, sent_type: str | None, body: bytes) -> Event:
    problems = Problems()
    named = header_attributes(headers)
    if sent_type is not None:
        try:
            media_type(sent_type)
        except Unfit as unfit:
            raise refused_field("malformed", _CONTENT_TYPE, str(unfit)) from unfit
        named["datacontenttype"] = sent_type
    attributes = checked_attributes(named, problems)
    content = body_content(body, sent_type, problems)
    return _event(attributes, content, problems)


def _event(attributes: Event, content: Content, problems: Problems) -> Event:
    problems.raise_any()
    confirm_with_sdk(attributes, problems)
    problems.raise_any()
    event = {**attributes, **content}
    return {name: event[name] for name in sorted(event, key=place)}
