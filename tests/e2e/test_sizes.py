import json
from typing import Any

import pytest

from fairlane_client import TooLargeError, new_event
from tests.e2e.problems import problem
from tests.e2e.tenancy import SOURCE, NewTenant, Tenancy

pytestmark = pytest.mark.e2e

REQUEST_BYTES = 4 * 1024 * 1024
BATCHED = {"Content-Type": "application/cloudevents-batch+json"}


def an_event_of(size: int, event_id: str = "1") -> dict[str, Any]:
    """An event that has exactly so many bytes as compact JSON; the function `sleep` answers it with 0."""
    event = {"specversion": "1.0", "id": event_id, "source": SOURCE, "type": "sleep"}
    event |= {"datacontenttype": "application/json", "data": {"seconds": 0, "pad": ""}}  # type: ignore[dict-item]
    pad = size - len(json.dumps(event, separators=(",", ":")))
    return {**event, "data": {"seconds": 0, "pad": "x" * pad}}


@pytest.fixture
def sleeping(tenant: Tenancy) -> Tenancy:
    tenant.register("sleep")
    return tenant


def test_an_event_may_have_as_many_bytes_as_the_tenant_is_allowed(new_tenant: NewTenant) -> None:
    tenant = new_tenant(limits={"payload_bytes": 5000})
    tenant.register("sleep")
    accepted = tenant.api.submit_event(an_event_of(5000, "fits"))
    assert tenant.wait(accepted["id"])["status"] == "succeeded"
    with pytest.raises(TooLargeError):
        tenant.api.submit_event(an_event_of(5001, "over"))
    assert len(list(tenant.api.list_tasks())) == 1


def test_an_event_of_nearly_a_megabyte_runs_where_the_platform_allows_it(new_tenant: NewTenant) -> None:
    tenant = new_tenant(limits={"payload_bytes": 1_000_000})
    tenant.register("sleep")
    assert tenant.wait(tenant.api.submit_event(an_event_of(1_000_000))["id"])["result"] == 0


def test_a_request_of_four_megabytes_is_taken_and_one_byte_more_is_too_large(sleeping: Tenancy) -> None:
    events = [an_event_of(200_000, str(number)) for number in range(20)]
    body = json.dumps(events).encode()
    exact = body + b" " * (REQUEST_BYTES - len(body))
    problem(sleeping.http.post("/tasks", content=exact + b" ", headers=BATCHED), 413)
    assert list(sleeping.api.list_tasks()) == []
    answer = sleeping.http.post("/tasks", content=exact, headers=BATCHED)
    assert answer.status_code == 200
    assert {sleeping.wait(item["id"])["status"] for item in answer.json()["items"]} == {"succeeded"}


def test_a_request_to_the_control_plane_has_the_same_limit(sleeping: Tenancy) -> None:
    body = b'{"target": {}}' + b" " * REQUEST_BYTES
    problem(sleeping.http.put("/functions/mine", content=body, headers={"Content-Type": "application/json"}), 413)


def test_too_large_an_event_of_a_batch_refuses_itself_alone(sleeping: Tenancy) -> None:
    large = an_event_of(262_145, "large")
    small, refused = sleeping.api.submit_batch([new_event("sleep", {"seconds": 0}, source=SOURCE), large])
    assert "error" in refused
    assert refused["error"]["status"] == 413
    assert "error" not in small
    assert sleeping.wait(small["id"])["status"] == "succeeded"
