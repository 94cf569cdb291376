"""Webhooks: signed, posted, tried again, stopped, and given up, without one result getting lost."""

import json
from datetime import timedelta
from typing import Any

import pytest

from fairlane.domain.delivery import FEW_FAILURES, GIVE_UP_AFTER, PAUSE_AFTER
from fairlane.domain.signing import signature
from fairlane.domain.times import utc_now
from tests.moto.calls import AFTER, BEFORE, Point, When, die, lose_answer
from tests.moto.stack import ACCOUNT, REGION, client
from tests.moto.tenants import Tenant, make_tenant
from tests.moto.web import POST, Posted, answering, hanging
from tests.moto.world import Reply, World

URL = "https://hooks.example.com/acme"
OTHER = "https://hooks.example.com/other"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:fairlane-webhooks-acme"


def put_webhook(tenant: Tenant, name: str = "hook", url: str = URL, pattern: Any = None) -> Reply:
    body = {"pattern": pattern or {"detail-type": [{"prefix": "fairlane.task."}]}, "target": {"webhook": {"url": url}}}
    return tenant.ask("PUT", f"/v1/subscriptions/{name}", body=body)


@pytest.fixture
def hooked(world: World) -> Tenant:
    """A tenant whose only subscription is a webhook."""
    tenant = make_tenant(world)
    assert tenant.register().status == 201
    assert put_webhook(tenant).status == 201
    return tenant


def a_result(world: World, tenant: Tenant, event_id: str = "e-1") -> str:
    """A task that ended; its id. Its result lies in the webhooks queue."""
    task_id: str = tenant.submit(id=event_id).body["id"]
    for _ in range(3):
        for function in ("dispatcher", "deliverer"):
            for queue in (tenant.lane_arn, tenant.results_arn):
                if queue in world.mappings.fed_by(function):
                    world._poll_queue(function, queue)
    return task_id


def failed_deliveries(tenant: Tenant, **query: str) -> list[dict[str, Any]]:
    reply = tenant.ask("GET", "/v1/deliveries", query={"status": "failed", **query})
    assert reply.status == 200, reply
    items: list[dict[str, Any]] = reply.body["items"]
    return items


def assert_signed(posted: Posted, secret: str) -> None:
    headers = posted.headers
    wanted = signature(secret, headers["webhook-id"], int(headers["webhook-timestamp"]), posted.body)
    assert wanted in headers["webhook-signature"].split(" ")
    assert int(headers["webhook-timestamp"]) == int(posted.at.timestamp())


def test_the_answer_of_the_put_alone_shows_the_secret(world: World) -> None:
    tenant = make_tenant(world)
    made = put_webhook(tenant)
    assert made.status == 201
    assert made.body["secret"].startswith("whsec_")
    assert made.body["target"] == {"webhook": {"url": URL}}
    changed = put_webhook(tenant, url=OTHER)
    assert (changed.status, changed.body["target"]) == (200, {"webhook": {"url": OTHER}})
    for text in (
        changed.text,
        tenant.ask("GET", "/v1/subscriptions/hook").text,
        tenant.ask("GET", "/v1/subscriptions").text,
    ):
        assert "whsec" not in text


def test_a_result_is_posted_signed_as_a_structured_cloudevent(world: World) -> None:
    tenant = make_tenant(world)
    tenant.register()
    tenant.subscribe()
    secret = put_webhook(tenant).body["secret"]
    task_id = tenant.submit().body["id"]
    world.settle()
    [posted] = world.web.posted
    [result] = tenant.results()
    assert posted.url == URL
    assert posted.event == result
    assert posted.event["subject"] == task_id
    assert posted.headers["Content-Type"] == "application/cloudevents+json"
    assert posted.headers["webhook-id"] == result["id"]
    assert "." not in result["id"]
    assert_signed(posted, secret)
    assert tenant.task(task_id)["delivery"]["status"] == "published"
    assert failed_deliveries(tenant) == []
    assert world.items("Deliveries") == []


def test_after_a_rotation_both_secrets_sign_for_a_day(world: World) -> None:
    tenant = make_tenant(world)
    tenant.register()
    old = put_webhook(tenant).body["secret"]
    rotated = tenant.ask("POST", "/v1/subscriptions/hook/rotate")
    assert rotated.status == 200
    new = rotated.body["secret"]
    assert rotated.body["previous_secret_until"] == "2026-11-25T12:00:00.000Z"
    tenant.submit(id="1")
    world.settle()
    world.pass_time(hours=24)
    tenant.submit(id="2")
    world.settle()
    during, after = world.web.posted
    assert_signed(during, old)
    assert_signed(during, new)
    assert_signed(after, new)
    assert len(after.headers["webhook-signature"].split(" ")) == 1


