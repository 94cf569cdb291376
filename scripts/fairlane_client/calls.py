"""Every call of the API, each described once. Both clients are made from these (`methods`)."""

from collections.abc import Sequence
from typing import Any, Unpack, cast
from uuid import uuid4

from fairlane_client.call import Call, Repeat, json_body, path
from fairlane_client.models import (
    Accepted,
    Answers,
    DeliveryFilter,
    Event,
    Explanation,
    FailedDelivery,
    Function,
    FunctionSpec,
    Health,
    Key,
    Lane,
    LaneSpec,
    NewKey,
    NewSecret,
    Operation,
    OperationAction,
    OperationFilter,
    Page,
    Redone,
    Redrive,
    RedriveSpec,
    Scope,
    Subscription,
    SubscriptionSpec,
    Task,
    TaskFilter,
    Tenant,
    TenantSpec,
    Usage,
)

# --- no key needed ------------------------------------------------------------------------------------------------


def health() -> Call[Health]:
    return Call("GET", path("health"))


def openapi() -> Call[dict[str, Any]]:
    return Call("GET", path("openapi.json"))


# --- platform -----------------------------------------------------------------------------------------------------


def put_tenant(tenant: str, spec: TenantSpec) -> Call[Tenant]:
    """Create or replace. Its `status` is `provisioning` until its queues are there: see `wait_for_tenant`."""
    return Call("PUT", path("tenants", tenant), body=json_body(spec))


def get_tenant(tenant: str) -> Call[Tenant]:
    return Call("GET", path("tenants", tenant))


def delete_tenant(tenant: str) -> Call[Tenant | None]:
    """None when it is gone, the tenant while it drains."""
    return Call("DELETE", path("tenants", tenant), repeat=Repeat.DELETE)


def pause_tenant(tenant: str) -> Call[Tenant]:
    """No new attempt of any of its lanes starts; submitting goes on."""
    return Call("POST", path("tenants", tenant, "pause"))


def resume_tenant(tenant: str) -> Call[Tenant]:
    return Call("POST", path("tenants", tenant, "resume"))


def tenant_page(*, limit: int | None = None, cursor: str | None = None) -> Call[Page[Tenant]]:
    return _page("tenants", limit=limit, cursor=cursor)


def create_key(
    tenant: str, scopes: Sequence[Scope], *, label: str | None = None, expires_at: str | None = None
) -> Call[NewKey]:
    """The only answer that shows the key. Not repeated when it may have worked: that would make a second one."""
    spec = {"scopes": list(scopes), "label": label, "expires_at": expires_at}
    body = json_body({name: value for name, value in spec.items() if value is not None})
    return Call("POST", path("tenants", tenant, "keys"), body=body, repeat=Repeat.NEVER)


def key_page(tenant: str, *, limit: int | None = None, cursor: str | None = None) -> Call[Page[Key]]:
    return _page("tenants", tenant, "keys", limit=limit, cursor=cursor)


def delete_key(tenant: str, keyid: str) -> Call[None]:
    return Call("DELETE", path("tenants", tenant, "keys", keyid), repeat=Repeat.DELETE)


# --- own tenant ---------------------------------------------------------------------------------------------------


def put_function(task_type: str, spec: FunctionSpec) -> Call[Function]:
    return Call("PUT", path("functions", task_type), body=json_body(spec))


def get_function(task_type: str) -> Call[Function]:
    return Call("GET", path("functions", task_type))


def delete_function(task_type: str) -> Call[Function | None]:
    return Call("DELETE", path("functions", task_type), repeat=Repeat.DELETE)


def pause_function(task_type: str) -> Call[Function]:
    """No new attempt of this type starts; submitting goes on."""
    return Call("POST", path("functions", task_type, "pause"))


def resume_function(task_type: str) -> Call[Function]:
    return Call("POST", path("functions", task_type, "resume"))


def function_page(*, limit: int | None = None, cursor: str | None = None) -> Call[Page[Function]]:
    return _page("functions", limit=limit, cursor=cursor)


def put_lane(lane: str, spec: LaneSpec) -> Call[Lane]:
    """Create or replace. Its `status` may be `provisioning` for a minute; it takes tasks already."""
    return Call("PUT", path("lanes", lane), body=json_body(spec))


def get_lane(lane: str) -> Call[Lane]:
    return Call("GET", path("lanes", lane))


def delete_lane(lane: str) -> Call[Lane | None]:
    """None when it is gone, the lane while it drains."""
    return Call("DELETE", path("lanes", lane), repeat=Repeat.DELETE)


def pause_lane(lane: str) -> Call[Lane]:
    """No new attempt of this lane starts; submitting goes on."""
    return Call("POST", path("lanes", lane, "pause"))


def resume_lane(lane: str) -> Call[Lane]:
    return Call("POST", path("lanes", lane, "resume"))


