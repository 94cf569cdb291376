"""What holds for all events and for anything that is none."""

import json
from base64 import b64decode, b64encode
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane.domain.errors import Refused, problem_document
from fairlane.events import Event, event_json, event_size, parse_submission, payload_hash
from tests.unit.events.sending import BATCHED, STRUCTURED, an_event, batched, binary, event_of, structured

often = settings(deadline=None, max_examples=300)

# --- valid events ----------------------------------------------------------------------------------

KNOWN = ["specversion", "id", "source", "type", "datacontenttype", "dataschema", "subject", "time", "data"]
OURS = ["lane", "notbefore", "expirytime", "dedupkey", "dedupwindow", "partitionkey", "traceparent", "tracestate"]
REFUSED = ["tenant", "taskid", "attempt", "deadline"]

#: What a CloudEvents string may hold.
characters = st.characters(exclude_categories=["Cs", "Cc"]).filter(
    lambda c: ord(c) & 0xFFFE != 0xFFFE and not 0xFDD0 <= ord(c) <= 0xFDEF
)
#: Spaces around a header's value are not part of it; that is why a client percent-encodes them.
texts = st.text(characters, min_size=1, max_size=40)
uri_references = st.text(st.sampled_from("abcXYZ019-._~:/?#[]@!$&'()*+,;=%é€"), min_size=1, max_size=40)
names = st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True).filter(lambda name: name not in {*KNOWN, *OURS, *REFUSED})
times = st.datetimes().map(lambda at: at.isoformat() + "Z")
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
json_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | json_texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(json_texts, inner, max_size=4),
    max_leaves=20,
)
contents = st.one_of(
    st.builds(lambda data: {"datacontenttype": "application/json", "data": data}, json_values),
    st.builds(lambda data: {"datacontenttype": "text/plain", "data": data}, json_texts.filter(bool)),
    st.builds(
        lambda raw: {"datacontenttype": "image/png", "data_base64": b64encode(raw).decode()},
        st.binary(min_size=1, max_size=40),
    ),
    st.just({}),
)
attributes = st.fixed_dictionaries(
    {"specversion": st.just("1.0"), "id": texts, "source": uri_references, "type": st.just("resize")},
    optional={
        "subject": texts,
        "time": times,
        "notbefore": times,
        "dedupkey": texts,
        "dedupwindow": st.integers(1, 2592000),
        "lane": st.just("fast"),
        "traceparent": texts,
    },
)
extensions = st.dictionaries(names, texts, max_size=5)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    return {**draw(attributes), **draw(extensions), **draw(contents)}


def in_binary_mode(event: dict[str, Any]) -> Event:
    named = {name: v for name, v in event.items() if name not in {"data", "data_base64", "datacontenttype"}}
    if "data_base64" in event:
        return event_of(binary(named, b64decode(event["data_base64"]), event["datacontenttype"]))
    if event.get("datacontenttype") == "text/plain":
        return event_of(binary(named, event["data"].encode(), "text/plain"))
    body = json.dumps(event["data"]).encode() if "data" in event else b""
    return event_of(binary(named, body, event.get("datacontenttype")))


@often
@given(events())
def test_an_event_is_the_same_in_every_content_mode(event: dict[str, Any]) -> None:
    in_structured = event_of(structured(event))

    assert in_structured == event
    assert in_binary_mode(event) == in_structured
    assert batched(event).events == [in_structured]
    assert payload_hash(in_binary_mode(event)) == payload_hash(in_structured)


@often
@given(events(), st.randoms(use_true_random=False))
def test_the_hash_ignores_time_trace_and_order(event: dict[str, Any], random: Any) -> None:
    members = list(event.items())
    random.shuffle(members)
    again = {**dict(members), "time": "2026-11-23T20:00:00Z", "traceparent": "00-1", "tracestate": "a=1"}

    assert payload_hash(event_of(structured(again))) == payload_hash(event_of(structured(event)))


@often
@given(events(), events())
def test_events_that_differ_have_different_hashes(one: dict[str, Any], other: dict[str, Any]) -> None:
    ignored = {"time", "traceparent", "tracestate"}
    said, also = ({k: v for k, v in event.items() if k not in ignored} for event in (one, other))

    if json.dumps(said, sort_keys=True) != json.dumps(also, sort_keys=True):
        assert payload_hash(one) != payload_hash(other)


