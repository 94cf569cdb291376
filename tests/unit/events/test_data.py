"""The data of an event: JSON, text or bytes, in each content mode."""

import json
from typing import Any

import pytest

from tests.unit.events.sending import an_event, assert_refused, binary, event_of, refusal_of, structured

NOT_EXCHANGEABLE = [
    (b'{"a": 1, "a": 2}', "/a", "must be there once"),
    (b'[{"a": {"b": 1, "b": 1}}]', "/0/a/b", "must be there once"),
    (b"NaN", "", "NaN is none"),
    (b"[Infinity]", "/0", "Infinity is none"),
    (b'{"a": -Infinity}', "/a", "-Infinity is none"),
    (b"1e400", "", "that a double can hold"),
    (b'{"a": [0, -1e999]}', "/a/1", "that a double can hold"),
    (b"9" * 5000, "", "at most 308 digits"),
    (b'["\\ud800"]', "/0", "unpaired surrogate"),
    (b'{"\\udc00": 1}', "/?", "unpaired surrogate"),
    (b"[" * 65 + b"]" * 65, "/0" * 64, "nested deeper than 64"),
    (b'{"a":' * 65 + b"{}" + b"}" * 65, "/a" * 64, "nested deeper than 64"),
]
UNREADABLE = [
    (b"hello", "must be JSON"),
    (b" ", "must be JSON"),
    (b"{", "must be JSON"),
    (b"[1,]", "must be JSON"),
    (b'"\xff"', "must be UTF-8"),
    (b"[" * 100_000, "nested deeper than 64"),
    (b"[" * 100_000 + b"]" * 100_000, "nested deeper than 64"),
]


@pytest.mark.parametrize("content_type", ["application/json", "text/JSON; charset=utf-8", "application/ld+json"])
@pytest.mark.parametrize("data", [{"a": [1, 2.5, None, True, "é"]}, [], "text", 0, False, None, 10**300])
def test_a_json_body_is_the_data_as_json(content_type: str, data: object) -> None:
    event = event_of(binary(an_event(), json.dumps(data).encode(), content_type))

    assert event == {**an_event(datacontenttype=content_type), "data": data}


@pytest.mark.parametrize(("body", "path", "remedy"), NOT_EXCHANGEABLE, ids=lambda part: str(part)[:20])
def test_json_that_cannot_be_exchanged_is_400_in_binary_mode(body: bytes, path: str, remedy: str) -> None:
    refused = refusal_of(binary, an_event(), body, "application/json")

    assert_refused(refused, 400, f"#/data{path}"[:256], remedy)


@pytest.mark.parametrize(("body", "path", "remedy"), NOT_EXCHANGEABLE, ids=lambda part: str(part)[:20])
def test_json_that_cannot_be_exchanged_is_400_in_structured_mode(body: bytes, path: str, remedy: str) -> None:
    refused = refusal_of(structured, json.dumps(an_event()).encode()[:-1] + b', "data":' + body + b"}")

    assert_refused(refused, 400, f"#/data{path}"[:256], remedy)


@pytest.mark.parametrize(("body", "remedy"), UNREADABLE, ids=lambda part: str(part)[:20])
def test_a_body_that_is_not_the_json_it_claims_to_be_is_400(body: bytes, remedy: str) -> None:
    assert_refused(refusal_of(binary, an_event(), body, "application/json"), 400, "#/data", remedy)


@pytest.mark.parametrize(
    ("member", "pointer", "remedy"),
    [
        (b'"time":NaN', "#/time", "NaN is none"),
        (b'"x":1e400', "#/x", "that a double can hold"),
        (b'"x":{"a":1,"a":1}', "#/x", "must be there once"),
        (b'"id":"1","id":"1"', "#/id", "must be there once"),
        (b'"data":1,"data":1', "#/data", "must be there once"),
    ],
)
def test_a_member_that_cannot_be_exchanged_is_400(member: bytes, pointer: str, remedy: str) -> None:
    refused = refusal_of(structured, b'{"specversion":"1.0","source":"/s","type":"t",' + member + b"}")

    assert_refused(refused, 400, pointer, remedy)


def test_64_levels_are_not_too_deep() -> None:
    deep = b"[" * 64 + b"]" * 64

    assert event_of(binary(an_event(), deep, "application/json"))["data"] == json.loads(deep)