def lane_page(*, limit: int | None = None, cursor: str | None = None) -> Call[Page[Lane]]:
    return _page("lanes", limit=limit, cursor=cursor)


def put_subscription(name: str, spec: SubscriptionSpec) -> Call[Subscription]:
    return Call("PUT", path("subscriptions", name), body=json_body(spec))


def get_subscription(name: str) -> Call[Subscription]:
    return Call("GET", path("subscriptions", name))


def delete_subscription(name: str) -> Call[Subscription | None]:
    return Call("DELETE", path("subscriptions", name), repeat=Repeat.DELETE)


def test_subscription(name: str) -> Call[Subscription]:
    """Send it a sample event. Repeated when it may have worked: a second sample does no harm."""
    return Call("POST", path("subscriptions", name, "test"))


def rotate_subscription(name: str) -> Call[NewSecret]:
    """The only answer that shows the secret. Not repeated when it may have worked: that would end the oldest one."""
    return Call("POST", path("subscriptions", name, "rotate"), repeat=Repeat.NEVER)


def resume_subscription(name: str) -> Call[Subscription]:
    """Post to a paused or disabled webhook again."""
    return Call("POST", path("subscriptions", name, "resume"))


def subscription_page(*, limit: int | None = None, cursor: str | None = None) -> Call[Page[Subscription]]:
    return _page("subscriptions", limit=limit, cursor=cursor)


def get_usage() -> Call[Usage]:
    """The tenant's limits, and what is used of them now."""
    return Call("GET", path("usage"))


def delivery_page(
    *, limit: int | None = None, cursor: str | None = None, **filters: Unpack[DeliveryFilter]
) -> Call[Page[FailedDelivery]]:
    """Newest first. A page may be empty and have a cursor: go on until the cursor is null."""
    return _page("deliveries", limit=limit, cursor=cursor, **cast("dict[str, str]", filters))


def redrive_page(spec: RedriveSpec) -> Call[Redrive]:
    """Send again as many as there is time for; while its status is `running`, go on with its cursor."""
    return Call("POST", path("deliveries", "redrive"), body=json_body(spec))


# --- tasks --------------------------------------------------------------------------------------------------------


def submit_event(event: Event) -> Call[Accepted]:
    """Submit one event. Deduplicated by its `source` and `id`: it must have both, and may be sent again."""
    return Call("POST", path("tasks"), body=json_body(event), content_type="application/cloudevents+json")


def post_batch(events: Sequence[bytes]) -> Call[Answers]:
    """Up to 100 events, each as JSON text, as one request. `submit_batch` and `submit_stream` say more."""
    body = b"[" + b",".join(events) + b"]"
    return Call("POST", path("tasks"), body=body, content_type="application/cloudevents-batch+json")


def get_task(task_id: str) -> Call[Task]:
    return Call("GET", path("tasks", task_id))


def explain_task(task_id: str) -> Call[Explanation]:
    """Why it is where it is, what would change that, and when it may go on."""
    return Call("GET", path("tasks", task_id, "explain"))


def cancel_task(task_id: str) -> Call[Task]:
    """End it as `cancelled`, now. Raises ConflictError if it has ended (perhaps by our own repeat)."""
    return Call("POST", path("tasks", task_id, "cancel"))


def redo_task(task_id: str, *, idempotency_key: str | None = None) -> Call[Redone]:
    """Run an ended task's event again. With the same key it is the same new task, however often it is asked for."""
    headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
    return Call("POST", path("tasks", task_id, "redo"), headers=headers)


def start_operation(
    action: OperationAction, where: OperationFilter, *, idempotency_key: str | None = None
) -> Call[Operation]:
    """Cancel or redo all tasks that match, in the background: see `wait_for_operation`."""
    headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
    return Call("POST", path("tasks", "bulk"), body=json_body({"action": action, "filter": where}), headers=headers)


def get_operation(operation_id: str) -> Call[Operation]:
    return Call("GET", path("operations", operation_id))


def cancel_operation(operation_id: str) -> Call[Operation]:
    """Stop it; what it has done stays done. Raises ConflictError if it has ended (perhaps by our own repeat)."""
    return Call("POST", path("operations", operation_id, "cancel"))


def task_page(
    *, limit: int | None = None, cursor: str | None = None, **filters: Unpack[TaskFilter]
) -> Call[Page[Task]]:
    """Newest first. A page may be empty and have a cursor: go on until the cursor is null."""
    return _page("tasks", limit=limit, cursor=cursor, **cast("dict[str, str]", filters))


def _page(*segments: str, limit: int | None, cursor: str | None, **filters: str) -> Call[Any]:
    query = {"limit": limit, "cursor": cursor, **filters}
    return Call("GET", path(*segments), query={name: value for name, value in query.items() if value is not None})
