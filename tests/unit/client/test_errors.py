import httpx
import pytest

from fairlane_client import (
    Client,
    ConflictError,
    ForbiddenError,
    MalformedError,
    NotFoundError,
    ProblemError,
    RefusedError,
    TooLargeError,
    UnauthorizedError,
    UnexpectedAnswerError,
)
from tests.unit.client.asking import API, KEY, Ask, problem


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, MalformedError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (413, TooLargeError),
        (415, ProblemError),
        (422, RefusedError),
        (500, ProblemError),
    ],
)
def test_each_status_has_its_exception(ask: Ask, status: int, expected: type[ProblemError]) -> None:
    ask.service.replies = [problem(status)]
    with pytest.raises(expected) as raised:
        ask("get_task", "t_1")
    assert type(raised.value) is expected


def test_the_exception_carries_the_problem_document(ask: Ask) -> None:
    document = {
        "type": "urn:fairlane:problem:refused",
        "title": "Refused",
        "status": 422,
        "detail": "timeout is too short",
        "errors": [{"pointer": "#/timeout", "detail": "must be 3 or more"}],
        "instance": "/later/field",
    }
    ask.service.replies = [httpx.Response(422, json=document)]
    with pytest.raises(RefusedError) as raised:
        ask("put_function", "resize", {"target": {"lambda": "f"}})
    assert raised.value.problem == document
    assert raised.value.kind == "refused"
    assert str(raised.value) == "422 refused: timeout is too short\n  #/timeout: must be 3 or more"


@pytest.mark.parametrize("document", [{"message": "Forbidden"}, {"Message": "Forbidden"}])
def test_what_api_gateway_answers_itself_becomes_a_problem_document(ask: Ask, document: dict[str, str]) -> None:
    ask.service.replies = [httpx.Response(403, json=document)]
    with pytest.raises(ForbiddenError) as raised:
        ask("get_task", "t_1")
    expected = {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": "Forbidden"}
    assert raised.value.problem == expected


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<html>A proxy's welcome page</html>"),
        httpx.Response(200, json=["a", "list"]),
        httpx.Response(404, text="not Fairlane"),
        httpx.Response(302, headers={"Location": "https://elsewhere.example/"}),
        httpx.Response(200, content=b"[" * 100_000),
    ],
    ids=["page", "list", "text", "redirect", "nested"],
)
def test_what_is_not_fairlane_s_api_is_told_apart(ask: Ask, answer: httpx.Response) -> None:
    ask.service.replies = [answer]
    with pytest.raises(UnexpectedAnswerError):
        ask("get_task", "t_1")


@pytest.mark.parametrize(
    "given",
    [API, f"{API}/", f"{API}/v1", f"  {API}/v1/  "],
)
def test_the_address_may_be_given_with_or_without_the_version(given: str) -> None:
    with Client(given) as client:
        assert client.api_url == API


@pytest.mark.parametrize(
    "address", ["", "example.com", "ftp://example.com", "https://", "http://host:port/", "https://host/?a=b"]
)
def test_what_is_no_address_is_refused_before_anything_is_sent(address: str) -> None:
    with pytest.raises(ValueError, match="is not the address of an API"):
        Client(address)


@pytest.mark.parametrize("key", ["", "fl_a\nb", "fl a", "schlüssel"])
def test_what_cannot_be_a_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValueError, match="the key has characters that no key has"):
        Client(API, key)


def test_neither_client_nor_error_shows_the_key(ask: Ask) -> None:
    ask.service.replies = [httpx.ReadTimeout("slow") for _ in range(4)]
    with pytest.raises(Exception, match="slow") as raised:
        ask("get_task", "t_1")
    with Client(API, KEY) as client:
        assert KEY not in f"{client!r}{raised.value!r}{raised.value}"
