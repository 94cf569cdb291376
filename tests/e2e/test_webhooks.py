from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from fairlane_client import RefusedError
from fairlane_client.models import Subscription
from fairlane_client.webhooks import NotSignedError, verify
from tests.e2e.polling import eventually
from tests.e2e.receiver import Endpoint
from tests.e2e.tenancy import Tenancy

pytestmark = pytest.mark.e2e

NewEndpoint = Callable[..., Endpoint]


@pytest.fixture
def new_endpoint() -> Iterator[NewEndpoint]:
    with ExitStack() as endpoints:
        yield lambda *script: endpoints.enter_context(Endpoint(*script))


def hook(tenant: Tenancy, endpoint: Endpoint, name: str = "hook") -> Subscription:
    pattern = {"detail-type": [{"prefix": "fairlane.task."}]}
    return tenant.api.put_subscription(name, {"pattern": pattern, "target": {"webhook": {"url": endpoint.url}}})


def test_a_webhook_gets_the_result_that_a_queue_gets_signed(tenant: Tenancy, new_endpoint: NewEndpoint) -> None:
    tenant.register("echo")
    results = tenant.subscribe()
    endpoint = new_endpoint()
    secret = hook(tenant, endpoint)["secret"]
    task = tenant.run("echo", {"n": 1, "text": "Grüße"})
    (posted,) = endpoint.wait_for(1)
    (envelope,) = results.wait_for(1)
    assert verify(posted.headers, posted.body, [secret]) == envelope["detail"]
    assert posted.event["subject"] == task["id"]
    assert posted.headers["webhook-id"] == posted.event["id"]
    assert posted.headers["content-type"] == "application/cloudevents+json"
    with pytest.raises(NotSignedError):
        verify(posted.headers, posted.body + b" ", [secret])
    assert "secret" not in tenant.api.get_subscription("hook")
    assert tenant.api.get_task(task["id"])["delivery"]["status"] == "published"


def test_an_endpoint_that_fails_twice_gets_the_same_event_until_it_takes_it(
    tenant: Tenancy, new_endpoint: NewEndpoint
) -> None:
    tenant.register("echo")
    endpoint = new_endpoint(500, 503)
    hook(tenant, endpoint)
    tenant.run("echo")
    first, second, third = endpoint.wait_for(3)
    assert first.body == second.body == third.body
    assert len({posted.headers["webhook-id"] for posted in (first, second, third)}) == 1
    assert list(tenant.api.list_deliveries()) == []


def test_410_disables_and_what_came_meanwhile_is_sent_again_after_a_resume(
    tenant: Tenancy, new_endpoint: NewEndpoint
) -> None:
    tenant.register("echo")
    endpoint = new_endpoint(410)
    hook(tenant, endpoint)
    first = tenant.run("echo", 1)
    eventually(lambda: tenant.api.get_subscription("hook")["status"] == "disabled")
    second = tenant.run("echo", 2)
    failed = eventually(lambda: found if len(found := list(tenant.api.list_deliveries(status="failed"))) == 2 else [])
    assert {delivery["task"] for delivery in failed} == {first["id"], second["id"]}
    assert tenant.api.get_task(first["id"])["delivery"]["status"] == "failed"
    assert len(endpoint.posted) == 1

    assert tenant.api.resume_subscription("hook")["status"] == "active"
    assert tenant.api.redrive_page({})["done"] == 2
    posted = endpoint.wait_for(3)[1:]
    assert {each.event["subject"] for each in posted} == {first["id"], second["id"]}
    eventually(lambda: list(tenant.api.list_deliveries()) == [])
    eventually(lambda: tenant.api.get_task(first["id"])["delivery"]["status"] == "published")


def test_both_secrets_sign_after_a_rotation(tenant: Tenancy, new_endpoint: NewEndpoint) -> None:
    endpoint = new_endpoint()
    old = hook(tenant, endpoint)["secret"]
    new = tenant.api.rotate_subscription("hook")["secret"]
    tenant.api.test_subscription("hook")
    (posted,) = endpoint.wait_for(1)
    assert posted.event["test"] is True
    assert verify(posted.headers, posted.body, [old]) == verify(posted.headers, posted.body, [new])


def test_a_dead_endpoint_keeps_no_result_from_its_neighbour(tenant: Tenancy, new_endpoint: NewEndpoint) -> None:
    tenant.register("echo")
    dead, alive = new_endpoint(*[500] * 100), new_endpoint()
    hook(tenant, dead, "dead")
    hook(tenant, alive, "alive")
    tasks = {tenant.submit("echo", n) for n in range(10)}
    assert {posted.event["subject"] for posted in alive.wait_for(10)} == tasks


def test_results_go_to_another_bus_and_a_sample_to_one_subscription_alone(tenant: Tenancy) -> None:
    tenant.register("echo")
    bus_arn, behind = tenant.account.bus(tenant.name)
    tenant.api.put_subscription(
        "bus", {"pattern": {"detail": {"tasktype": ["echo"]}}, "target": {"event_bus": bus_arn}}
    )
    others = tenant.subscribe("others")
    task = tenant.run("echo")
    (envelope,) = behind.wait_for(1)
    assert (envelope["source"], envelope["detail"]["subject"]) == ("fairlane", task["id"])
    others.wait_for(1)
    assert tenant.api.test_subscription("bus")["name"] == "bus"
    sample = behind.wait_for(2)[1]
    assert sample["detail"]["test"] is True
    assert len(others.look()) == 1


@pytest.mark.parametrize(
    "target",
    [{"webhook": {"url": "ftp://x"}}, {"webhook": {}}, {"event_bus": "arn:aws:events:us-east-1:1:event-bus/x"}],
)
def test_a_target_that_is_none_is_refused(tenant: Tenancy, target: dict[str, object]) -> None:
    with pytest.raises(RefusedError):
        tenant.api.put_subscription("bad", {"pattern": {}, "target": target})  # type: ignore[typeddict-item]


def test_a_result_submits_the_next_task_once_with_the_trace(tenant: Tenancy) -> None:
    tenant.register("echo")
    tenant.register("echo", "next")
    pattern = {"detail-type": ["fairlane.task.succeeded"], "detail": {"tasktype": ["echo"]}}
    tenant.api.put_subscription("chain", {"pattern": pattern, "target": {"task": {"type": "next"}}})
    results = tenant.subscribe("results", {"detail": {"tasktype": ["next"]}})
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    first = tenant.run("echo", {"n": 1}, traceparent=trace)
    (envelope,) = results.wait_for(1)
    event = envelope["detail"]
    assert (event["traceparent"], event["fairlanehops"]) == (trace, 1)
    (second,) = tenant.api.list_tasks(type="next")
    assert second["result"]["task"]["id"] == first["id"]  # type: ignore[index]
