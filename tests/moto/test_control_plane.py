"""Tenants, keys, functions, lanes and subscriptions over HTTP."""

from typing import Any

import pytest

from tests.moto.stack import client
from tests.moto.tenants import ECHO, Tenant
from tests.moto.world import Reply, World

TENANT_FIELDS = {"tenant", "isolation", "limits", "targets", "retention_days", "status", "created_at", "updated_at"}


def put_tenant(world: World, **body: Any) -> Reply:
    return world.ask("PUT", "/v1/tenants/acme", key=world.admin_key, body=body)


# --- tenants ------------------------------------------------------------------------------------


def test_a_tenant_is_made_changed_shown_and_listed(world: World) -> None:
    made = put_tenant(world)
    assert made.status == 201
    assert set(made.body) >= TENANT_FIELDS
    assert (made.body["isolation"], made.body["retention_days"], made.body["targets"]) == ("dedicated", 30, [])
    world.pass_time(seconds=5)
    changed = put_tenant(world, retention_days=60, limits={"concurrency": 40}, targets=["a-*"])
    assert (changed.status, changed.body["retention_days"], changed.body["limits"]["concurrency"]) == (200, 60, 40)
    assert changed.body["created_at"] < changed.body["updated_at"]
    assert world.ask("GET", "/v1/tenants/acme", key=world.admin_key).body == changed.body
    listed = world.ask("GET", "/v1/tenants", key=world.admin_key).body
    assert listed == {"items": [changed.body], "cursor": None}


def test_what_get_shows_can_be_put_back(world: World) -> None:
    made = put_tenant(world, limits={"concurrency": 4}).body
    assert put_tenant(world, **made).body["limits"] == made["limits"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"isolation": "pooled"}, "#/isolation"),
        ({"isolation": "none"}, "#/isolation"),
        ({"retention_days": 14}, "#/retention_days"),
        ({"retention_days": "30"}, "#/retention_days"),
        ({"limits": {"concurrency": 0}}, "#/limits/concurrency"),
        ({"limits": {"payload_bytes": 10_000_000}}, "#/limits/payload_bytes"),
        ({"limits": {"speed": 1}}, "#/limits/speed"),
        ({"targets": "all"}, "#/targets"),
        ({"targets": [""]}, "#/targets/0"),
        ({"colour": "red"}, "#/colour"),
    ],
)
def test_a_wrong_tenant_is_a_422_that_names_the_field(world: World, body: dict[str, Any], pointer: str) -> None:
    reply = put_tenant(world, **body)
    assert (reply.status, reply.problem) == (422, "refused")
    assert pointer in {error["pointer"] for error in reply.body["errors"]}
    assert world.ask("GET", "/v1/tenants/acme", key=world.admin_key).status == 404


@pytest.mark.parametrize("name", ["Acme", "-a", "a_b", "a" * 64, "a%2Fb", "%00", "ä"])
def test_an_illegal_name_is_a_400(world: World, acme: Tenant, name: str) -> None:
    assert world.ask("PUT", f"/v1/tenants/{name}", key=world.admin_key, body={}).problem == "malformed"
    assert acme.ask("PUT", f"/v1/subscriptions/{name}", body={}).problem == "malformed"
    assert acme.ask("PUT", f"/v1/lanes/{name}", body={}).problem == "malformed"


def test_long_names_that_would_meet_in_aws_are_kept_apart(world: World) -> None:
    names = ["a" * 62 + last for last in "bc"]
    for name in names:
        assert world.ask("PUT", f"/v1/tenants/{name}", key=world.admin_key, body={}).status == 201
    assert len(world.mappings.by_queue) == len(world.redrive_arns()) + 4


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[]", 400), (b"", 400), (b'{"a":1,"a":2}', 400), (b"[" * 99_999, 400)]
)
def test_a_body_that_is_no_json_object_is_a_400(world: World, body: bytes, status: int) -> None:
    reply = world.ask("PUT", "/v1/tenants/acme", key=world.admin_key, body=body)
    assert (reply.status, reply.problem) == (status, "malformed")


def test_a_body_of_another_type_is_a_415(world: World) -> None:
    headers = [("Content-Type", "text/yaml")]
    reply = world.ask("PUT", "/v1/tenants/acme", key=world.admin_key, headers=headers, body=b"a: 1")
    assert (reply.status, reply.problem) == (415, "unsupported-media-type")


