import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from fairlane_client import UnauthorizedError, UnavailableError, new_event
from fairlane_client.errors import MiscountError
from fairlane_client.events import BATCH_BYTES
from fairlane_client.models import Event
from tests.unit.client.asking import Ask, AskAwaiting, problem


def an_event(number: int, data: object = None) -> Event:
    return new_event("resize", data, source="/tests", event_id=f"e{number}")


def accept(events: list[Event]) -> httpx.Response:
    return httpx.Response(200, json={"items": [accepted(event) for event in events]})


def accepted(event: Event) -> dict[str, object]:
    return {"id": f"t_{event['id']}", "status": "queued", "duplicate": False}


def refused(status: int, kind: str = "refused") -> dict[str, object]:
    return {"error": {"type": f"urn:fairlane:problem:{kind}", "title": "No", "status": status}}


def ids(answers: list[Any]) -> list[str]:
    return [answer["id"] if "id" in answer else f"error {answer['error']['status']}" for answer in answers]


def accept_everything(ask: Ask) -> None:
    """Whatever comes is accepted."""

    def answer(request: httpx.Request) -> httpx.Response:
        ask.service.requests.append(request)
        return accept(json.loads(request.content))

    ask.service.answer = answer  # type: ignore[method-assign]


@pytest.mark.parametrize("method", ["batch", "stream"])
def test_many_events_go_in_batches_of_a_hundred_and_are_answered_in_order(ask: Ask, method: str) -> None:
    accept_everything(ask)
    events = [an_event(n) for n in range(250)]
    answers = ask("submit_batch", events) if method == "batch" else ask.every("submit_stream", events)
    assert ids(answers) == [f"t_e{n}" for n in range(250)]
    assert [len(body) for body in ask.service.bodies()] == [100, 100, 50]
    assert ask.service.requests[0].headers["content-type"] == "application/cloudevents-batch+json"


@pytest.mark.parametrize("method", ["batch", "stream"])
def test_large_events_go_in_requests_that_stay_below_the_limit(ask: Ask, method: str) -> None:
    accept_everything(ask)
    events = [an_event(n, "x" * 1_200_000) for n in range(5)]
    answers = ask("submit_batch", events) if method == "batch" else ask.every("submit_stream", events)
    assert ids(answers) == [f"t_e{n}" for n in range(5)]
    assert [len(body) for body in ask.service.bodies()] == [2, 2, 1]
    assert max(len(request.content) for request in ask.service.requests) <= BATCH_BYTES


def test_no_events_need_no_request(ask: Ask) -> None:
    assert ask("submit_batch", []) == []
    assert ask.every("submit_stream", []) == []
    assert ask.service.requests == []


def test_a_refused_event_is_answered_in_its_place(ask: Ask) -> None:
    items = [accepted(an_event(0)), refused(422), accepted(an_event(2))]
    ask.service.replies = [httpx.Response(207, json={"items": items})]
    assert ask("submit_batch", [an_event(n) for n in range(3)]) == items


@pytest.mark.parametrize("status", [429, 503])
def test_only_events_that_were_not_confirmed_are_sent_again(ask: Ask, status: int) -> None:
    first = {"items": [accepted(an_event(0)), refused(status), refused(422), refused(status)]}
    ask.service.replies = [httpx.Response(207, json=first), accept([an_event(1), an_event(3)])]
    answers = ask("submit_batch", [an_event(n) for n in range(4)])
    assert ids(answers) == ["t_e0", "t_e1", "error 422", "t_e3"]
    assert [event["id"] for event in ask.service.bodies()[1]] == ["e1", "e3"]
    assert ask.pauses == [0.125]


def test_an_event_that_is_never_confirmed_is_answered_with_its_problem(ask: Ask) -> None:
    ask.service.replies = [httpx.Response(207, json={"items": [refused(503)]}) for _ in range(4)]
    assert ids(ask("submit_batch", [an_event(0)])) == ["error 503"]
    assert ask.service.replies == []


def test_a_batch_that_is_refused_as_a_whole_is_halved_until_only_the_bad_event_is_left(ask: Ask) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        events = json.loads(request.content)
        bad = any(event["id"] == "e3" for event in events)
        return problem(400, "malformed") if bad else accept(events)

    ask.service.answer = answer  # type: ignore[method-assign]
    answers = ask("submit_batch", [an_event(n) for n in range(5)])
    assert ids(answers) == ["t_e0", "t_e1", "t_e2", "error 400", "t_e4"]


def test_an_event_too_large_for_any_request_is_refused_alone(ask: Ask) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        too_large = len(request.content) > 4_000_000
        return problem(413, "too-large") if too_large else accept(json.loads(request.content))

    ask.service.answer = answer  # type: ignore[method-assign]
    events = [an_event(0), an_event(1, "x" * 5_000_000), an_event(2)]
    assert ids(ask.every("submit_stream", events)) == ["t_e0", "error 413", "t_e2"]


def test_a_key_that_is_refused_ends_the_stream(ask: Ask) -> None:
    ask.service.replies = [problem(401, "unauthorized")]
    with pytest.raises(UnauthorizedError):
        ask.every("submit_stream", [an_event(0), an_event(1)])


def test_a_service_that_stays_unavailable_ends_the_stream(ask: Ask) -> None:
    ask.service.replies = [problem(503, "unavailable") for _ in range(4)]
    with pytest.raises(UnavailableError):
        ask.every("submit_stream", [an_event(0), an_event(1)])


def test_an_answer_too_few_is_an_error_as_nobody_knows_whose_is_missing(ask: Ask) -> None:
    ask.service.replies = [accept([an_event(0)])]
    with pytest.raises(MiscountError):
        ask("submit_batch", [an_event(0), an_event(1)])


def test_a_stream_sends_a_batch_before_it_takes_more_events(ask: Ask) -> None:
    accept_everything(ask)
    sent_before: list[int] = []

    def events() -> Iterator[Event]:
        for number in range(5):
            sent_before.append(len(ask.service.requests))
            yield an_event(number)

    ask.every("submit_stream", events(), batch_events=2)
    assert sent_before == [0, 0, 1, 1, 2]


def test_the_awaiting_client_takes_events_that_are_awaited() -> None:
    async def events() -> AsyncIterator[Event]:
        for number in range(3):
            yield an_event(number)

    ask = AskAwaiting.scripted()
    accept_everything(ask)
    assert ids(ask.every("submit_stream", events())) == ["t_e0", "t_e1", "t_e2"]


def test_an_event_without_an_id_gets_a_random_one_and_keeps_it() -> None:
    assert new_event("resize", source="/tests")["id"] != new_event("resize", source="/tests")["id"]


def test_data_becomes_json_and_bytes_become_base64() -> None:
    assert an_event(1, {"n": 1})["data"] == {"n": 1}
    assert an_event(1, b"\x00")["data_base64"] == "AA=="
    assert "data" not in an_event(1)


def test_attributes_go_beside_the_data() -> None:
    event = new_event("resize", b"x", source="/tests", datacontenttype="image/png", lane="slow")
    assert (event["lane"], event["datacontenttype"]) == ("slow", "image/png")
