"""Header values: double quotes, one round of percent-decoding, repeated headers."""

import pytest

from fairlane.events import Submission
from tests.unit.events.sending import an_event, assert_refused, binary_raw, event_of, refusal_of

REQUIRED = [("ce-specversion", "1.0"), ("ce-id", "e-1"), ("ce-source", "/orders"), ("ce-type", "resize")]


def with_subject(value: str) -> Submission:
    return binary_raw([*REQUIRED, ("ce-subject", value)])


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("simple", "simple"),
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("Euro%20%e2%82%ac%20%f0%9F%98%80", "Euro € 😀"),
        ("caf%C3%A9", "café"),
        ("percent%25encoded", "percent%encoded"),
        ("once%2520only", "once%20only"),
        ("quote%22encoded", 'quote"encoded'),
        ("unencoded space %30%31", "unencoded space 01"),
        ("%61%62", "ab"),
        ('"quoted text"', "quoted text"),
        ('"  quoted  "unquoted', "  quoted  unquoted"),
        (r'"escaped quote\"end"', 'escaped quote"end'),
        (r'"escaped backslash\\end"', r"escaped backslash\end"),
        (r"literal backslash\end", r"literal backslash\end"),
        ('"%41, %42"', "A, B"),
        ("a,b", "a,b"),
        ("  spaces around  ", "spaces around"),
        ("plus+plus", "plus+plus"),
    ],
)
def test_a_value_is_unquoted_then_percent_decoded_once(value: str, meant: str) -> None:
    assert event_of(with_subject(value))["subject"] == meant


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("unterminated %", "%25"),
        ("unterminated %0", "%25"),
        ("no hexadecimal %g0", "%25"),
        ("no hexadecimal %0g", "%25"),
        ("spaced % 41", "%25"),
        ("low surrogate %ED%B0%80", "valid UTF-8"),
        ("high surrogate %ED%A0%80", "valid UTF-8"),
        ("a pair of surrogates %ED%A0%80%ED%B0%80", "valid UTF-8"),
        ("overlong %C0%A0", "valid UTF-8"),
        ("cut %E2%82", "valid UTF-8"),
        ("cut %E2x", "valid UTF-8"),
        ("continuation first %82", "valid UTF-8"),
        ("beyond Unicode %F4%90%80%80", "valid UTF-8"),
        ('"unterminated quote', "%22"),
        ('"unterminated escape \\', "%22"),
        ('"unterminated escape \\"', "%22"),
        ('one " in the middle', "%22"),
        ("café", "printable ASCII"),
        ("caf\u00c3\u00a9", "printable ASCII"),
        ("raw byte \u00ff", "printable ASCII"),
        ("nul \x00", "printable ASCII"),
        ("line\r\nbreak", "printable ASCII"),
        ("surrogate \udcff", "printable ASCII"),
    ],
)
def test_a_value_that_cannot_be_decoded_is_400(value: str, remedy: str) -> None:
    assert_refused(refusal_of(with_subject, value), 400, "#/headers/ce-subject", remedy)


@pytest.mark.parametrize("value", ["line%0Abreak", "nul%00", "tab\tinside", "next%C2%85line"])
def test_what_decodes_to_a_control_character_is_400(value: str) -> None:
    assert_refused(refusal_of(with_subject, value), 400, "#/subject", "control characters")


def test_header_names_are_of_any_case() -> None:
    headers = [(name.upper(), value) for name, value in REQUIRED]

    assert event_of(binary_raw([*headers, ("Ce-MyExtension", "1")])) == an_event(myextension="1")


def test_other_headers_are_no_attributes() -> None:
    headers = [("Authorization", "Bearer é%"), ("traceparent", "00-1"), ("X-Ce-Id", "2"), ("cent", "3")]

    assert event_of(binary_raw([*REQUIRED, *headers])) == an_event()


@pytest.mark.parametrize("again", ["e-1", "e-2"])
def test_a_repeated_header_is_400(again: str) -> None:
    refused = refusal_of(binary_raw, [*REQUIRED, ("CE-ID", again)])

    assert_refused(refused, 400, "#/headers/ce-id", "once")


@pytest.mark.parametrize("joined", ["e-1, e-2", "e-1, e-1", '"e-1", "e-2"'])
def test_a_repeated_header_that_a_proxy_joined_is_400(joined: str) -> None:
    refused = refusal_of(binary_raw, [REQUIRED[0], ("ce-id", joined), *REQUIRED[2:]])

    assert_refused(refused, 400, "#/headers/ce-id", "write the space after it as %20")


def test_tracestate_is_a_list_and_may_be_joined() -> None:
    assert event_of(binary_raw([*REQUIRED, ("ce-tracestate", "a=1, b=2")]))["tracestate"] == "a=1, b=2"


@pytest.mark.parametrize("content_type", [None, "application/json"])
def test_ce_datacontenttype_is_400(content_type: str | None) -> None:
    refused = refusal_of(binary_raw, [*REQUIRED, ("ce-datacontenttype", "application/json")], b"1", content_type)

    assert_refused(refused, 400, "#/headers/ce-datacontenttype", "Content-Type header")


@pytest.mark.parametrize("name", ["data", "data_base64"])
def test_data_is_no_attribute(name: str) -> None:
    assert_refused(refusal_of(binary_raw, [*REQUIRED, (f"ce-{name}", "1")]), 400, f"#/{name}", "the data is the body")


@pytest.mark.parametrize("name", ["my-extension", "my_extension", ""])
def test_a_header_that_names_no_attribute_is_400(name: str) -> None:
    refused = refusal_of(binary_raw, [*REQUIRED, (f"ce-{name}", "1")])

    assert_refused(refused, 400, f"#/{name}", "named with")


def test_all_bad_headers_are_told_at_once() -> None:
    refused = refusal_of(binary_raw, [*REQUIRED, ("ce-a", "%"), ("ce-b", '"'), ("ce-id", "2")])

    assert [error.pointer for error in refused.errors] == ["#/headers/ce-a", "#/headers/ce-b", "#/headers/ce-id"]


def test_an_endless_row_of_escaped_quotes_is_refused_without_delay() -> None:
    # quadratic in a careless expression: minutes
    assert_refused(refusal_of(with_subject, '"' + '\\"' * 100_000), 400, "#/headers/ce-subject", "%22")


def test_a_content_type_that_is_no_media_type_is_400_in_binary_mode() -> None:
    refused = refusal_of(binary_raw, REQUIRED, b"1", "application/json, application/json")

    assert_refused(refused, 400, "#/headers/content-type", "media type")
