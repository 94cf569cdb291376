"""The attributes of an event: which there are, what each may hold, in which form they go on.

Values come as JSON values (structured, batched) or as text (binary): a whole number and its text are the
same attribute value (CloudEvents 1.0.2, type system).
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.v1.event import CloudEvent

from fairlane.domain.names import NAME, TASK_TYPE
from fairlane.events.http_binding import media_type
from fairlane.events.json_text import Flaw
from fairlane.events.problems import NotYours, Problems, Unfit, pointer
from fairlane.events.times import event_time

Rule = Callable[[object], object]
"""The value as it goes on. Raises Unfit."""
TextRule = Callable[[object], str]

MAX_ATTRIBUTES = 64
MAX_NAME_CHARS = 64
MAX_KEY_CHARS = 256
MAX_ID_CHARS = 1024
MAX_TEXT_CHARS = 4096
LONGEST_DEDUP_WINDOW_S = 30 * 24 * 3600

SPECVERSION = "1.0"
#: Fairlane's own: set by it when it calls a function, refused from a client.
OWN = frozenset({"tenant", "taskid", "attempt", "deadline"})

_NAME = re.compile(r"[a-z0-9]+")
_SECONDS = re.compile(r"[1-9][0-9]{0,6}")
_URI_REFERENCE = re.compile(r'[^\s<>"{}|\\^`]+')
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+")
_INT32 = range(-(2**31), 2**31)

#: What a CloudEvents string may not hold: controls, surrogates, and Unicode's noncharacters.
_NONCHARACTERS = "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_NO_TEXT = re.compile(f"[\\x00-\\x1f\\x7f-\\x9f\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")

_JSON_KINDS: Mapping[type, str] = {
    bool: "a Boolean",
    int: "a number",
    float: "a number",
    list: "an array",
    dict: "an object",
}


def checked_attributes(given: Mapping[str, object], problems: Problems) -> dict[str, Any]:
    """The attributes in their order: core ones, then extensions by name. What is wrong goes to `problems`."""
    present = {name: value for name, value in given.items() if value is not None}
    if len(present) > MAX_ATTRIBUTES:
        problems.add("#", Unfit(f"must have at most {MAX_ATTRIBUTES} attributes: put the rest into data"))
        return {}
    attributes: dict[str, Any] = {}
    for name in sorted(present, key=place):
        try:
            attributes[name] = _rule(name)(present[name])
        except Unfit as unfit:
            problems.add(pointer([name]), unfit)
    for name in _REQUIRED:
        if name not in present:
            problems.add(pointer([name]), Unfit(f"must be there: every event has {', '.join(_REQUIRED)}"))
    return attributes


def confirm_with_sdk(attributes: Mapping[str, Any], problems: Problems) -> None:
    """Let the CloudEvents SDK have the last word. Our own rules are stricter, so it should agree.

    The SDK writes a random `id` and a `time` into what lacks them: it gets a copy that lacks neither.
    """
    at = event_time(attributes["time"]) if "time" in attributes else _ANY_TIME
    try:
        CloudEvent({**attributes, "time": at})
    except CloudEventValidationError as invalid:
        for name, causes in invalid.errors.items():
            problems.add(pointer([name]), Unfit(f"must suit the CloudEvents SDK: {causes[0]}"))


def place(name: str) -> tuple[int, str]:
    """Sorts the members of an event: core attributes, extensions by name, data."""
    return (_PLACES.get(name, len(_CORE)), name)


def _rule(name: str) -> Rule:
    if name in OWN:
        raise NotYours("must not be submitted: Fairlane sets it when it calls the function")
    if name in {"data", "data_base64"}:
        raise Unfit("must not be an attribute: the data is the body")
    if len(name) > MAX_NAME_CHARS or not _NAME.fullmatch(name):
        raise Unfit(f"must be named with 1 to {MAX_NAME_CHARS} of a-z and 0-9")
    return _RULES.get(name, _extension)


# --- rules --------------------------------------------------------------------------------------------


def _text(limit: int, *, least: int = 1) -> TextRule:
    def rule(value: object) -> str:
        text = _string(value)
        if not least <= len(text) <= limit:
            raise Unfit(f"must have {least} to {limit} characters, not {len(text)}")
        return text

    return rule


def _matching(pattern: re.Pattern[str], remedy: str, limit: int) -> TextRule:
    text_rule = _text(limit)

    def rule(value: object) -> str:
        text = text_rule(value)
        if not pattern.fullmatch(text):
            raise Unfit(f"must be {remedy}")
        return text

    return rule


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise Unfit(f"must be a string, not {_kind(value)}")
    if not (value.isascii() and value.isprintable()) and _NO_TEXT.search(value):
        raise Unfit("must not have control characters, noncharacters or unpaired surrogates")
    return value


def _kind(value: object) -> str:
    if isinstance(value, Flaw):
        raise Unfit(value.reason)
    return _JSON_KINDS.get(type(value), "null")


def _specversion(value: object) -> str:
    if _string(value) != SPECVERSION:
        raise Unfit(f'must be "{SPECVERSION}": other versions of CloudEvents are not understood')
    return SPECVERSION


def _media_type(value: object) -> str:
    text = _string(value)
    media_type(text)
    return text


def _time(value: object) -> str:
    text = _string(value)
    event_time(text)
    return text


def _dedup_window(value: object) -> int:
    # bool is a kind of int in Python, but not in JSON: its text is "True", which is no whole number
    text = str(value) if isinstance(value, int | str) else ""
    if not _SECONDS.fullmatch(text) or int(text) > LONGEST_DEDUP_WINDOW_S:
        raise Unfit(f"must be a whole number of seconds, 1 to {LONGEST_DEDUP_WINDOW_S}")
    return int(text)


def _extension(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in _INT32:
        return value
    if not isinstance(value, str) and not isinstance(value, Flaw):
        raise Unfit("must be a string, a Boolean or a whole number of 32 bits: put others into data")
    return _any_text(value)


_any_text = _text(MAX_TEXT_CHARS, least=0)
#: W3C Trace Context: they lie in the task's record, which every write pays for.
_traceparent, _tracestate = _text(128, least=0), _text(512, least=0)
_RULES: Mapping[str, Rule] = {
    "specversion": _specversion,
    "id": _text(MAX_ID_CHARS),
    "source": _matching(_URI_REFERENCE, "a URI reference: write a space as %20 (in a header %2520)", MAX_ID_CHARS),
    "type": _matching(TASK_TYPE, "a task type: 1 to 128 of A-Z, a-z, 0-9, '.', '_' and '-'", MAX_ID_CHARS),
    "datacontenttype": _media_type,
    "dataschema": _matching(_URI, "an absolute URI, such as https://example.com/schema", MAX_TEXT_CHARS),
    "subject": _text(MAX_ID_CHARS),
    "time": _time,
    "lane": _matching(NAME, "the name of a lane: 1 to 63 of a-z, 0-9 and -, the first not -", MAX_ID_CHARS),
    "notbefore": _time,
    "expirytime": _time,
    "dedupkey": _text(MAX_KEY_CHARS),
    "dedupwindow": _dedup_window,
    "partitionkey": _text(MAX_KEY_CHARS),
    "traceparent": _traceparent,
    "tracestate": _tracestate,
}
_REQUIRED = ("specversion", "id", "source", "type")
_CORE = (*_REQUIRED, "datacontenttype", "dataschema", "subject", "time")
_CONTENT = ("data", "data_base64")
_PLACES = {name: at for at, name in enumerate((*_CORE, "", *_CONTENT))}
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
