"""The data of an event: from the member of a JSON event, or from the body in binary mode.

What goes on is `data` (a JSON value, or text where the content type is not JSON) or `data_base64`.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from fairlane.events.http_binding import MediaType, media_type
from fairlane.events.json_text import flaw_in, read_json
from fairlane.events.problems import Problems, Unfit, header_pointer, refused_field

#: What data without a content type is: JSON (CloudEvents JSON format, 3.1). Set explicitly, so that an
#: event is the same in every mode.
IMPLIED_TYPE = "application/json"

Content = dict[str, Any]
"""`data` or `data_base64` or neither; with `datacontenttype` where that was implied."""


def member_content(item: Mapping[str, Any], content_type: str | None, problems: Problems) -> Content:
    """The content of a JSON event; `content_type` has been checked."""
    encoded = item.get("data_base64")
    if "data" not in item:
        return {} if encoded is None else _base64_member(encoded, problems)
    if encoded is not None:
        problems.add("#/data_base64", Unfit("must not stand beside data: send one of the two"))
    flaw = flaw_in(item["data"], "data")
    if flaw:
        problems.add(flaw.pointer, Unfit(flaw.detail))
    elif content_type and not media_type(content_type).is_json and not isinstance(item["data"], str):
        problems.add("#/data", Unfit("must be a string, as datacontenttype is not JSON"))
    return _typed({"data": item["data"]}, content_type)


def body_content(body: bytes, content_type: str | None, problems: Problems) -> Content:
    """The content of an event in binary mode. Raises Refused (415) for JSON in other charsets than UTF-8."""
    if not body:
        return {}
    if content_type is None:
        return _untyped(body)
    kind = media_type(content_type)
    try:
        if kind.is_json:
            return {"data": _json_body(body, kind, problems)}
        if kind.is_text and kind.is_utf8:
            return {"data": _text_body(body)}
    except Unfit as unfit:
        problems.add("#/data", unfit)
    return _encoded(body)


def _untyped(body: bytes) -> Content:
    # The SDKs send JSON without a Content-Type when the event names none.
    try:
        data = read_json(body)
    except Unfit:
        return _encoded(body)
    return _encoded(body) if flaw_in(data, "data") else _typed({"data": data}, None)


def _json_body(body: bytes, kind: MediaType, problems: Problems) -> object:
    if not kind.is_utf8:
        where = header_pointer("content-type")
        raise refused_field("unsupported-media-type", where, "must not name a charset: JSON is UTF-8")
    data: object = read_json(body)
    flaw = flaw_in(data, "data")
    if flaw:
        problems.add(flaw.pointer, Unfit(flaw.detail))
    return data


def _text_body(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as undecodable:
        remedy = "name its charset, or send it as application/octet-stream"
        raise Unfit(f"must be UTF-8, as byte {undecodable.start} is not: {remedy}") from undecodable


def _base64_member(encoded: object, problems: Problems) -> Content:
    if not isinstance(encoded, str):
        problems.add("#/data_base64", Unfit("must be a string in base64"))
        return {}
    try:
        return _encoded(b64decode(encoded, validate=True))
    except ValueError:
        problems.add("#/data_base64", Unfit("must be base64 (RFC 4648) with its padding and without spaces"))
        return {}


def _encoded(raw: bytes) -> Content:
    return {"data_base64": b64encode(raw).decode()}


def _typed(content: Content, content_type: str | None) -> Content:
    return content if content_type else {"datacontenttype": IMPLIED_TYPE, **content}
