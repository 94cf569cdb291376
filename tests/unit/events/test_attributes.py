"""What each attribute may hold, in every content mode."""

from typing import Any

import pytest

from tests.unit.events.sending import (
    an_event,
    assert_refused,
    binary,
    event_of,
    refusal_of,
    structured,
)

EVERYTHING = an_event(
    id="Euro € 😀",
    source="https://example.com/a%20b?c=d#e",
    type="com.example.Resize_v2-1",
    datacontenttype="text/plain; charset=utf-8",
    dataschema="https://example.com/schema",
    subject='a "quoted" 100 % subject\\',
    time="2026-11-23T20:00:00.123456789+01:00",
    lane="fast-1",
    notbefore="2027-01-01T00:00:00Z",
    expirytime="2027-01-02T00:00:00Z",
    dedupkey="k" * 256,
    dedupwindow=2592000,
    partitionkey="customer 7",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    tracestate="a=1, b=2",
    extempty="",
    exturi="https://cloudevents.io",
    extbinary="TWE=",
)


def test_every_attribute_passes_as_it_was_sent_in_structured_mode() -> None:
    assert event_of(structured(EVERYTHING)) == EVERYTHING


def test_every_attribute_passes_as_it_was_sent_in_binary_mode() -> None:
    attributes = {name: value for name, value in EVERYTHING.items() if name != "datacontenttype"}

    assert event_of(binary(attributes, content_type=EVERYTHING["datacontenttype"])) == EVERYTHING


def test_the_members_of_an_event_have_one_order() -> None:
    event = event_of(structured({"zeta": "1", "data": 1, "alpha": "2", **dict(reversed(an_event().items()))}))

    assert list(event) == ["specversion", "id", "source", "type", "datacontenttype", "alpha", "zeta", "data"]


@pytest.mark.parametrize("value", ["text", "", True, False, 0, -(2**31), 2**31 - 1])
def test_extensions_are_carried_untouched(value: object) -> None:
    assert event_of(structured(an_event(extension=value)))["extension"] is not None
    assert event_of(structured(an_event(extension=value)))["extension"] == value


def test_binary_mode_gives_extensions_as_text() -> None:
    event = event_of(binary(an_event(anumber=5, aflag=True)))

    assert (event["anumber"], event["aflag"]) == ("5", "true")


@pytest.mark.parametrize("name", ["datacontenttype", "dataschema", "subject", "time", "lane", "tenant", "data_base64"])
def test_null_is_the_same_as_absent(name: str) -> None:
    assert event_of(structured({**an_event(), name: None})) == an_event()


@pytest.mark.parametrize(("window", "seconds"), [(1, 1), ("1", 1), (3600, 3600), ("2592000", 2592000)])
def test_a_dedupwindow_is_a_number_or_its_text(window: object, seconds: int) -> None:
    assert event_of(structured(an_event(dedupwindow=window)))["dedupwindow"] == seconds


TEXT = "must be a string"
NAMED = "named with 1 to 64 of a-z and 0-9"
CHARACTERS = "control characters"
TIME = "RFC 3339"
WINDOW = "whole number of seconds, 1 to 2592000"
EXTENSION = "a string, a Boolean or a whole number of 32 bits"