def test_lists_are_paged(world: World) -> None:
    for n in range(5):
        world.ask("PUT", f"/v1/tenants/t{n}", key=world.admin_key, body={})
    found, query = [], {"limit": "2"}
    while True:
        page = world.ask("GET", "/v1/tenants", key=world.admin_key, query=query).body
        found += [item["tenant"] for item in page["items"]]
        if page["cursor"] is None:
            break
        query["cursor"] = page["cursor"]
    assert found == [f"t{n}" for n in range(5)]
    assert world.ask("GET", "/v1/tenants", key=world.admin_key, query={"limit": "0"}).problem == "malformed"
    assert world.ask("GET", "/v1/tenants", key=world.admin_key, query={"cursor": "x"}).problem == "malformed"


def test_the_concurrency_of_a_tenant_bounds_its_mapping(world: World) -> None:
    put_tenant(world, limits={"concurrency": 6})
    [mapping] = [each for queue, each in world.mappings.by_queue.items() if "lane-acme" in queue]
    assert mapping["BatchSize"] * mapping["ScalingConfig"]["MaximumConcurrency"] == 6
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    put_tenant(world, limits={"concurrency": 1})
    [mapping] = [each for queue, each in world.mappings.by_queue.items() if "lane-acme" in queue]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == 2  # AWS's least: slots make it 1


# --- keys ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("acme")
def test_a_key_is_shown_once(world: World) -> None:
    path = "/v1/tenants/acme/keys"
    made = world.ask("POST", path, key=world.admin_key, body={"scopes": ["read"], "label": "ci"})
    assert set(made.body) == {"keyid", "key", "scopes", "label", "created_at", "expires_at"}
    listed = world.ask("GET", path, key=world.admin_key).body["items"]
    [shown] = [key for key in listed if key["keyid"] == made.body["keyid"]]
    assert shown == {name: value for name, value in made.body.items() if name != "key"}


@pytest.mark.parametrize(
    "body",
    [{}, {"scopes": []}, {"scopes": ["all"]}, {"scopes": ["read"], "expires_at": "soon"},
     {"scopes": ["read"], "expires_at": "2026-11-24T12:00:00Z"}, {"scopes": ["read"], "label": "x" * 101}],
)  # fmt: skip
@pytest.mark.usefixtures("acme")
def test_a_wrong_key_request_is_a_422(world: World, body: dict[str, Any]) -> None:
    assert world.ask("POST", "/v1/tenants/acme/keys", key=world.admin_key, body=body).problem == "refused"


def test_keys_of_a_tenant_that_is_not_there_are_a_404(world: World) -> None:
    body = {"scopes": ["read"]}
    assert world.ask("POST", "/v1/tenants/nobody/keys", key=world.admin_key, body=body).problem == "not-found"


# --- functions ----------------------------------------------------------------------------------


def test_a_function_is_made_changed_shown_listed_and_deleted(acme: Tenant) -> None:
    made = acme.register("paint.v2")
    assert (made.status, made.body["type"], made.body["timeout"], made.body["lane"]) == (201, "paint.v2", 3, "default")
    assert made.body["retry"] == {"max_attempts": 3, "base": 1, "cap": 60, "non_retryable": []}
    changed = acme.register("paint.v2", timeout=20, retry={"max_attempts": 9})
    assert (changed.status, changed.body["timeout"], changed.body["retry"]["max_attempts"]) == (200, 20, 9)
    assert acme.ask("GET", "/v1/functions/paint.v2").body == changed.body
    assert [item["type"] for item in acme.ask("GET", "/v1/functions").body["items"]] == ["paint.v2", "resize"]
    assert acme.ask("DELETE", "/v1/functions/paint.v2").status == 204
    assert acme.ask("GET", "/v1/functions/paint.v2").problem == "not-found"
    assert acme.ask("DELETE", "/v1/functions/paint.v2").problem == "not-found"


def test_an_http_endpoint_is_a_function_with_a_timeout_of_its_own(acme: Tenant) -> None:
    target = {"http": {"url": "https://example.com/hook?x=1"}}
    made = acme.register("call", target=target)
    assert (made.status, made.body["target"], made.body["timeout"]) == (201, target, 30)
    assert acme.register("call", target=target, timeout=0.5).body["timeout"] == 0.5
    changed = acme.register("call", **made.body)
    assert (changed.status, changed.body["timeout"]) == (200, 30)


def test_a_url_that_is_refused_is_named_with_its_reason(acme: Tenant) -> None:
    reply = acme.register("call", target={"http": {"url": "https://me@example.com"}})
    assert (reply.status, reply.problem) == (422, "refused")
    assert reply.body["errors"] == [
        {"pointer": "#/target/http/url", "detail": "must not have a user or a password"},
    ]


