import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlane_client import (
    NotFoundError,
    ProblemError,
    RetryPolicy,
    TooManyRequestsError,
    UnavailableError,
    UnreachableError,
    new_event,
)
from fairlane_client.call import retry_after_s
from tests.unit.client.asking import Ask, Reply, ok, problem

EVENT = new_event("resize", source="/tests", event_id="1")
ACCEPTED = {"id": "t_1", "status": "queued", "duplicate": False}

UNKNOWN: list[Reply] = [
    problem(502),
    problem(503, "unavailable"),
    problem(504),
    httpx.ReadTimeout("slow"),
    httpx.ReadError("reset"),
    httpx.RemoteProtocolError("closed"),
]
CERTAINLY_NOT_DONE: list[Reply] = [
    problem(429, "too-many-requests"),
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("slow"),
]


def name(reply: Reply) -> str:
    return str(reply.status_code) if isinstance(reply, httpx.Response) else type(reply).__name__


@pytest.mark.parametrize("failure", UNKNOWN + CERTAINLY_NOT_DONE, ids=name)
def test_submitting_is_repeated_after_whatever_may_pass_since_it_is_deduplicated(ask: Ask, failure: Reply) -> None:
    ask.service.replies = [failure, ok(ACCEPTED)]
    assert ask("submit_event", EVENT) == ACCEPTED
    first, second = ask.service.bodies()
    assert first == second == EVENT


@pytest.mark.parametrize("failure", CERTAINLY_NOT_DONE, ids=name)
def test_making_a_key_is_repeated_when_it_was_certainly_not_made(ask: Ask, failure: Reply) -> None:
    ask.service.replies = [failure, httpx.Response(201, json={"keyid": "k"})]
    assert ask("create_key", "acme", ["read"]) == {"keyid": "k"}


@pytest.mark.parametrize("failure", UNKNOWN, ids=name)
def test_making_a_key_is_not_repeated_when_it_may_have_been_made(ask: Ask, failure: Reply) -> None:
    ask.service.replies = [failure]
    with pytest.raises((UnavailableError, UnreachableError)):
        ask("create_key", "acme", ["read"])
    assert len(ask.service.requests) == 1


@pytest.mark.parametrize("failure", UNKNOWN, ids=name)
def test_a_deletion_whose_repeat_finds_nothing_has_worked(ask: Ask, failure: Reply) -> None:
    ask.service.replies = [failure, problem(404, "not-found")]
    assert ask("delete_function", "resize") is None


@pytest.mark.parametrize("failure", CERTAINLY_NOT_DONE, ids=name)
def test_a_deletion_that_was_certainly_not_done_and_finds_nothing_is_an_error(ask: Ask, failure: Reply) -> None:
    ask.service.replies = [failure, problem(404, "not-found")]
    with pytest.raises(NotFoundError):
        ask("delete_function", "resize")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 500])
def test_refusals_and_bugs_of_the_service_are_not_repeated(ask: Ask, status: int) -> None:
    ask.service.replies = [problem(status)]
    with pytest.raises(ProblemError):
        ask("get_task", "t_1")
    assert ask.pauses == []


def test_a_request_that_cannot_be_sent_is_not_repeated(ask: Ask) -> None:
    ask.service.replies = [httpx.UnsupportedProtocol("ftp")]
    with pytest.raises(UnreachableError, match="ftp"):
        ask("get_task", "t_1")


def test_it_gives_up_with_the_last_refusal(ask: Ask) -> None:
    ask.service.replies = [problem(429, "too-many-requests", {"Retry-After": "1"}) for _ in range(4)]
    with pytest.raises(TooManyRequestsError) as raised:
        ask("get_task", "t_1")
    assert raised.value.retry_after_s == 1
    assert raised.value.repeatable
    assert len(ask.service.requests) == 4


def test_it_gives_up_with_what_was_not_reached(ask: Ask) -> None:
    ask.service.replies = [httpx.ConnectError("refused") for _ in range(4)]
    with pytest.raises(UnreachableError, match="refused") as raised:
        ask("get_task", "t_1")
    assert not raised.value.sent


def test_pauses_grow(ask: Ask) -> None:
    ask.service.replies = [problem(503), problem(503), problem(503), ok({})]
    ask("get_task", "t_1")
    assert ask.pauses == [0.125, 0.25, 0.5]


def test_a_pause_is_never_shorter_than_the_service_asks(ask: Ask) -> None:
    ask.service.replies = [problem(429, headers={"Retry-After": "7"}), ok({})]
    ask("get_task", "t_1")
    assert ask.pauses == [7.125]


def test_a_longer_pause_than_the_policy_allows_is_left_to_the_caller(ask: Ask) -> None:
    ask.service.replies = [problem(429, headers={"Retry-After": "3600"})]
    with pytest.raises(TooManyRequestsError) as raised:
        ask("get_task", "t_1")
    assert raised.value.retry_after_s == 3600


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("12", 12.0),
        ("Mon, 23 Nov 2026 20:01:00 GMT", 60.0),
        ("Mon, 23 Nov 2026 19:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date_by_the_service_s_clock(value: str, seconds: float | None) -> None:
    assert retry_after_s({"retry-after": value, "date": "Mon, 23 Nov 2026 20:00:00 GMT"}) == seconds


@given(
    tries=st.integers(1, 10_000),
    asked=st.none() | st.floats(0, 60),
    jitter=st.floats(0, 1, exclude_max=True),
)
def test_a_pause_lies_between_what_was_asked_and_the_cap_above_it(
    tries: int, asked: float | None, jitter: float
) -> None:
    policy = RetryPolicy(max_tries=10_001)
    pause_s = policy.pause_s(tries, retry_after_s=asked, jitter=lambda: jitter)
    assert pause_s is not None
    assert (asked or 0) <= pause_s <= (asked or 0) + policy.cap_s