def test_only_a_webhook_has_a_secret_to_rotate(acme: Tenant) -> None:
    assert acme.ask("POST", "/v1/subscriptions/all/rotate").problem == "conflict"
    assert acme.ask("POST", "/v1/subscriptions/none/rotate").problem == "not-found"


@pytest.mark.parametrize("answer", [answering(500), answering(302), answering(404), hanging])
def test_what_is_no_2xx_is_tried_again_with_the_same_id(world: World, hooked: Tenant, answer: Any) -> None:
    world.web.scripts[URL] = [answer, answer, answering(204)]
    hooked.submit()
    world.settle(step=timedelta(seconds=1))
    assert len(world.web.posted) == 3
    assert len({posted.headers["webhook-id"] for posted in world.web.posted}) == 1
    first, second, third = (posted.at for posted in world.web.posted)
    assert second - first < timedelta(seconds=10)
    assert third - second > second - first
    assert world.items("Deliveries") == []


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed_and_by_the_whole_endpoint(world: World, hooked: Tenant, status: int) -> None:
    world.web.scripts[URL] = [answering(status, retry_after="600"), answering(200)]
    a_result(world, hooked, "1")
    world.poll("deliverer")
    world.pass_time(seconds=60)
    hooked.submit(id="2")
    world.settle()
    first, *others = world.web.posted
    assert len(others) == 2
    assert all(posted.at - first.at >= timedelta(seconds=600) for posted in others)


def test_410_disables_until_somebody_resumes(world: World, hooked: Tenant) -> None:
    hooked.subscribe("others", pattern={"detail-type": [{"prefix": "fairlane.subscription."}]})
    world.web.scripts[URL] = [answering(410), answering(200)]
    first = hooked.submit(id="1").body["id"]
    world.settle()
    hooked.submit(id="2")
    world.settle()
    assert len(world.web.posted) == 1
    shown = hooked.ask("GET", "/v1/subscriptions/hook").body
    assert (shown["status"], shown["reason"]) == ("disabled", "the endpoint answered 410 (Gone)")
    [told] = hooked.results()
    assert (told["type"], told["subject"]) == ("fairlane.subscription.disabled", "hook")
    assert hooked.task(first)["delivery"] == {"status": "failed", "attempts": 1, "error": "hook: HTTP 410"}
    assert [each["attempts"] for each in failed_deliveries(hooked)] == [1, 1]

    resumed = hooked.ask("POST", "/v1/subscriptions/hook/resume")
    assert (resumed.status, resumed.body["status"]) == (200, "active")
    redriven = hooked.ask("POST", "/v1/deliveries/redrive", body={})
    assert (redriven.status, redriven.body["matched"], redriven.body["done"]) == (202, 2, 2)
    world.settle()
    assert len(world.web.posted) == 3
    assert len({posted.headers["webhook-id"] for posted in world.web.posted}) == 2
    assert world.items("Deliveries") == []
    assert hooked.task(first)["delivery"]["status"] == "published"


def test_a_put_resumes_too(world: World, hooked: Tenant) -> None:
    world.web.scripts[URL] = [answering(410)]
    hooked.submit(id="1")
    world.settle()
    assert put_webhook(hooked, url=OTHER).body["status"] == "active"
    hooked.submit(id="2")
    world.settle()
    assert len(world.web.to(OTHER)) == 1


def test_after_three_days_a_delivery_is_given_up_and_can_be_sent_again(world: World, hooked: Tenant) -> None:
    world.web.scripts[URL] = [answering(500)]
    task_id = hooked.submit().body["id"]
    # moto hides no message that was sent more than 12 hours ago: it comes again with each step then
    world.settle(within=GIVE_UP_AFTER + timedelta(hours=12), step=timedelta(hours=2))
    [delivery] = failed_deliveries(hooked)
    assert (delivery["task"], delivery["subscription"], delivery["error"]) == (task_id, "hook", "HTTP 500")
    assert world.web.posted[-1].at - world.web.posted[0].at > GIVE_UP_AFTER / 2
    assert hooked.task(task_id)["delivery"]["status"] == "failed"
    world.web.scripts[URL] = [answering(200)]
    assert hooked.ask("POST", "/v1/deliveries/redrive", body={"ids": [delivery["id"]]}).body["done"] == 1
    world.settle()
    assert world.web.posted[-1].event == world.web.posted[0].event
    assert failed_deliveries(hooked) == []


