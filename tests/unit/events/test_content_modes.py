"""Which content mode a request is in, and what is none."""

import pytest

from fairlane.events import MAX_REQUEST_BYTES, parse_submission
from tests.unit.events.sending import (
    BATCHED,
    STRUCTURED,
    an_event,
    assert_refused,
    batched,
    binary,
    binary_raw,
    event_of,
    refusal_of,
    structured,
)


def test_ce_headers_make_a_binary_event_whose_data_is_the_body() -> None:
    submission = binary(an_event(), b'{"width": 5}', "application/json")

    assert submission.mode == "binary"
    assert event_of(submission) == an_event(datacontenttype="application/json", data={"width": 5})


def test_the_structured_content_type_makes_a_structured_event() -> None:
    submission = structured(an_event(datacontenttype="application/json", data={"width": 5}))

    assert submission.mode == "structured"
    assert event_of(submission) == an_event(datacontenttype="application/json", data={"width": 5})


def test_the_batched_content_type_makes_a_batch_in_its_order() -> None:
    submission = batched(an_event(id="1"), an_event(id="2"))

    assert submission.mode == "batched"
    assert submission.events == [an_event(id="1"), an_event(id="2")]


@pytest.mark.parametrize(
    "content_type",
    [
        "Application/CloudEvents+JSON",
        "application/cloudevents+json; charset=utf-8",
        'application/cloudevents+json;charset="UTF-8"',
        "application/cloudevents+json ; charset=UTF8; version=1",
        " application/cloudevents+json ",
    ],
)
def test_case_parameters_and_spaces_of_the_content_type_do_not_matter(content_type: str) -> None:
    assert structured(an_event(), content_type).mode == "structured"


def test_the_body_is_the_event_although_ce_headers_repeat_it() -> None:
    body = b'{"specversion":"1.0","id":"from the body","source":"/s","type":"t"}'

    submission = binary_raw([("ce-id", "from a header"), ("ce-x", "%")], body, STRUCTURED)

    assert event_of(submission)["id"] == "from the body"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/cloudevents+json; charset=iso-8859-1",
        "application/cloudevents+avro",
        "application/cloudevents",
        "application/cloudevents-batch+xml",
        "application/cloudevents-batch",
        "application/cloudevents-batch+json; charset=utf-16",
        "application/cloudevents+json, application/cloudevents+json",
        "application/cloudevents+json; charset",
        "application/json",
        "text/plain",
        "nonsense",
        "",
    ],
)
def test_what_is_no_content_type_of_an_event_is_415(content_type: str) -> None:
    refused = refusal_of(parse_submission, [("content-type", content_type)], b"{}")

    assert_refused(refused, 415, "#/headers/content-type", "must")


def test_no_content_type_and_no_ce_header_is_415() -> None:
    assert_refused(refusal_of(parse_submission, [], b""), 415, "#/headers/content-type", "ce- headers")


def test_a_single_ce_header_is_an_event_that_lacks_the_others() -> None:
    refused = refusal_of(binary_raw, [("ce-id", "1")])

    assert refused.status == 400
    assert [error.pointer for error in refused.errors] == ["#/specversion", "#/source", "#/type"]


@pytest.mark.parametrize("content_type", [STRUCTURED, BATCHED])
def test_two_content_types_are_ambiguous(content_type: str) -> None:
    refused = refusal_of(parse_submission, [("Content-Type", content_type), ("content-type", content_type)], b"[]")

    assert_refused(refused, 400, "#/headers/content-type", "once")


@pytest.mark.parametrize("content_type", [STRUCTURED, BATCHED])
@pytest.mark.parametrize(
    ("body", "remedy"),
    [
        (b"", "not be empty"),
        (b" ", "must be JSON"),
        (b"{", "line 1, column 2"),
        (b"hello", "must be JSON"),
        (b"{'id': 1}", "must be JSON"),
        (b'{"id":"\x01"}', "must be JSON"),
        (b'{"id":"a"} x', "must be JSON"),
        (b'{"id":"\xff"}', "must be UTF-8: byte 7"),
        (b'{"id":"\xed\xa0\x80"}', "must be UTF-8: byte 7"),
        ('{"id":"a"}'.encode("utf-16"), "must be UTF-8"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a":' * 100_000, "nested deeper"),
        (b'"\\"' * 5, "must be JSON"),
        (b'"text"', "must be an "),
        (b"null", "must be an "),
        (b"7", "must be an "),
        (b"NaN", "must be"),
    ],
)
def test_a_body_that_is_no_event_is_400(content_type: str, body: bytes, remedy: str) -> None:
    assert_refused(refusal_of(parse_submission, [("content-type", content_type)], body), 400, "#", remedy)


def test_an_array_in_structured_mode_is_told_about_batches() -> None:
    assert_refused(refusal_of(structured, [an_event()]), 400, "#", BATCHED)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert event_of(structured(b"\xef\xbb\xbf" + b'{"specversion":"1.0","id":"1","source":"/s","type":"t"}'))


def test_a_request_beyond_the_limit_is_413() -> None:
    assert_refused(refusal_of(structured, b" " * (MAX_REQUEST_BYTES + 1)), 413, "#", "at most 4194304 bytes")


def test_a_request_at_the_limit_is_read() -> None:
    event = b'{"specversion":"1.0","id":"1","source":"/s","type":"t"}'

    assert event_of(structured(event.ljust(MAX_REQUEST_BYTES)))["id"] == "1"
