import json

import pytest

from fairlane_client import NotFoundError, RefusedError
from tests.e2e.polling import eventually
from tests.e2e.tenancy import Tenancy

pytestmark = pytest.mark.e2e

TRACE = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "a=1,b=2"}


def test_a_subscribed_queue_gets_the_end_of_a_task_as_a_cloudevent(tenant: Tenancy) -> None:
    tenant.register("echo")
    results = tenant.subscribe()
    task = tenant.run("echo", {"n": 1}, **TRACE)
    (envelope,) = results.wait_for(1)
    assert (envelope["source"], envelope["detail-type"]) == ("fairlane", "fairlane.task.succeeded")
    event = envelope["detail"]
    attributes = {
        "specversion": "1.0",
        "type": "fairlane.task.succeeded",
        "source": f"/tenants/{tenant.name}",
        "subject": task["id"],
        "datacontenttype": "application/json",
        "tenant": tenant.name,
        "tasktype": "echo",
        "lane": "default",
        **TRACE,
    }
    assert attributes.items() <= event.items()
    assert event["id"]
    assert event["data"] == {"task": task}


def test_a_result_event_of_a_failed_task_tells_its_error(tenant: Tenancy) -> None:
    tenant.register("fail")
    results = tenant.subscribe()
    task = tenant.run("fail", {"error": "BrokenError", "message": "why"})
    (envelope,) = results.wait_for(1)
    assert envelope["detail-type"] == "fairlane.task.failed"
    assert envelope["detail"]["data"]["task"]["error"] == {"type": "BrokenError", "message": "why"}
    assert envelope["detail"]["data"]["task"]["attempt"] == task["attempt"] == 3
    assert "traceparent" not in envelope["detail"]


def test_a_message_that_comes_again_after_the_end_tells_the_same_result_event_and_runs_nothing(
    tenant: Tenancy,
) -> None:
    told = tenant.inbox("told")
    tenant.register_function(tenant.account.witness(tenant.name, tells=told), "witness")
    results = tenant.subscribe()
    task = tenant.run("witness", {"n": 1}, event_id="1")
    (first,) = results.wait_for(1)
    generation = first["detail"]["id"].rpartition("-")[2]
    event = {"specversion": "1.0", "id": "1", "source": "/e2e", "type": "witness", "data": {"n": 1}}
    queue = tenant.account.lane_queue_url(tenant.name)
    tenant.account.send(queue, json.dumps(event), task=task["id"], generation=generation)
    again = results.wait_for(2)[1]
    assert again["detail"] == first["detail"]
    assert len(told.look()) == 1
    assert tenant.api.get_task(task["id"]) == task


def test_a_subscribed_function_is_called_with_the_result(tenant: Tenancy) -> None:
    tenant.register("echo")
    told = tenant.inbox("told")
    witness = tenant.account.witness(tenant.name, tells=told)
    tenant.api.put_subscription("function", {"pattern": {}, "target": {"lambda": witness}})
    task = tenant.run("echo", {"n": 1})
    (envelope,) = told.wait_for(1)
    assert envelope["detail-type"] == "fairlane.task.succeeded"
    assert envelope["detail"]["data"]["task"] == task


def test_a_pattern_chooses_which_results_come(tenant: Tenancy) -> None:
    tenant.register("echo")
    tenant.register("echo", "other")
    tenant.register("fail", retry={"max_attempts": 1})
    everything = tenant.subscribe("everything")
    failures = tenant.subscribe("failures", {"detail-type": ["fairlane.task.failed"]})
    others = tenant.subscribe("others", {"detail": {"tasktype": [{"prefix": "oth"}]}})
    numbered = tenant.subscribe("numbered", {"detail": {"data": {"task": {"result": {"n": [{"numeric": [">", 1]}]}}}}})
    ids = {
        "echo": tenant.submit("echo", {"n": 1}),
        "other": tenant.submit("other", {"n": 2}),
        "fail": tenant.submit("fail", {"error": "E", "message": "m"}),
    }
    everything.wait_for(3)
    assert [envelope["detail"]["subject"] for envelope in failures.look()] == [ids["fail"]]
    assert [envelope["detail"]["subject"] for envelope in others.look()] == [ids["other"]]
    assert [envelope["detail"]["subject"] for envelope in numbered.look()] == [ids["other"]]


def test_a_changed_subscription_goes_by_its_new_pattern_and_a_deleted_one_gets_nothing(tenant: Tenancy) -> None:
    tenant.register("echo")
    fence = tenant.subscribe("fence")
    inbox = tenant.subscribe("changing", {"detail-type": ["fairlane.task.failed"]})
    target = {"sqs": inbox.arn}
    before = tenant.submit("echo")
    fence.wait_for(1)
    tenant.api.put_subscription("changing", {"pattern": {}, "target": {"sqs": target["sqs"]}})
    during = tenant.submit("echo")
    fence.wait_for(2)
    tenant.api.delete_subscription("changing")
    after = tenant.submit("echo")
    fence.wait_for(3)
    assert [len(inbox.about(task)) for task in (before, during, after)] == [0, 1, 0]