def test_after_five_days_of_failure_the_subscription_is_paused_and_says_so(world: World, hooked: Tenant) -> None:
    hooked.subscribe("others", pattern={"detail-type": ["fairlane.subscription.paused"]})
    world.web.scripts[URL] = [answering(500)]
    began = utc_now()
    number = 0
    while utc_now() - began < PAUSE_AFTER + timedelta(hours=12):
        number += 1
        hooked.submit(id=str(number))
        for _ in range(12):
            while sum(world.poll(function) for function in ("dispatcher", "deliverer")):
                pass
            world.pass_time(hours=1)
    shown = hooked.ask("GET", "/v1/subscriptions/hook").body
    assert (shown["status"], shown["reason"]) == ("paused", "HTTP 500")
    assert {event["id"] for event in hooked.results()} == {hooked.results()[0]["id"]}
    world.settle(within=timedelta(days=1), step=timedelta(minutes=30))
    assert len(failed_deliveries(hooked, limit="100")) == number


def test_a_dead_endpoint_rests_and_takes_one_post_before_the_others_follow(world: World, hooked: Tenant) -> None:
    world.web.scripts[URL] = [hanging]
    for number in range(FEW_FAILURES + 5):
        a_result(world, hooked, str(number))
    world._poll_queue("deliverer", QUEUE)
    assert len(world.web.posted) == FEW_FAILURES + 5
    for _ in range(3):
        world.pass_time(seconds=3)
        world._poll_queue("deliverer", QUEUE)
    assert len(world.web.posted) == FEW_FAILURES + 5  # it rests
    world.pass_time(seconds=20)
    world._poll_queue("deliverer", QUEUE)
    assert len(world.web.posted) == FEW_FAILURES + 6  # one probe
    world.web.scripts[URL] = [answering(200)]
    world.settle(step=timedelta(seconds=10))
    assert {posted.event["data"]["task"]["event_id"] for posted in world.web.posted[FEW_FAILURES + 6 :]} == {
        str(number) for number in range(FEW_FAILURES + 5)
    }


def test_a_dead_endpoint_keeps_no_result_from_a_neighbour(world: World, hooked: Tenant) -> None:
    put_webhook(hooked, "other", OTHER)
    world.web.scripts[URL] = [hanging]
    for number in range(20):
        a_result(world, hooked, str(number))
    for _ in range(6):
        world._poll_queue("deliverer", QUEUE)
    assert len({posted.headers["webhook-id"] for posted in world.web.to(OTHER)}) == 20


def test_a_message_of_a_subscription_that_is_gone_is_dropped_in_the_end(world: World, hooked: Tenant) -> None:
    a_result(world, hooked)
    assert hooked.ask("DELETE", "/v1/subscriptions/hook").status == 204
    world.settle()
    assert world.web.posted == []
    assert [item for item in world.items("Registry") if "webhook#" in item["item"]["S"]] == []
    assert world.dead_letters() == []


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "{}",
        '{"subscription":"hook"}',
        '{"subscription":"../x","event":{}}',
        '{"subscription":"hook","event":{"tenant":"globex","id":"1","type":"t","time":"2026-11-24T12:00:00Z"}}',
        '{"subscription":"hook","event":{"tenant":"acme","type":"t","time":"2026-11-24T12:00:00Z"}}',
        '{"subscription":"hook","event":{"tenant":"acme","id":"1","type":"t","time":"soon"}}',
    ],
)
def test_what_no_rule_can_have_sent_is_buried_unposted(world: World, hooked: Tenant, body: str) -> None:
    url = client("sqs").get_queue_url(QueueName="fairlane-webhooks-acme")["QueueUrl"]
    client("sqs").send_message(QueueUrl=url, MessageBody=body)
    world.settle()
    assert world.web.posted == []
    assert len(world.dead_letters()) == 1
    assert hooked.ask("GET", "/v1/subscriptions/hook").status == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com",
        "https://127.0.0.1/",
        "https://user@hooks.example.com/",
        "https://localhost/",
        "x",
        "",
    ],
)
def test_a_url_that_may_not_be_called_is_refused(acme: Tenant, url: str) -> None:
    reply = put_webhook(acme, url=url)
    assert (reply.status, reply.problem) == (422, "refused")
    assert reply.body["errors"][0]["pointer"] == "#/target/webhook/url"
    assert "fairlane-webhooks-acme" not in str(client("sqs").list_queues())


