from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from fairlane_client import Client, NotFoundError, UnauthorizedError
from tests.e2e.polling import eventually
from tests.e2e.problems import pointers, problem
from tests.e2e.tenancy import ALL, NewTenant, Tenancy, raw

pytestmark = pytest.mark.e2e

EVENT = {"specversion": "1.0", "id": "1", "source": "/e2e", "type": "echo"}
#: One call for each scope of a tenant's key.
CALLS: dict[str, Any] = {
    "submit": lambda http: http.post("/tasks", json=EVENT, headers={"Content-Type": "application/cloudevents+json"}),
    "read": lambda http: http.get("/tasks"),
    "manage": lambda http: http.get("/functions"),
    "admin": lambda http: http.get("/tenants"),
}


@pytest.mark.parametrize("scope", ["submit", "read", "manage"])
def test_a_key_may_do_what_its_scope_says_and_nothing_else(tenant: Tenancy, scope: Any) -> None:
    tenant.register("echo")
    with raw(tenant.stack, tenant.new_key([scope])) as http:
        assert CALLS[scope](http).is_success
        for other in CALLS.keys() - {scope}:
            problem(CALLS[other](http), 403)


def test_a_platform_key_manages_tenants_and_is_no_tenants_key(platform_http: httpx.Client) -> None:
    assert CALLS["admin"](platform_http).is_success
    for scope in ("submit", "read", "manage"):
        problem(CALLS[scope](platform_http), 403)


def test_a_key_is_shown_once_and_listed_without_its_secret(tenant: Tenancy, platform_http: httpx.Client) -> None:
    spec = {"scopes": ["submit", "read"], "label": "door"}
    answer = platform_http.post(f"/tenants/{tenant.name}/keys", json=spec)
    assert answer.status_code == 201
    made = answer.json()
    assert made["key"].startswith(f"fl_{made['keyid']}_")
    assert sorted(made["scopes"]) == ["read", "submit"]
    assert (made["label"], made["expires_at"]) == ("door", None)
    listed = platform_http.get(f"/tenants/{tenant.name}/keys")
    secret = made["key"].rpartition("_")[2]
    assert secret not in listed.text
    (found,) = [key for key in listed.json()["items"] if key["keyid"] == made["keyid"]]
    assert found == {name: value for name, value in made.items() if name != "key"}
    assert len(list(tenant.platform.list_keys(tenant.name))) == 2


def test_a_revoked_key_stops_working_within_seconds(tenant: Tenancy) -> None:
    made = tenant.platform.create_key(tenant.name, ALL)
    with raw(tenant.stack, made["key"]) as http:
        assert http.get("/tasks").status_code == 200
        tenant.platform.delete_key(tenant.name, made["keyid"])
        answer = eventually(lambda: None if (seen := http.get("/tasks")).is_success else seen, patience_s=5)
        problem(answer, 401)
    assert made["keyid"] not in {key["keyid"] for key in tenant.platform.list_keys(tenant.name)}
    assert tenant.http.get("/tasks").status_code == 200
    with pytest.raises(NotFoundError):
        tenant.platform.delete_key(tenant.name, made["keyid"])


def test_a_key_stops_working_when_it_expires(tenant: Tenancy) -> None:
    expiry = datetime.now(UTC) + timedelta(seconds=3)
    made = tenant.platform.create_key(tenant.name, ["read"], expires_at=expiry.isoformat())
    assert made["expires_at"] is not None
    with Client(tenant.stack.api_url, made["key"]) as client:

        def refused_at() -> datetime | None:
            try:
                client.task_page()
            except UnauthorizedError:
                return datetime.now(UTC)
            return None

        assert refused_at() is None
        at = eventually(refused_at, patience_s=10)
        assert at >= expiry - timedelta(milliseconds=1)


def test_the_key_of_another_tenant_is_not_found(tenant: Tenancy, new_tenant: NewTenant) -> None:
    other = new_tenant()
    (keyid,) = (key["keyid"] for key in other.platform.list_keys(other.name))
    with pytest.raises(NotFoundError):
        tenant.platform.delete_key(tenant.name, keyid)
    assert other.http.get("/tasks").status_code == 200


@pytest.mark.parametrize(
    ("spec", "pointer"),
    [
        ({}, "#/scopes"),
        ({"scopes": []}, "#/scopes"),
        ({"scopes": ["admin"]}, "#/scopes/0"),
        ({"scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}, "#/expires_at"),
        ({"scopes": ["read"], "expires_at": "tomorrow"}, "#/expires_at"),
        ({"scopes": ["read"], "label": "x" * 101}, "#/label"),
    ],
)
def test_a_key_that_cannot_be_is_refused(
    tenant: Tenancy, platform_http: httpx.Client, spec: dict[str, Any], pointer: str
) -> None:
    document = problem(platform_http.post(f"/tenants/{tenant.name}/keys", json=spec), 422)
    assert pointers(document) == {pointer}


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer nonsense", "Basic dXNlcjpwYXNz", f"Bearer fl_{'a' * 16}_{'b' * 43}"],
    ids=["none", "empty", "no key", "no key's form", "basic", "unknown"],
)
def test_without_a_valid_key_the_answer_is_always_the_same_kind(
    anyone: httpx.Client, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for path in ("/tasks", "/tenants", "/functions"):
        answer = anyone.get(path, headers=headers)
        problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_with_another_secret_is_unknown(tenant: Tenancy, anyone: httpx.Client) -> None:
    last = "a" if tenant.key[-1] != "a" else "b"
    problem(anyone.get("/tasks", headers={"Authorization": f"Bearer {tenant.key[:-1]}{last}"}), 401)