def test_a_subscription_is_made_read_listed_and_deleted(tenant: Tenancy) -> None:
    arn = tenant.inbox().arn
    body = {"pattern": {"detail-type": ["fairlane.task.failed"]}, "target": {"sqs": arn}}
    assert tenant.http.put("/subscriptions/mine", json=body).status_code == 201
    assert tenant.http.put("/subscriptions/mine", json=body).status_code == 200
    found = tenant.api.get_subscription("mine")
    assert (found["name"], found["pattern"], found["target"]) == ("mine", body["pattern"], body["target"])
    assert found["created_at"] <= found["updated_at"]
    assert list(tenant.api.list_subscriptions()) == [found]
    assert tenant.http.delete("/subscriptions/mine").status_code == 204
    with pytest.raises(NotFoundError):
        tenant.api.get_subscription("mine")
    with pytest.raises(NotFoundError):
        tenant.api.delete_subscription("mine")
    assert list(tenant.api.list_subscriptions()) == []


def test_a_subscription_names_only_targets_that_the_platform_allows(tenant: Tenancy) -> None:
    tenant.platform.put_tenant(tenant.name, {"targets": [f"{tenant.name}-*"]})
    own, foreign = tenant.inbox().arn, tenant.account.inbox(f"foreign-{tenant.name}").arn
    assert tenant.api.put_subscription("own", {"pattern": {}, "target": {"sqs": own}})["target"] == {"sqs": own}
    with pytest.raises(RefusedError) as refused:
        tenant.api.put_subscription("foreign", {"pattern": {}, "target": {"sqs": foreign}})
    assert refused.value.problem["errors"][0]["pointer"] == "#/target/sqs"


@pytest.mark.parametrize("queue", ["lane-{tenant}-default", "results-{tenant}", "dead-letters", "undelivered"])
def test_a_subscription_never_names_a_queue_of_fairlanes_own(tenant: Tenancy, queue: str) -> None:
    name = f"{tenant.stack.stack}-{queue.format(tenant=tenant.name)}"
    arn = f"arn:aws:sqs:{tenant.stack.region}:000000000000:{name}"
    with pytest.raises(RefusedError) as refused:
        tenant.api.put_subscription("mine", {"pattern": {}, "target": {"sqs": arn}})
    assert refused.value.problem["errors"][0]["pointer"] == "#/target/sqs"


@pytest.mark.parametrize(
    ("pattern", "pointer"),
    [
        ({"source": ["aws.s3"]}, "#/pattern/source"),
        ({"account": ["000000000000"]}, "#/pattern/account"),
        ({"resources": [{"prefix": ""}]}, "#/pattern/resources"),
        ({"$or": [{"detail-type": ["a"]}]}, "#/pattern/$or"),
        ({"detail-type": "no array"}, "#/pattern/detail-type"),
    ],
)
def test_a_pattern_matches_nothing_but_results(tenant: Tenancy, pattern: dict[str, object], pointer: str) -> None:
    with pytest.raises(RefusedError) as refused:
        tenant.api.put_subscription("mine", {"pattern": pattern, "target": {"sqs": tenant.inbox().arn}})
    assert refused.value.problem["errors"][0]["pointer"] == pointer
    assert list(tenant.api.list_subscriptions()) == []


@pytest.mark.parametrize(
    "target",
    [
        {"event_bus": "arn:aws:events:us-east-1:000000000000:rule/mine"},
        {"webhook": {"url": "ftp://example.com"}},
        {"sqs": "no arn"},
        {"lambda": "fairlane-target-nobody"},
        {"sqs": "arn:aws:sqs:us-east-1:000000000000:q", "lambda": "fairlane-target-echo"},
        {},
    ],
    ids=["bus", "webhook", "no arn", "no function", "two", "none"],
)
def test_a_target_that_cannot_be_served_is_refused(tenant: Tenancy, target: dict[str, object]) -> None:
    answer = tenant.http.put("/subscriptions/mine", json={"pattern": {}, "target": target})
    assert answer.status_code == 422
    assert all(field["pointer"].startswith("#/target") for field in answer.json()["errors"])


def test_a_message_that_no_record_stands_for_is_buried_unrun(tenant: Tenancy) -> None:
    told = tenant.inbox("told")
    tenant.register_function(tenant.account.witness(tenant.name, tells=told), "witness")
    event = {"specversion": "1.0", "id": "forged", "source": "/e2e", "type": "witness", "data": tenant.name}
    queue = tenant.account.lane_queue_url(tenant.name)
    tenant.account.send(queue, json.dumps(event), task="t_" + "a" * 26, generation="1")
    buried = eventually(lambda: tenant.account.buried_of(tenant.name))
    assert json.loads(buried["Body"]) == event
    assert "record" in json.dumps(buried["MessageAttributes"])
    assert told.look() == []
