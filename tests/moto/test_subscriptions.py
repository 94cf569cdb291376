"""Subscriptions on a real matcher of event patterns: what a tenant gets, and that it gets nobody else's."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.moto.calls import BEFORE, Point, refuse_connection
from tests.moto.stack import ACCOUNT, REGION, client
from tests.moto.tenant_functions import raises
from tests.moto.tenants import ECHO, Tenant
from tests.moto.world import World

EVERYBODY: dict[str, Any] = {
    "no pattern": {},
    "any tenant": {"detail": {"tenant": [{"exists": True}]}},
    "another tenant": {"detail": {"tenant": ["acme"]}},
    "or": {"detail": {"$or": [{"tenant": ["acme"]}, {"tenant": ["globex"]}]}},
    "anything but": {"detail": {"tenant": [{"anything-but": ["globex"]}]}},
    "prefix": {"detail-type": [{"prefix": ""}]},
    "wildcard": {"detail": {"source": [{"wildcard": "*"}]}},
}


def test_a_subscription_is_made_changed_shown_listed_and_deleted(acme: Tenant) -> None:
    made = acme.subscribe("mine", pattern={"detail-type": ["fairlane.task.failed"]})
    assert (made.status, made.body["name"], made.body["target"]) == (201, "mine", {"sqs": acme.inbox_arn})
    changed = acme.subscribe("mine", pattern={"detail": {"tasktype": ["resize"]}})
    assert (changed.status, changed.body["pattern"]) == (200, {"detail": {"tasktype": ["resize"]}})
    assert acme.ask("GET", "/v1/subscriptions/mine").body == changed.body
    assert [item["name"] for item in acme.ask("GET", "/v1/subscriptions").body["items"]] == ["all", "mine"]
    assert acme.ask("DELETE", "/v1/subscriptions/mine").status == 204
    assert acme.ask("GET", "/v1/subscriptions/mine").problem == "not-found"
    assert acme.ask("DELETE", "/v1/subscriptions/mine").problem == "not-found"


def test_a_result_is_the_cloudevent_of_the_contract(world: World, acme: Tenant) -> None:
    task_id = acme.submit(traceparent="00-a-b-01", tracestate="x=1").body["id"]
    world.settle()
    [result] = acme.results()
    assert {name: value for name, value in result.items() if name not in ("id", "time", "data")} == {
        "specversion": "1.0",
        "source": "/tenants/acme",
        "type": "fairlane.task.succeeded",
        "datacontenttype": "application/json",
        "subject": task_id,
        "tenant": "acme",
        "tasktype": "resize",
        "lane": "default",
        "traceparent": "00-a-b-01",
        "tracestate": "x=1",
    }
    assert result["data"] == {"task": acme.task(task_id)}


def test_patterns_choose_by_type_and_by_what_is_in_the_result(world: World, acme: Tenant) -> None:
    acme.ask("DELETE", "/v1/subscriptions/all")
    acme.register(retry={"max_attempts": 1})
    world.functions.scripts[ECHO] = lambda event: raises(times=int(event["id"] == "bad"))(event)
    acme.subscribe("failed", pattern={"detail-type": ["fairlane.task.failed"]})
    acme.subscribe("good", pattern={"detail": {"data": {"task": {"event_id": ["good"]}}}})
    for event_id in ("bad", "good", "other"):
        acme.submit(id=event_id)
    world.settle()
    assert sorted(result["data"]["task"]["event_id"] for result in acme.results()) == ["bad", "good"]


@pytest.mark.parametrize("trick", EVERYBODY)
def test_no_pattern_reaches_another_tenants_results(world: World, acme: Tenant, globex: Tenant, trick: str) -> None:
    assert globex.ask("DELETE", "/v1/subscriptions/all").status == 204
    reply = globex.subscribe("spy", pattern=EVERYBODY[trick])
    assert reply.status in (201, 422)
    acme.submit()
    globex.submit()
    world.settle()
    assert len(acme.results()) == 1
    assert {result["tenant"] for result in globex.results()} <= {"globex"}


@pytest.mark.parametrize(
    "pattern",
    [
        {"resources": ["fairlane:tenant/acme"]},
        {"source": ["fairlane"]},
        {"account": ["123456789012"]},
        {"$or": [{"resources": ["fairlane:tenant/acme"]}, {"source": ["fairlane"]}]},
        {"detail": "x"},
        {"detail": {"a": ["x" * 2048]}},
    ],
)
def test_a_pattern_over_anything_but_type_and_detail_is_refused(acme: Tenant, pattern: dict[str, Any]) -> None:
    reply = acme.subscribe("spy", pattern=pattern)
    assert (reply.status, reply.problem) == (422, "refused")
    assert acme.ask("GET", "/v1/subscriptions/spy").status == 404


@pytest.mark.parametrize(
    "target",
    [
        {"sqs": "arn:aws:sqs:us-east-1:123456789012:inbox-globex"},
        {"sqs": "arn:aws:sqs:us-east-1:123456789012:fairlane-lane-globex-default"},
        {"sqs": "arn:aws:sqs:us-east-1:123456789012:fairlane-dead-letters"},
        {"sqs": "https://sqs.us-east-1.amazonaws.com/123456789012/inbox-acme"},
        {"lambda": "fairlane-dispatcher"},
        {"lambda": "other-team"},
        {"lambda": "fairlane-target-absent"},
        {"event_bus": "arn:aws:events:us-east-1:123456789012:event-bus/default"},
        {"event_bus": "arn:aws:events:us-east-1:123456789012:event-bus/fairlane-results"},
        {"event_bus": "inbox-acme"},
        {},
        {"sqs": "a", "lambda": "b"},
    ],
)
def test_a_target_that_the_tenant_may_not_name_is_refused(world: World, acme: Tenant, target: Any) -> None:
    allowed = {"targets": ["inbox-acme", "fairlane-*"]}
    assert world.ask("PUT", "/v1/tenants/acme", key=world.admin_key, body=allowed).status == 200
    reply = acme.ask("PUT", "/v1/subscriptions/spy", body={"target": target})
    assert (reply.status, reply.problem) == (422, "refused")


def test_subscriptions_whose_names_would_meet_get_rules_of_their_own(world: World) -> None:
    # tenant a-b with subscription c, and tenant a with subscription b-c
    for tenant, name in (("a-b", "c"), ("a", "b-c")):
        body = {"targets": ["inbox"]}
        assert world.ask("PUT", f"/v1/tenants/{tenant}", key=world.admin_key, body=body).status == 201
        key = world.ask("POST", f"/v1/tenants/{tenant}/keys", key=world.admin_key, body={"scopes": ["manage"]})
        target = {"target": {"sqs": "arn:aws:sqs:us-east-1:123456789012:inbox"}}
        assert world.ask("PUT", f"/v1/subscriptions/{name}", key=key.body["key"], body=target).status == 201
    rules = client("events").list_rules(EventBusName=world.stack.ref("Results"))["Rules"]
    assert len(rules) == 2
    tenants = {json.loads(rule["EventPattern"])["$or"][0]["resources"][0] for rule in rules}
    assert tenants == {"fairlane:tenant/a-b", "fairlane:tenant/a"}


def test_a_lambda_target_lets_its_rule_call_it_and_forgets_that_with_it(acme: Tenant) -> None:
    body = {"target": {"lambda": ECHO}}
    assert acme.ask("PUT", "/v1/subscriptions/call", body=body).status == 201
    policy = json.loads(client("lambda").get_policy(FunctionName=ECHO)["Policy"])
    assert len(policy["Statement"]) == 1
    assert "rule/fairlane-results/" in json.dumps(policy)
    assert acme.ask("DELETE", "/v1/subscriptions/call").status == 204
    with pytest.raises(client("lambda").exceptions.ResourceNotFoundException):
        client("lambda").get_policy(FunctionName=ECHO)


@pytest.mark.usefixtures("acme")
def test_every_rule_has_a_dead_letter_queue_and_retries(world: World) -> None:
    bus = world.stack.ref("Results")
    [rule] = client("events").list_rules(EventBusName=bus)["Rules"]
    [target] = client("events").list_targets_by_rule(EventBusName=bus, Rule=rule["Name"])["Targets"]
    assert target["DeadLetterConfig"]["Arn"] == world.stack.arn("Undelivered")
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 100


def a_bus(name: str) -> str:
    """A bus of the tenant's, and a queue that shows what comes to it; the bus's ARN."""
    arn: str = client("events").create_event_bus(Name=name)["EventBusArn"]
    client("sqs").create_queue(QueueName=f"behind-{name}")
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:behind-{name}"
    client("events").put_rule(Name="all", EventBusName=name, EventPattern='{"source":["fairlane"]}')
    client("events").put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "q", "Arn": queue}])
    return arn


def test_results_go_to_another_bus_with_the_role_that_may_send_there(world: World, acme: Tenant) -> None:
    arn = a_bus("inbox-acme")
    body = {"pattern": {"detail-type": ["fairlane.task.succeeded"]}, "target": {"event_bus": arn}}
    assert acme.ask("PUT", "/v1/subscriptions/bus", body=body).status == 201
    task_id = acme.submit().body["id"]
    world.settle()
    url = client("sqs").get_queue_url(QueueName="behind-inbox-acme")["QueueUrl"]
    [message] = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"]) == ("fairlane", "fairlane.task.succeeded")
    assert event["detail"]["subject"] == task_id
    rule = f"{acme.name}-bus"
    [target] = client("events").list_targets_by_rule(EventBusName=world.stack.ref("Results"), Rule=rule)["Targets"]
    assert target["RoleArn"] == world.stack.arn("ForwarderRole")
    assert target["DeadLetterConfig"]["Arn"] == world.stack.arn("Undelivered")


def test_a_sample_event_reaches_its_subscription_alone_whatever_the_pattern(acme: Tenant, globex: Tenant) -> None:
    pattern = {"detail-type": ["fairlane.task.failed"], "detail": {"tasktype": ["never-there"]}}
    assert acme.subscribe("strict", pattern=pattern).status == 201
    reply = acme.ask("POST", "/v1/subscriptions/strict/test")
    assert (reply.status, reply.body) == (200, acme.ask("GET", "/v1/subscriptions/strict").body)
    [sample] = acme.results()
    assert (sample["type"], sample["test"], sample["tenant"]) == ("fairlane.task.failed", True, "acme")
    assert sample["id"].startswith("test-")
    assert acme.ask("GET", f"/v1/tasks/{sample['subject']}").status == 404
    assert globex.results() == []


def test_a_sample_event_wants_a_subscription_of_the_tenants_and_a_bus_that_takes_it(
    world: World, acme: Tenant, globex: Tenant
) -> None:
    assert globex.ask("DELETE", "/v1/subscriptions/all").status == 204
    assert globex.ask("POST", "/v1/subscriptions/all/test").problem == "not-found"
    world.calls.at(Point("controller", "eventbridge.PutEvents", BEFORE), refuse_connection)
    assert acme.ask("POST", "/v1/subscriptions/all/test").problem == "unavailable"
    assert acme.results() == []


def test_a_pattern_that_eventbridge_refuses_leaves_the_subscription_as_it_was(world: World, acme: Tenant) -> None:
    def refuse() -> None:
        raise ClientError({"Error": {"Code": "InvalidEventPatternException", "Message": "no"}}, "PutRule")

    before = acme.ask("GET", "/v1/subscriptions/all").body
    world.calls.at(Point("controller", "eventbridge.PutRule", BEFORE), refuse)
    body = {"pattern": {"detail": {"lane": ["default"]}}, "target": {"lambda": ECHO}}
    reply = acme.ask("PUT", "/v1/subscriptions/all", body=body)
    assert (reply.status, reply.problem) == (422, "refused")
    assert acme.ask("GET", "/v1/subscriptions/all").body == before
    [target] = client("events").list_targets_by_rule(EventBusName=world.stack.ref("Results"), Rule="acme-all")[
        "Targets"
    ]
    assert target["Arn"] == acme.inbox_arn