#: In structured mode: name, value, remedy.
BAD: list[tuple[str, Any, str]] = [
    ("specversion", "0.3", 'must be "1.0"'),
    ("specversion", "1.0.2", 'must be "1.0"'),
    ("specversion", " 1.0", 'must be "1.0"'),
    ("specversion", "", 'must be "1.0"'),
    ("specversion", 1.0, TEXT),
    ("specversion", 1, TEXT),
    ("id", "", "must have 1 to 1024 characters"),
    ("id", "i" * 1025, "must have 1 to 1024 characters"),
    ("id", 25, TEXT),
    ("id", True, TEXT),
    ("id", {"xyz": "abc"}, "not an object"),
    ("id", ["a"], "not an array"),
    ("id", "a\nb", CHARACTERS),
    ("id", "a\x7fb", CHARACTERS),
    ("id", "a\x85b", CHARACTERS),
    ("id", "a\ufffeb", CHARACTERS),
    ("id", "a\ufdd0b", CHARACTERS),
    ("id", "a\U0010ffffb", CHARACTERS),
    ("id", "a\ud800b", CHARACTERS),
    ("source", "", "must have 1 to 1024 characters"),
    ("source", "/" * 1025, "must have 1 to 1024 characters"),
    ("source", 5, TEXT),
    ("source", "my source", "URI reference"),
    ("source", "<script>", "URI reference"),
    ("type", "", "must have 1 to"),
    ("type", 5, TEXT),
    ("type", "with space", "task type"),
    ("type", "résumé", "task type"),
    ("type", "t" * 129, "1 to 128"),
    ("type", "a/b", "task type"),
    ("datacontenttype", "xyz", "media type"),
    ("datacontenttype", "", "media type"),
    ("datacontenttype", "text/plain;;charset", "media type"),
    ("datacontenttype", "text/" + "x" * 300, "at most 256 characters"),
    ("datacontenttype", 5, TEXT),
    ("dataschema", "", "must have 1"),
    ("dataschema", "relative/schema", "absolute URI"),
    ("dataschema", 5, TEXT),
    ("subject", "", "must have 1"),
    ("subject", 5, TEXT),
    ("time", "lunchtime", TIME),
    ("time", "", TIME),
    ("time", 1700000000, TEXT),
    ("notbefore", "tomorrow", TIME),
    ("notbefore", 1700000000, TEXT),
    ("expirytime", "2026-11-23T20:00:00", TIME),
    ("lane", "", "must have 1"),
    ("lane", "Fast", "name of a lane"),
    ("lane", "-fast", "name of a lane"),
    ("lane", "l" * 64, "1 to 63"),
    ("lane", 1, TEXT),
    ("dedupkey", "", "must have 1 to 256"),
    ("dedupkey", "k" * 257, "must have 1 to 256"),
    ("dedupkey", 5, TEXT),
    ("dedupwindow", 0, WINDOW),
    ("dedupwindow", -1, WINDOW),
    ("dedupwindow", 2592001, WINDOW),
    ("dedupwindow", 1.5, WINDOW),
    ("dedupwindow", True, WINDOW),
    ("dedupwindow", "", WINDOW),
    ("dedupwindow", "060", WINDOW),
    ("dedupwindow", "+60", WINDOW),
    ("dedupwindow", "\uff16\uff10", WINDOW),
    ("dedupwindow", "9" * 5000, WINDOW),
    ("dedupwindow", [60], WINDOW),
    ("partitionkey", "", "must have 1 to 256"),
    ("partitionkey", 5, TEXT),
    ("traceparent", 5, TEXT),
    ("tracestate", ["a=1"], TEXT),
    ("extension", 1.5, EXTENSION),
    ("extension", 5.0, EXTENSION),
    ("extension", 2**31, EXTENSION),
    ("extension", -(2**31) - 1, EXTENSION),
    ("extension", [], EXTENSION),
    ("extension", {}, EXTENSION),
    ("extension", "x" * 4097, "must have 0 to 4096"),
    ("extension", "a\tb", CHARACTERS),
    ("MyExtension", "bad", NAMED),
    ("my.extension", "bad", NAMED),
    ("my_extension", "bad", NAMED),
    ("x" * 65, "bad", NAMED),
]


@pytest.mark.parametrize(
    ("name", "value", "remedy"), BAD, ids=[f"{name}-{place}" for place, (name, _, _) in enumerate(BAD)]
)
def test_a_value_that_does_not_fit_is_400_and_named(name: str, value: object, remedy: str) -> None:
    assert_refused(refusal_of(structured, an_event(**{name: value})), 400, f"#/{name}", remedy)


@pytest.mark.parametrize("name", ["", "caffè", "a b", "a/b", "a~b", "\ud800", "x" * 5000])
def test_a_name_that_is_no_attribute_name_is_400(name: str) -> None:
    refused = refusal_of(structured, {**an_event(), name: "1"})

    assert refused.status == 400
    assert len(refused.errors[0].pointer) <= 256
    assert refused.errors[0].pointer.isascii()
    assert NAMED in refused.errors[0].detail


def test_the_pointer_escapes_the_name() -> None:
    refused = refusal_of(structured, {**an_event(), "a/b~c è": "1"})

    assert refused.errors[0].pointer == "#/a~1b~0c%20%C3%A8"


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
@pytest.mark.parametrize("submit", [structured, binary])
def test_a_required_attribute_must_be_there(submit: Any, name: str) -> None:
    assert_refused(refusal_of(submit, an_event(**{name: None})), 400, f"#/{name}", "must be there")


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "subject", "time", "dataschema", "lane"])
def test_an_empty_header_is_400(name: str) -> None:
    assert_refused(refusal_of(binary, an_event(**{name: ""})), 400, f"#/{name}", "must")


@pytest.mark.parametrize("name", ["tenant", "taskid", "attempt", "deadline"])
@pytest.mark.parametrize("submit", [structured, binary])
def test_the_attributes_that_are_our_own_are_422(submit: Any, name: str) -> None:
    assert_refused(refusal_of(submit, an_event(**{name: "acme"})), 422, f"#/{name}", "must not be submitted")


def test_malformed_outweighs_refused() -> None:
    refused = refusal_of(structured, an_event(tenant="acme", time="lunchtime"))

    assert refused.status == 400
    assert {error.pointer for error in refused.errors} == {"#/tenant", "#/time"}


def test_every_wrong_field_is_told_at_once_and_the_first_in_words() -> None:
    refused = refusal_of(structured, {"id": "", "time": "lunchtime", "Bad": "1"})

    assert {error.pointer for error in refused.errors} == {
        "#/id",
        "#/time",
        "#/Bad",
        "#/specversion",
        "#/source",
        "#/type",
    }
    assert refused.detail.startswith("#/id must have 1 to 1024 characters, not 0.")
    assert "5 more" in refused.detail


def test_a_long_list_of_errors_is_cut() -> None:
    refused = refusal_of(structured, an_event(**{f"BAD{number}": 1 for number in range(50)}))

    assert len(refused.errors) == 20


def test_64_attributes_are_taken_and_65_refused() -> None:
    extensions = {f"x{number}": "1" for number in range(60)}

    assert len(event_of(structured(an_event(**extensions)))) == 64
    assert_refused(refusal_of(structured, an_event(**extensions, more="1")), 400, "#", "at most 64 attributes")
