from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from tests.e2e.problems import pointers, problem
from tests.e2e.tenancy import Tenancy

pytestmark = pytest.mark.e2e

JSON = {"Content-Type": "application/json"}


def test_health_needs_no_key(anyone: httpx.Client) -> None:
    answer = anyone.get("/health")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["status"] == "ok"


def test_the_openapi_document_needs_no_key_and_is_valid(anyone: httpx.Client) -> None:
    document = anyone.get("/openapi.json").json()
    validate(document)
    assert {"/v1/tasks", "/v1/tasks/{id}", "/v1/tenants/{tenant}", "/v1/health"} <= set(document["paths"])


def test_every_operation_of_the_openapi_document_is_served(anyone: httpx.Client, platform_http: httpx.Client) -> None:
    """Not one answers 404 or 405 for its route: without a key 401, for what is open 200."""
    for path, item in anyone.get("/openapi.json").json()["paths"].items():
        concrete = path.removeprefix("/v1").replace("{", "").replace("}", "")
        for method in item.keys() & {"get", "put", "post", "delete"}:
            answer = anyone.request(method, concrete)
            expected = 200 if concrete in {"/health", "/openapi.json"} else 401
            assert answer.status_code == expected, (method, path)
    assert platform_http.get("/tenants").status_code == 200


@pytest.mark.parametrize("path", ["/health", "/openapi.json"])
def test_head_answers_as_get_without_a_body(anyone: httpx.Client, path: str) -> None:
    answer = anyone.head(path)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("path", ["/", "/nothing", "/tasks/a/b", "/lanes/default/nothing", "/tenants/a/b", "/healthy"])
def test_an_unknown_route_is_not_found(tenant: Tenancy, path: str) -> None:
    problem(tenant.http.get(path), 404)


@pytest.mark.parametrize(
    "path", ["/tasks/t_" + "a" * 26, "/tasks/nonsense", "/functions/nobody", "/subscriptions/none"]
)
def test_what_does_not_exist_is_not_found(tenant: Tenancy, path: str) -> None:
    problem(tenant.http.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/tasks", {"GET", "POST"}),
        ("PATCH", "/tasks", {"GET", "POST"}),
        ("DELETE", "/tasks/t_1", {"GET"}),
        ("POST", "/health", {"GET"}),
        ("POST", "/functions/a", {"GET", "PUT", "DELETE"}),
        ("DELETE", "/lanes", {"GET"}),
        ("PATCH", "/subscriptions/a", {"GET", "PUT", "DELETE"}),
        ("PUT", "/tenants", {"GET"}),
        ("DELETE", "/tenants/a/keys", {"GET", "POST"}),
        ("OPTIONS", "/tasks", {"GET", "POST"}),
    ],
)
def test_a_wrong_method_is_answered_with_those_that_are_allowed(
    tenant: Tenancy, method: str, path: str, allowed: set[str]
) -> None:
    answer = tenant.http.request(method, path)
    problem(answer, 405)
    assert {name.strip() for name in answer.headers["allow"].split(",")} - {"HEAD"} == allowed


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b'{"a": 1, "a": 2}', b"\xff", b'{"a": Infinity}'])
@pytest.mark.parametrize("path", ["/functions/mine", "/lanes/default", "/subscriptions/mine"])
def test_a_body_that_is_no_json_object_is_malformed(tenant: Tenancy, path: str, body: bytes) -> None:
    problem(tenant.http.put(path, content=body, headers=JSON), 400)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_a_body_of_another_content_type_is_unsupported(tenant: Tenancy, content_type: str) -> None:
    problem(tenant.http.put("/functions/mine", content=b"{}", headers={"Content-Type": content_type}), 415)


def test_every_wrong_field_is_named(tenant: Tenancy) -> None:
    body: dict[str, Any] = {"target": {"lambda": 7}, "mode": "never", "retry": {"base": -1}}
    document = problem(tenant.http.put("/functions/mine", json=body), 422)
    assert pointers(document) == {"#/target/lambda", "#/mode", "#/retry/base"}


def test_answers_are_not_to_be_cached(tenant: Tenancy) -> None:
    assert tenant.http.get("/tasks").headers["cache-control"] == "no-store"
