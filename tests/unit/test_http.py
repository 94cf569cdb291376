"""Requests, routes and answers of API Gateway's proxy integration; strict JSON."""

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane.domain.errors import KINDS, FieldError, Refused, Unavailable
from fairlane.http import (
    MAX_DEPTH,
    REQUEST_LIMIT,
    Answer,
    Request,
    Route,
    parse_json,
    problem,
    proxy_response,
    request_of,
    resolve,
)

ROUTES = (
    Route("GET", "/v1/tasks", "read", "list"),
    Route("POST", "/v1/tasks", "submit", "submit"),
    Route("GET", "/v1/tasks/{id}", "read", "show"),
    Route("GET", "/v1/openapi.json", None, "openapi"),
    Route("DELETE", "/v1/lanes/{lane}/keys/{keyid}", "manage", "delete"),
)


def resolved(method: str, path: str) -> tuple[str, dict[str, str]]:
    route, request = resolve(ROUTES, Request(method, path))
    return route.action, dict(request.params)


def refusal(method: str, path: str) -> Refused:
    with pytest.raises(Refused) as caught:
        resolved(method, path)
    return caught.value


@pytest.mark.parametrize(
    ("method", "path", "action", "params"),
    [
        ("GET", "/v1/tasks", "list", {}),
        ("GET", "/v1/tasks/", "list", {}),
        ("HEAD", "/v1/tasks", "list", {}),
        ("POST", "/v1/tasks", "submit", {}),
        ("GET", "/v1/tasks/t_1", "show", {"id": "t_1"}),
        ("GET", "/v1/tasks/a%2Fb%20c", "show", {"id": "a/b c"}),
        ("DELETE", "/v1/lanes/a/keys/b", "delete", {"lane": "a", "keyid": "b"}),
        ("GET", "/v1/openapi.json", "openapi", {}),
    ],
)
def test_a_request_finds_its_route_and_parameters(method: str, path: str, action: str, params: dict[str, str]) -> None:
    assert resolved(method, path) == (action, params)


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/tasks/a/b", "/v1/task", "/v1/openapiXjson", "/V1/tasks", "//v1/tasks"]
)
def test_a_path_that_is_not_there_is_not_found(path: str) -> None:
    assert refusal("GET", path).status == 404


def test_a_long_path_is_cut_in_the_answer() -> None:
    assert len(refusal("GET", "/" + "x" * 10_000).detail) < 300


@pytest.mark.parametrize(
    ("method", "path", "allow"), [("PUT", "/v1/tasks", "GET, POST"), ("HEAD", "/v1/lanes/a/keys/b", "DELETE")]
)
def test_a_method_that_is_not_there_is_told_with_those_that_are(method: str, path: str, allow: str) -> None:
    refused = refusal(method, path)

    assert (refused.status, refused.headers["Allow"]) == (405, allow)


def an_event(**changes: Any) -> dict[str, Any]:
    return {"httpMethod": "POST", "path": "/v1/tasks", "headers": {"Content-Type": "text/plain"}, "body": "é"} | changes


def test_headers_are_lower_case_and_repeated_ones_stay_apart() -> None:
    request = request_of(an_event(multiValueHeaders={"X-A": ["1", "2"], "Host": ["h"]}))

    assert request.headers == [("x-a", "1"), ("x-a", "2"), ("host", "h")]
    assert (request.header("x-a"), request.header("x-b")) == ("1", None)


def test_without_several_values_single_headers_count() -> None:
    assert request_of(an_event(multiValueHeaders=None)).header("content-type") == "text/plain"


@pytest.mark.parametrize(
    ("body", "encoded", "raw"),
    [("é", False, "é".encode()), (b64encode(b"\x00\xff").decode(), True, b"\x00\xff"), (None, False, b"")],
)
def test_the_body_is_bytes_whatever_api_gateway_makes_of_it(body: str | None, encoded: bool, raw: bytes) -> None:
    assert request_of(an_event(body=body, isBase64Encoded=encoded)).body == raw


def test_a_request_over_the_limit_is_refused() -> None:
    assert len(request_of(an_event(body="x" * REQUEST_LIMIT)).body) == REQUEST_LIMIT
    with pytest.raises(Refused) as caught:
        request_of(an_event(body="x" * (REQUEST_LIMIT + 1)))
    assert caught.value.status == 413


def test_an_answer_is_compact_json_that_nobody_may_cache() -> None:
    response = proxy_response(Answer(200, {"a": [1, None]}, {"Location": "/x"}))

    assert response == {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", "Location": "/x"},
        "body": '{"a":[1,null]}',
        "isBase64Encoded": False,
    }


def test_the_answer_to_head_has_the_headers_and_no_body() -> None:
    whole, head = (proxy_response(Answer(200, {"a": 1}), head=head) for head in (False, True))

    assert head == whole | {"body": ""}


def test_an_answer_without_a_body_has_no_content_type() -> None:
    response = proxy_response(Answer(204))

    assert (response["body"], "Content-Type" in response["headers"]) == ("", False)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_refusal_is_a_problem_document(kind: str) -> None:
    response = proxy_response(problem(Refused(kind, "why", (FieldError("#/a", "wrong"),))))

    assert response["headers"]["Content-Type"] == "application/problem+json"
    assert json.loads(response["body"]) == {
        "type": f"urn:fairlane:problem:{kind}",
        "title": KINDS[kind][1],
        "status": KINDS[kind][0],
        "detail": "why",
        "errors": [{"pointer": "#/a", "detail": "wrong"}],
    }
    assert response["statusCode"] == KINDS[kind][0]


def test_what_may_work_later_says_when() -> None:
    assert problem(Unavailable("later", retry_after_s=5)).headers == {"Retry-After": "5"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(json_values)
def test_json_is_read_as_it_was_written(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"{} x", b"NaN", b"[Infinity]", b"-Infinity", b'{"a":1,"a":2}', b"\xff", b"'a'", b"{a:1}", b"[1,]"],
)
def test_what_is_not_strict_json_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused) as caught:
        parse_json(raw)

    assert caught.value.status == 400


@pytest.mark.parametrize("leaf", [b"", b"1"])
def test_nesting_is_counted_in_arrays_and_objects_whatever_is_inside(leaf: bytes) -> None:
    arrays = b"[" * MAX_DEPTH + leaf + b"]" * MAX_DEPTH
    both = b'{"a":[' * (MAX_DEPTH // 2) + leaf + b"]}" * (MAX_DEPTH // 2)

    for fits in (arrays, both):
        parse_json(fits)
        with pytest.raises(Refused, match="nested deeper than 64"):
            parse_json(b"[" + fits + b"]")


def test_a_nesting_bomb_is_refused_like_any_other() -> None:
    with pytest.raises(Refused, match="nested deeper"):
        parse_json(b"[" * 200_000)


def test_our_own_messages_may_be_nested_deeper() -> None:
    parse_json(b"[" * 66 + b"]" * 66, depth=128)


def body(text: bytes, content_type: str | None = "application/json") -> Request:
    return Request("PUT", "/", [] if content_type is None else [("content-type", content_type)], body=text)


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8", None])
def test_a_json_object_is_taken_with_its_content_type_or_without(content_type: str | None) -> None:
    assert body(b'{"a":1}', content_type).json_object() == {"a": 1}


@pytest.mark.parametrize("text", [b"[]", b"1", b"null", b'"a"'])
def test_a_body_that_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(Refused, match="must be a JSON object"):
        body(text).json_object()


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/jsonx"])
def test_another_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(Refused) as caught:
        body(b"{}", content_type).json_object()

    assert caught.value.status == 415