def test_brackets_in_text_are_no_nesting() -> None:
    assert event_of(structured(an_event(data="[" * 100_000)))["data"] == "[" * 100_000


def test_wrong_data_and_wrong_attributes_are_told_together() -> None:
    refused = refusal_of(binary, an_event(time="lunchtime"), b'{"a":NaN}', "application/json")

    assert [error.pointer for error in refused.errors] == ["#/time", "#/data/a"]


@pytest.mark.parametrize("content_type", ["text/plain", "text/csv; charset=UTF-8", "TEXT/html;charset=us-ascii"])
def test_a_text_body_is_the_data_as_a_string(content_type: str) -> None:
    assert event_of(binary(an_event(), "né\r\n".encode(), content_type))["data"] == "né\r\n"


def test_a_text_body_that_is_not_utf8_is_400() -> None:
    assert_refused(refusal_of(binary, an_event(), b"n\xe9", "text/plain"), 400, "#/data", "name its charset")


@pytest.mark.parametrize(
    "content_type", ["application/octet-stream", "image/png", "application/xml", "text/plain; charset=iso-8859-1"]
)
def test_any_other_body_is_bytes_in_base64(content_type: str) -> None:
    event = event_of(binary(an_event(), b"n\xe9\x00", content_type))

    assert event == an_event(datacontenttype=content_type, data_base64="bukA")


def test_json_in_another_charset_is_415() -> None:
    refused = refusal_of(binary, an_event(), '"é"'.encode("latin-1"), "application/json; charset=latin1")

    assert_refused(refused, 415, "#/headers/content-type", "JSON is UTF-8")


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "image/png"])
def test_no_body_is_no_data(content_type: str) -> None:
    assert event_of(binary(an_event(), b"", content_type)) == an_event(datacontenttype=content_type)


def test_a_body_without_content_type_is_json_where_it_is_json() -> None:
    event = event_of(binary(an_event(), b'{"a": 1}'))

    assert event == an_event(datacontenttype="application/json", data={"a": 1})


@pytest.mark.parametrize("body", [b"hello", b"\xff", b'{"a":1,"a":2}', b"[" * 100_000, b"NaN"], ids=lambda b: b[:9])
def test_a_body_without_content_type_is_bytes_where_it_is_not_json(body: bytes) -> None:
    assert set(event_of(binary(an_event(), body))) == {*an_event(), "data_base64"}


@pytest.mark.parametrize("data", [{"a": 1}, "text", [], None, 0])
def test_data_without_a_type_is_json_and_says_so(data: object) -> None:
    event = event_of(structured({**an_event(), "data": data}))

    assert event == {**an_event(datacontenttype="application/json"), "data": data}


def test_an_event_needs_no_data() -> None:
    assert event_of(structured(an_event())) == an_event()


@pytest.mark.parametrize("encoded", ["", "TWE=", "AAAA", "/+8="])
def test_data_in_base64_stays_in_base64(encoded: str) -> None:
    event = event_of(structured(an_event(datacontenttype="image/png", data_base64=encoded)))

    assert event == an_event(datacontenttype="image/png", data_base64=encoded)


@pytest.mark.parametrize(
    "encoded", ["TWE", "T", "TW=E", "TWE==", "T WE=", "TWE=\n", "-_8=", "é", "\ud800", 5, ["TWE="]]
)
def test_what_is_not_base64_is_400(encoded: Any) -> None:
    assert_refused(refusal_of(structured, an_event(data_base64=encoded)), 400, "#/data_base64", "base64")


@pytest.mark.parametrize("data", ["text", {}, None])
def test_data_in_both_forms_is_400(data: object) -> None:
    refused = refusal_of(structured, {**an_event(data_base64="TWE="), "data": data})

    assert_refused(refused, 400, "#/data_base64", "one of the two")


@pytest.mark.parametrize("data", [{}, [], 5, None, True])
def test_data_that_is_not_json_by_its_type_must_be_text(data: object) -> None:
    refused = refusal_of(structured, {**an_event(datacontenttype="application/xml"), "data": data})

    assert_refused(refused, 400, "#/data", "must be a string")


def test_text_data_of_a_type_that_is_not_json_is_carried() -> None:
    event = an_event(datacontenttype="application/xml", data='<much wow="xml"/>')

    assert event_of(structured(event)) == event
