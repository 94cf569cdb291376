"""The text, the size and the hash of an event."""

import json
from typing import Any

import pytest

from fairlane.events import event_json, event_size, payload_hash
from tests.unit.events.sending import an_event, binary, event_of, structured


def test_the_text_is_compact_and_in_the_order_of_the_members() -> None:
    assert event_json({"id": "1", "data": {"b": [1, 2], "a": None}}) == '{"id":"1","data":{"b":[1,2],"a":null}}'


def test_the_size_counts_bytes_of_utf8() -> None:
    assert event_size({"id": "é€😀"}) == len('{"id":""}') + 2 + 3 + 4


@pytest.mark.parametrize("code", [0xFFFE, 0xFFFF, 0xD800, 0xDFFF, 0x00, 0x1F])
def test_what_no_message_can_hold_is_escaped(code: int) -> None:
    text = event_json({"data": f"é{chr(code)}"})

    assert text == f'{{"data":"é\\u{code:04x}"}}'
    assert json.loads(text) == {"data": f"é{chr(code)}"}


def test_the_hash_is_32_hexadecimal_digits() -> None:
    assert len(payload_hash(an_event())) == 32
    assert int(payload_hash(an_event()), 16) >= 0


@pytest.mark.parametrize(
    "other",
    [
        an_event(time="2026-11-23T20:00:00Z"),
        an_event(traceparent="00-1", tracestate="a=1"),
        dict(reversed(an_event().items())),
    ],
)
def test_time_trace_and_order_are_not_hashed(other: dict[str, Any]) -> None:
    assert payload_hash(other) == payload_hash(an_event())


@pytest.mark.parametrize(
    "other",
    [
        an_event(id="e-2"),
        an_event(source="/other"),
        an_event(type="other"),
        an_event(subject="1"),
        an_event(lane="fast"),
        an_event(notbefore="2027-01-01T00:00:00Z"),
        an_event(extension=""),
        an_event(datacontenttype="application/json"),
        an_event(data=0),
        an_event(data=None) | {"data": None},
        an_event(data=""),
        an_event(data_base64=""),
        an_event(data={"time": "now"}),
    ],
)
def test_everything_else_is_hashed(other: dict[str, Any]) -> None:
    assert payload_hash(other) != payload_hash(an_event())


def test_time_inside_the_data_is_hashed() -> None:
    assert payload_hash(an_event(data={"time": 1})) != payload_hash(an_event(data={"time": 2}))


@pytest.mark.parametrize("value", [True, False, 5, -5, 0])
def test_an_extension_and_its_text_have_one_hash(value: object) -> None:
    assert payload_hash(event_of(structured(an_event(extension=value)))) == payload_hash(
        event_of(binary(an_event(extension=value)))
    )


def test_text_and_its_bytes_have_one_hash() -> None:
    text = structured(an_event(datacontenttype="application/xml", data="<é/>"))
    raw = binary(an_event(), "<é/>".encode(), "application/xml")

    assert payload_hash(event_of(text)) == payload_hash(event_of(raw))