def test_only_rules_of_the_results_bus_may_send_to_the_webhooks_queue(hooked: Tenant) -> None:
    assert hooked.name == "acme"
    url = client("sqs").get_queue_url(QueueName="fairlane-webhooks-acme")["QueueUrl"]
    attributes = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    [statement] = json.loads(attributes["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"]["ArnLike"]["aws:SourceArn"] == (
        f"arn:aws:events:{REGION}:{ACCOUNT}:rule/fairlane-results/*"
    )
    assert attributes["SqsManagedSseEnabled"] == "true"


def test_a_sample_event_is_posted_too(world: World, hooked: Tenant) -> None:
    assert hooked.ask("POST", "/v1/subscriptions/hook/test").status == 200
    world.settle()
    [posted] = world.web.posted
    assert posted.event["test"] is True
    assert world.items("Deliveries") == []


# --- whatever dies --------------------------------------------------------------------------------

GET, PUT, UPDATE, DELETE = (f"dynamodb.{name}" for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"))
HIDE, TO_BUS = "sqs.ChangeMessageVisibilityBatch", "eventbridge.PutEvents"
_WHEN: tuple[When, When] = (BEFORE, AFTER)
#: Of posting a message that goes well; that fails; that makes the endpoint stop.
POINTS = [
    *[(answering(200), call, nth) for call, nth in ((GET, 1), (GET, 2), (GET, 3), (GET, 4), (POST, 1))],
    *[(answering(500), call, nth) for call, nth in ((POST, 1), (PUT, 1), (HIDE, 1))],
    *[(answering(410), call, nth) for call, nth in ((TO_BUS, 1), (PUT, 1), (PUT, 2), (PUT, 3), (UPDATE, 1))],
]


@pytest.mark.parametrize("when", _WHEN)
@pytest.mark.parametrize(("answer", "call", "nth"), POINTS)
@pytest.mark.parametrize("happening", [die, lose_answer])
def test_no_result_is_lost_whatever_dies(
    world: World, hooked: Tenant, answer: Any, call: str, nth: int, when: When, happening: Any
) -> None:
    if call == POST and happening is lose_answer:
        pytest.skip("a lost answer of an endpoint is NoReply")
    world.web.scripts[URL] = [answer, answering(200)]
    task_id = a_result(world, hooked)
    world.calls.at(Point("deliverer", call, when, nth), happening)
    world.settle(step=timedelta(seconds=30))
    ids = {posted.headers["webhook-id"] for posted in world.web.posted}
    if answer().status == 410:
        stopped = hooked.ask("GET", "/v1/subscriptions/hook").body["status"] == "disabled"
        kept = [each["task"] for each in failed_deliveries(hooked)]
        assert kept == [task_id] if stopped else len(world.web.posted) == 2
    else:
        assert failed_deliveries(hooked) == []
    assert len(ids) == 1
    if (call, when, happening) != (POST, AFTER, die) and call == POST:
        assert len(world.web.posted) <= 3


# --- making one -----------------------------------------------------------------------------------


def test_the_queue_is_made_with_the_first_webhook_and_goes_with_the_tenant(world: World, hooked: Tenant) -> None:
    assert QUEUE in world.mappings.fed_by("deliverer")
    put_webhook(hooked, "second")
    assert sum("webhooks" in queue for queue in world.mappings.by_queue) == 1
    world.ask("DELETE", "/v1/tenants/acme", key=world.admin_key)
    world.pass_time(minutes=16)
    world.operate("converge")
    world.pass_time(minutes=16)
    world.operate("converge")
    assert world.ask("GET", "/v1/tenants/acme", key=world.admin_key).status == 404
    assert not any("webhooks" in queue for queue in world.mappings.by_queue)
    assert "webhooks" not in str(client("sqs").list_queues().get("QueueUrls"))
    assert "webhooks-acme" not in str(world.items("Registry"))


MAKE_POINTS = [
    *[(call, nth) for call in (PUT, GET) for nth in range(1, 5)],
    ("sqs.CreateQueue", 1),
    ("sqs.SetQueueAttributes", 1),
    ("lambda.CreateEventSourceMapping", 1),
    ("eventbridge.PutRule", 1),
    ("eventbridge.PutTargets", 1),
]


@pytest.mark.parametrize("when", _WHEN)
@pytest.mark.parametrize(("call", "nth"), MAKE_POINTS)
def test_a_webhook_whose_making_died_anywhere_is_made_by_the_repeated_request(
    world: World, call: str, nth: int, when: When
) -> None:
    tenant = make_tenant(world)
    tenant.register()
    world.calls.at(Point("controller", call, when, nth), die)
    reply = world.persist(lambda: put_webhook(tenant))
    assert reply.status in (200, 201)
    assert sum("webhooks" in queue for queue in world.mappings.by_queue) == 1
    tenant.submit()
    world.settle()
    [posted] = world.web.posted
    secret = reply.body.get("secret") or tenant.ask("POST", "/v1/subscriptions/hook/rotate").body["secret"]
    if reply.status == 201:
        assert_signed(posted, secret)