@often
@given(events())
def test_an_event_survives_its_text_and_is_submitted_again_unchanged(event: dict[str, Any]) -> None:
    normal = event_of(structured(event))

    assert json.loads(event_json(normal)) == normal
    assert event_of(structured(event_json(normal).encode())) == normal
    assert event_size(normal) == len(event_json(normal).encode())


# --- anything --------------------------------------------------------------------------------------

content_types = st.sampled_from(
    [STRUCTURED, BATCHED, "application/json", "text/plain", "text/plain; charset=latin1", "image/png", "x", ""]
)
wild_text = st.text(st.characters(exclude_categories=[]), max_size=30) | st.text(
    st.sampled_from('%"\\aE2082C , \t'), max_size=20
)
header_names = st.sampled_from([f"ce-{name}" for name in ["specversion", "id", "source", "type", "time", "x"]])
headers = st.lists(
    st.tuples(header_names | wild_text, wild_text | st.just("1.0"))
    | st.tuples(st.just("content-type"), content_types | wild_text),
    max_size=8,
)
json_like = st.text(st.sampled_from('{}[]",:\\ud80ntrefls019.-+ \n'), max_size=40).map(str.encode)
wild_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
attribute_names = st.sampled_from([*KNOWN, *OURS, *REFUSED, "data_base64", "x", "X"]) | wild_text
wild_events = st.dictionaries(attribute_names, wild_json, max_size=8).map(lambda wild: {**an_event(), **wild})
bodies = (
    st.binary(max_size=60)
    | json_like
    | wild_json.map(lambda value: json.dumps(value).encode())
    | wild_events.map(lambda event: json.dumps(event).encode())
    | st.lists(wild_events | wild_json, max_size=3).map(lambda batch: json.dumps(batch).encode())
)


def assert_told(refused: Refused) -> None:
    """A refusal can be answered: 4xx, in UTF-8, with pointers and remedies, of bounded size."""
    assert refused.status in {400, 413, 415, 422}
    assert refused.errors
    assert all(error.pointer.startswith("#") and error.detail.startswith("must") for error in refused.errors)
    assert len(json.dumps(problem_document(refused), ensure_ascii=False).encode()) < 20_000


def submit_anything(headers: list[tuple[str, str]], body: bytes) -> None:
    """Whatever comes out can be sent on; whatever is refused can be told."""
    try:
        submission = parse_submission(headers, body)
    except Refused as refused:
        assert_told(refused)
        return
    for event in submission.events:
        if isinstance(event, Refused):
            assert_told(event)
        else:
            assert json.loads(event_json(event)) == event
            assert event_size(event) > 0
            assert len(payload_hash(event)) == 32


@often
@given(headers, bodies)
def test_no_request_raises_anything_but_a_refusal(headers: list[tuple[str, str]], body: bytes) -> None:
    submit_anything(headers, body)


@often
@given(bodies, st.sampled_from([STRUCTURED, BATCHED]))
def test_no_body_raises_anything_but_a_refusal(body: bytes, content_type: str) -> None:
    submit_anything([("content-type", content_type)], body)


@often
@given(wild_events, st.sampled_from([STRUCTURED, BATCHED]))
def test_no_event_raises_anything_but_a_refusal(event: dict[str, Any], content_type: str) -> None:
    document = [event] if content_type == BATCHED else event
    submit_anything([("content-type", content_type)], json.dumps(document).encode())


@often
@given(events(), st.data())
def test_no_event_with_a_piece_cut_out_raises_anything_but_a_refusal(
    event: dict[str, Any], data: st.DataObject
) -> None:
    body = json.dumps([event]).encode()
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, len(body)))

    submit_anything([("content-type", BATCHED)], body[:start] + body[end:])


@often
@given(events(), wild_text)
def test_a_refused_event_never_changes_its_neighbours(event: dict[str, Any], name: str) -> None:
    with suppress(Refused):
        first, _, last = batched(event, {**event, name: 1.5}, event).events
        assert first == last == event
