import uuid
from typing import Any

import httpx
import pytest

from fairlane_client import Client, ConflictError, NotFoundError
from tests.e2e.polling import eventually
from tests.e2e.problems import pointers, problem
from tests.e2e.tenancy import Tenancy

pytestmark = pytest.mark.e2e


@pytest.fixture
def name() -> str:
    return f"e2e-{uuid.uuid4().hex[:12]}"


def test_a_tenant_is_created_and_changed(platform_http: httpx.Client, platform: Client, name: str) -> None:
    spec: dict[str, Any] = {"isolation": "dedicated", "targets": ["mine-*"], "retention_days": 15}
    created = platform_http.put(f"/tenants/{name}", json=spec)
    assert created.status_code in {201, 202}
    assert platform.wait_for_tenant(name, timeout_s=60)["status"] == "active"
    changed = platform_http.put(f"/tenants/{name}", json=spec | {"limits": {"payload_bytes": 1000}})
    assert changed.status_code == 200
    found = platform.get_tenant(name)
    assert (found["tenant"], found["isolation"], found["targets"]) == (name, "dedicated", ["mine-*"])
    assert (found["retention_days"], found["limits"].get("payload_bytes")) == (15, 1000)
    assert found["created_at"] == created.json()["created_at"] < found["updated_at"]


def test_what_get_shows_of_a_tenant_can_be_put_back(platform_http: httpx.Client, tenant: Tenancy) -> None:
    shown = platform_http.get(f"/tenants/{tenant.name}").json()
    again = platform_http.put(f"/tenants/{tenant.name}", json=shown)
    assert again.status_code == 200
    assert again.json() == shown | {"updated_at": again.json()["updated_at"]}


def test_tenants_are_listed_page_by_page(platform: Client, platform_http: httpx.Client, tenant: Tenancy) -> None:
    page = platform_http.get("/tenants", params={"limit": 1}).json()
    assert len(page["items"]) == 1
    names = [found["tenant"] for found in platform.list_tenants()]
    assert names == sorted(set(names))
    assert tenant.name in names


def test_a_tenant_that_is_deleted_drains_and_takes_no_more_tasks(tenant: Tenancy, platform_http: httpx.Client) -> None:
    tenant.register("sleep")
    running = tenant.submit("sleep", {"seconds": 1})
    answer = platform_http.delete(f"/tenants/{tenant.name}")
    assert (answer.status_code, answer.json()["status"]) == (202, "draining")
    # a gateway that has just served this tenant may know it for the cache time as active
    problem(eventually_refused(tenant), 409)
    with pytest.raises(ConflictError):
        tenant.register("echo")
    with pytest.raises(ConflictError):
        tenant.api.put_subscription("late", {"pattern": {}, "target": {"sqs": tenant.inbox().arn}})
    problem(platform_http.put(f"/tenants/{tenant.name}", json={}), 409)
    assert platform_http.delete(f"/tenants/{tenant.name}").status_code == 202
    assert tenant.platform.get_tenant(tenant.name)["status"] == "draining"
    assert tenant.wait(running)["status"] == "succeeded"


def eventually_refused(tenant: Tenancy) -> httpx.Response:
    def refused() -> httpx.Response | None:
        event = {
            "specversion": "1.0",
            "id": uuid.uuid4().hex,
            "source": "/e2e",
            "type": "sleep",
            "data": {"seconds": 0},
        }
        answer = tenant.http.post("/tasks", json=event, headers={"Content-Type": "application/cloudevents+json"})
        return None if answer.is_success else answer

    return eventually(refused, patience_s=10)


@pytest.mark.parametrize(
    ("spec", "pointer"),
    [
        ({"isolation": "pooled"}, "#/isolation"),
        ({"isolation": "none"}, "#/isolation"),
        ({"retention_days": 14}, "#/retention_days"),
        ({"retention_days": 366}, "#/retention_days"),
        ({"limits": {"payload_bytes": 0}}, "#/limits/payload_bytes"),
        ({"limits": {"speed": 1}}, "#/limits/speed"),
        ({"limits": None}, "#/limits"),
        ({"targets": "*"}, "#/targets"),
        ({"colour": "red"}, "#/colour"),
    ],
)
def test_a_tenant_that_cannot_be_is_refused(
    platform_http: httpx.Client, name: str, spec: dict[str, Any], pointer: str
) -> None:
    document = problem(platform_http.put(f"/tenants/{name}", json=spec), 422)
    assert pointers(document) == {pointer}
    problem(platform_http.get(f"/tenants/{name}"), 404)


@pytest.mark.parametrize("illegal", ["Upper", "-first", "under_score", "x" * 64, "%C3%BC", "a%20b"])
def test_an_illegal_name_is_malformed(platform_http: httpx.Client, illegal: str) -> None:
    problem(platform_http.put(f"/tenants/{illegal}", json={}), 400)


def test_a_tenant_that_does_not_exist_is_not_found(platform: Client, name: str) -> None:
    with pytest.raises(NotFoundError):
        platform.get_tenant(name)
    with pytest.raises(NotFoundError):
        platform.delete_tenant(name)
    with pytest.raises(NotFoundError):
        platform.create_key(name, ["submit"])
