"""Batches: one bad event refuses itself alone."""

import json

import pytest

from fairlane.domain.errors import Refused
from tests.unit.events.sending import an_event, assert_refused, batched, refusal_of

GOOD = json.dumps(an_event()).encode()


def test_a_bad_event_stands_refused_in_its_place() -> None:
    first, second, third = batched(an_event(id="1"), an_event(id=""), an_event(id="3")).events

    assert (first, third) == (an_event(id="1"), an_event(id="3"))
    assert isinstance(second, Refused)
    assert_refused(second, 400, "#/id", "1 to 1024 characters")


@pytest.mark.parametrize("item", ["not an object", 5, None, [], [an_event()], True])
def test_an_item_that_is_no_object_is_refused_alone(item: object) -> None:
    refused, good = batched(item, an_event()).events

    assert good == an_event()
    assert isinstance(refused, Refused)
    assert_refused(refused, 400, "#", "must be an object")


@pytest.mark.parametrize(
    ("item", "pointer", "remedy"),
    [
        (GOOD[:-1] + b',"id":"again"}', "#/id", "must be there once"),
        (GOOD[:-1] + b',"data":{"a":1,"a":1}}', "#/data/a", "must be there once"),
        (GOOD[:-1] + b',"data":NaN}', "#/data", "NaN"),
        (GOOD[:-1] + b',"data":"\\ud800"}', "#/data", "surrogate"),
        (GOOD[:-1] + b',"data":' + b"[" * 65 + b"]" * 65 + b"}", "#/data" + "/0" * 64, "nested deeper"),
        (GOOD[:-1] + b',"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "#", "nested deeper"),
        (b"[" * 100_000 + b"]" * 100_000, "#", "nested deeper"),
        (b'{"a":' * 100_000 + b'",]}\\""' + b"}" * 100_000, "#", "nested deeper"),
        (GOOD.replace(b'"1.0"', b'"0.3"'), "#/specversion", '"1.0"'),
        (GOOD[:-1] + b',"tenant":"other"}', "#/tenant", "must not be submitted"),
    ],
    ids=lambda part: str(part)[:20],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_item_that_cannot_be_exchanged_is_refused_alone(place: int, item: bytes, pointer: str, remedy: str) -> None:
    items = [GOOD, GOOD]
    items.insert(place, item)

    events = list(batched(body=b" [" + b" , ".join(items) + b"] ").events)

    refused = events.pop(place)
    assert events == [an_event(), an_event()]
    assert isinstance(refused, Refused)
    assert_refused(refused, 422 if pointer == "#/tenant" else 400, pointer, remedy)


@pytest.mark.parametrize(
    "broken", [b"[%s,]", b"[%s", b"[%s] x", b"[%s]]", b"[,%s]", b"[%s}", b"x[%s]", b'{"a":1,"b":%s}']
)
@pytest.mark.parametrize("bomb", [b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b"1"])
def test_a_bomb_does_not_hide_that_the_batch_is_no_array(broken: bytes, bomb: bytes) -> None:
    refused = refusal_of(batched, body=broken.replace(b"%s", bomb))

    assert (refused.status, [error.pointer for error in refused.errors]) == (400, ["#"])


def test_an_endless_row_of_escaped_quotes_behind_a_bomb_is_read_without_delay() -> None:
    # quadratic in a careless expression: hours
    refused = refusal_of(batched, body=b"[" + b"[" * 100_000 + b"]" * 100_000 + b',"' + b'\\"' * 1_000_000)

    assert_refused(refused, 400, "#", "nested deeper")


def test_an_empty_batch_is_a_batch() -> None:
    assert batched().events == []


@pytest.mark.parametrize("count", [1, 100])
def test_a_batch_holds_up_to_100_events(count: int) -> None:
    assert len(batched(*[an_event()] * count).events) == count


@pytest.mark.parametrize("count", [101, 5000])
def test_a_larger_batch_is_413(count: int) -> None:
    assert_refused(refusal_of(batched, *[1] * count), 413, "#", f"at most 100 events, not {count}")


@pytest.mark.parametrize("body", [b"{}", GOOD, b'"text"', b"null", b"1"])
def test_a_batch_that_is_no_array_is_400(body: bytes) -> None:
    assert_refused(refusal_of(batched, body=body), 400, "#", "must be an array of events")