@pytest.mark.parametrize(
    "target",
    [
        "other-team",
        "arn:aws:lambda:us-east-1:123456789012:function:other-team",
        "fairlane-gateway",
        "fairlane-dispatcher",
        "arn:aws:lambda:us-east-1:123456789012:function:fairlane-controller",
        "arn:aws:lambda:us-east-1:123456789012:function:fairlane-controller:live",
        "fairlane-target-absent",
        "not a name",
        "arn:aws:sqs:us-east-1:123456789012:fairlane-target-q",
    ],
)
def test_a_lambda_that_the_tenant_may_not_name_is_refused(world: World, acme: Tenant, target: str) -> None:
    put_tenant(world, targets=["fairlane-target-*", "fairlane-*", "arn:aws:lambda:*:*:function:fairlane-*"])
    reply = acme.register("paint", target={"lambda": target})
    assert (reply.status, reply.problem) == (422, "refused")
    assert reply.body["errors"][0]["pointer"] == "#/target/lambda"


@pytest.mark.parametrize("pattern", ["*", "fairlane-target-*", ECHO, f"arn:aws:lambda:*:function:{ECHO}"])
def test_patterns_allow_names_and_arns(world: World, acme: Tenant, pattern: str) -> None:
    put_tenant(world, targets=[pattern])
    for target in (ECHO, f"arn:aws:lambda:us-east-1:123456789012:function:{ECHO}"):
        assert acme.register("paint", target={"lambda": target}).status in (200, 201)


def test_a_pattern_is_no_regular_expression(world: World, acme: Tenant) -> None:
    put_tenant(world, targets=["fairlane.target.echo", "fairlane-target-ech", "[a-z-]+"])
    assert acme.register("paint").problem == "refused"


@pytest.mark.parametrize(
    "body",
    [
        {"target": {"http": {}}},
        {"target": {"http": {"url": "https://example.com", "user": "me"}}},
        {"target": {"http": {"url": "http://example.com"}}},
        {"target": {"http": {"url": "https://10.0.0.1"}}},
        {"target": {"http": {"url": "https://example.com"}}, "timeout": 871},
        {"target": {"state_machine": "arn:aws:states:us-east-1:123456789012:stateMachine:m"}},
        {"target": {"state_machine": "arn:aws:states:us-east-1:123456789012:stateMachine:m"}, "mode": "sync"},
        {"heartbeat_timeout": 10},
        {"mode": "deferred", "heartbeat_timeout": 0.5},
        {"mode": "deferred", "timeout": 604_801},
        {"mode": "later"},
        {"target": {}},
        {"target": {"lambda": ECHO, "http": {}}},
        {"timeout": 2},
        {"timeout": 871},
        {"timeout": 0},
        {"retry": {"max_attempts": 0}},
        {"retry": {"cap": 50_000}},
        {"lane": "fast"},
        {"concurrency": 0},
    ],
)
def test_a_wrong_function_is_refused(acme: Tenant, body: dict[str, Any]) -> None:
    assert acme.register("paint", **body).problem == "refused"
    assert acme.ask("GET", "/v1/functions/paint").status == 404


def test_an_illegal_name_of_a_lane_in_a_function_is_a_400(acme: Tenant) -> None:
    assert acme.register("paint", lane="-").problem == "malformed"


# --- by name --------------------------------------------------------------------------------------


def test_an_operation_that_is_unknown_is_an_error_of_the_caller(world: World) -> None:
    with pytest.raises(ValueError, match="admin-key"):
        world.operate("drop-everything")


def test_an_http_request_cannot_reach_an_operation(world: World) -> None:
    reply = world.ask("POST", "/v1/tenants", key=world.admin_key, body={"fairlane": "admin-key"})
    assert reply.problem == "method-not-allowed"


def test_the_queues_of_a_tenant_are_redriven_and_kept_for_two_weeks(acme: Tenant) -> None:
    for arn, redrive in ((acme.lane_arn, "fairlane-lane-redrive"), (acme.results_arn, "fairlane-result-redrive")):
        attributes = client("sqs").get_queue_attributes(QueueUrl=arn.rpartition(":")[2], AttributeNames=["All"])
        assert attributes["Attributes"]["MessageRetentionPeriod"] == str(14 * 24 * 3600)
        assert redrive in attributes["Attributes"]["RedrivePolicy"]
        assert int(attributes["Attributes"]["VisibilityTimeout"]) >= 90
