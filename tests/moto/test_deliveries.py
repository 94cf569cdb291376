"""What a rule's target did not take: listed for its tenant, and sent again to that subscription alone."""

import json
from typing import Any

import pytest

from fairlane.domain.names import task_id as id_of
from tests.moto.calls import AFTER, BEFORE, Point, When, die, lose_answer, refuse_connection
from tests.moto.stack import client
from tests.moto.tenants import Tenant
from tests.moto.world import World


def rule_arn(tenant: Tenant, name: str = "all") -> str:
    arn: str = tenant.ask("GET", f"/v1/subscriptions/{name}").body["rule_arn"]
    return arn


def eventbridge_gives_up(world: World, result: dict[str, Any], arn: str, *, error: str = "NO_PERMISSIONS") -> None:
    """What EventBridge does then: the event and attributes into the rule's dead-letter queue. Moto does not."""
    envelope = {"version": "0", "source": "fairlane", "detail-type": result["type"], "detail": result}
    texts = {"RULE_ARN": arn, "TARGET_ARN": "t", "ERROR_CODE": error, "ERROR_MESSAGE": "no", "RETRY_ATTEMPTS": "3"}
    attributes = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}
    client("sqs").send_message(
        QueueUrl=world.stack.ref("Undelivered"), MessageBody=json.dumps(envelope), MessageAttributes=attributes
    )


def an_undelivered(world: World, tenant: Tenant, event_id: str = "e-1") -> str:
    """A task whose result its subscriber got; yet EventBridge says that it did not. The task's id."""
    task_id: str = tenant.submit(id=event_id).body["id"]
    world.settle()
    result = next(each for each in tenant.results() if each["subject"] == task_id)
    eventbridge_gives_up(world, result, rule_arn(tenant))
    return task_id


def listed(tenant: Tenant, **query: str) -> list[dict[str, Any]]:
    reply = tenant.ask("GET", "/v1/deliveries", query=query)
    assert reply.status == 200, reply
    items: list[dict[str, Any]] = reply.body["items"]
    return items


def redrive(tenant: Tenant, **body: Any) -> dict[str, Any]:
    reply = tenant.ask("POST", "/v1/deliveries/redrive", body=body)
    assert reply.status == 202, reply
    answer: dict[str, Any] = reply.body
    return answer


def copies(tenant: Tenant, task_id: str) -> list[str]:
    return [each["id"] for each in tenant.results() if each["subject"] == task_id]


def test_what_eventbridge_gave_up_is_listed_and_shown_on_the_task(world: World, acme: Tenant, globex: Tenant) -> None:
    task_id = an_undelivered(world, acme)
    world.settle()
    [delivery] = listed(acme, status="failed")
    assert {name: delivery[name] for name in ("subscription", "task", "status", "attempts", "error")} == {
        "subscription": "all",
        "task": task_id,
        "status": "failed",
        "attempts": 4,
        "error": "NO_PERMISSIONS: no",
    }
    assert acme.task(task_id)["delivery"] == {"status": "failed", "attempts": 4, "error": "all: NO_PERMISSIONS: no"}
    assert listed(globex) == []
    assert world.dead_letters() == []


def test_a_repeated_sending_of_the_result_says_nothing_of_deliveries(world: World, acme: Tenant) -> None:
    task_id = an_undelivered(world, acme)
    world.settle()
    world.redeliver("dispatcher", world.seen_by("dispatcher"))
    world.settle()
    first, again = acme.result_texts(task_id)
    assert first == again


def test_it_is_sent_again_to_the_one_subscription_with_the_same_id(world: World, acme: Tenant) -> None:
    acme.subscribe("second", pattern={"detail-type": ["fairlane.task.succeeded"]})
    task_id = an_undelivered(world, acme)
    world.settle()
    assert redrive(acme) == {
        "action": "redrive",
        "status": "done",
        "matched": 1,
        "done": 1,
        "failed": 0,
        "cursor": None,
    }
    assert len(copies(acme, task_id)) == 3  # to both, and to one of them again
    assert len(set(copies(acme, task_id))) == 1
    [delivery] = listed(acme)
    assert (delivery["status"], listed(acme, status="failed")) == ("redriven", [])
    assert redrive(acme)["matched"] == 0
    assert redrive(acme, ids=[delivery["id"]])["done"] == 1


def test_what_fails_again_is_failed_again(world: World, acme: Tenant) -> None:
    task_id = an_undelivered(world, acme)
    world.settle()
    redrive(acme)
    world.pass_time(minutes=1)
    eventbridge_gives_up(world, acme.results()[0], rule_arn(acme), error="RESOURCE_NOT_FOUND")
    world.settle()
    [delivery] = listed(acme, status="failed", task=task_id)
    assert delivery["error"] == "RESOURCE_NOT_FOUND: no"


def test_some_are_chosen_by_subscription_or_task(world: World, acme: Tenant) -> None:
    first, second = an_undelivered(world, acme, "1"), an_undelivered(world, acme, "2")
    world.settle()
    assert {each["task"] for each in listed(acme, subscription="all")} == {first, second}
    assert listed(acme, subscription="other") == []
    assert [each["task"] for each in listed(acme, task=first)] == [first]
    assert redrive(acme, filter={"subscription": "other"})["matched"] == 0
    assert redrive(acme, filter={"task": second})["done"] == 1
    assert [each["task"] for each in listed(acme, status="failed")] == [first]


def test_pages_are_newest_first_and_complete(world: World, acme: Tenant) -> None:
    tasks = []
    for number in range(5):
        tasks.append(an_undelivered(world, acme, str(number)))
        world.pass_time(seconds=10)
    world.settle()
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = acme.ask("GET", "/v1/deliveries", query=query).body
        seen += [each["task"] for each in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert seen == tasks[::-1]


@pytest.mark.parametrize(
    "query",
    [
        {"status": "lost"},
        {"limit": "0"},
        {"limit": "x"},
        {"cursor": "x"},
        {"other": "1"},
        {"subscription": "A"},
        {"task": "1"},
    ],
)
def test_a_wrong_parameter_is_refused(acme: Tenant, query: dict[str, str]) -> None:
    reply = acme.ask("GET", "/v1/deliveries", query=query)
    assert (reply.status, reply.problem) == (400, "malformed")


@pytest.mark.parametrize(
    "body", [{"ids": []}, {"ids": ["x"]}, {"filter": {"status": "failed"}}, {"other": 1}, {"cursor": 1}]
)
def test_a_wrong_redrive_is_refused(acme: Tenant, body: Any) -> None:
    reply = acme.ask("POST", "/v1/deliveries/redrive", body=body)
    assert (reply.status, reply.problem) == (422, "refused")


def test_another_tenants_delivery_is_not_there(world: World, acme: Tenant, globex: Tenant) -> None:
    an_undelivered(world, acme)
    world.settle()
    [delivery] = listed(acme)
    reply = globex.ask("POST", "/v1/deliveries/redrive", body={"ids": [delivery["id"]]})
    assert reply.problem == "not-found"
    assert redrive(globex)["matched"] == 0


def test_what_belongs_to_no_subscription_any_more_is_not_kept(world: World, acme: Tenant) -> None:
    arn = rule_arn(acme)
    acme.submit()
    world.settle()
    result = acme.results()[0]
    acme.ask("DELETE", "/v1/subscriptions/all")
    eventbridge_gives_up(world, result, arn)
    world.settle()
    assert listed(acme) == []
    assert world.dead_letters() == []


def test_one_tenants_rule_cannot_fill_anothers_list(world: World, acme: Tenant, globex: Tenant) -> None:
    acme.submit()
    world.settle()
    eventbridge_gives_up(world, acme.results()[0], rule_arn(globex))
    world.settle()
    assert (listed(acme), listed(globex)) == ([], [])


@pytest.mark.parametrize(
    "body", ["no json", "[]", "{}", '{"detail":{"tenant":"#tenants"}}', '{"detail":{"tenant":"acme"}}']
)
def test_what_is_no_result_is_buried_or_nobodys(world: World, acme: Tenant, body: str) -> None:
    attributes = {"RULE_ARN": {"DataType": "String", "StringValue": rule_arn(acme)}}
    client("sqs").send_message(QueueUrl=world.stack.ref("Undelivered"), MessageBody=body, MessageAttributes=attributes)
    world.settle()
    assert len(world.dead_letters()) == 1
    assert listed(acme) == []


def test_a_task_of_the_same_id_but_another_generation_is_left_alone(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    world.settle()
    assert task_id == id_of("acme", "/orders", "e-1")
    other = acme.results()[0] | {"id": f"{task_id}-1"}
    eventbridge_gives_up(world, other, rule_arn(acme))
    world.settle()
    assert acme.task(task_id)["delivery"]["status"] == "published"
    assert len(listed(acme)) == 1


# --- whatever dies --------------------------------------------------------------------------------

QUERY, PUT, UPDATE, GET = (f"dynamodb.{name}" for name in ("Query", "PutItem", "UpdateItem", "GetItem"))
TO_BUS = "eventbridge.PutEvents"
_WHEN: tuple[When, When] = (BEFORE, AFTER)


@pytest.mark.parametrize("when", _WHEN)
@pytest.mark.parametrize("happening", [die, lose_answer])
@pytest.mark.parametrize(("call", "nth"), [(QUERY, 1), (PUT, 1), (PUT, 2), (UPDATE, 1)])
def test_a_failure_is_kept_once_whatever_dies(
    world: World, acme: Tenant, call: str, nth: int, when: When, happening: Any
) -> None:
    task_id = an_undelivered(world, acme)
    world.calls.at(Point("deliverer", call, when, nth), happening)
    world.settle()
    assert [each["task"] for each in listed(acme, status="failed")] == [task_id]
    assert acme.task(task_id)["delivery"]["status"] == "failed"


@pytest.mark.parametrize("when", _WHEN)
@pytest.mark.parametrize("call", [GET, QUERY, TO_BUS, UPDATE])
def test_a_redrive_that_died_anywhere_is_finished_by_the_repeated_request(
    world: World, acme: Tenant, call: str, when: When
) -> None:
    task_id = an_undelivered(world, acme)
    world.settle()
    world.calls.at(Point("controller", call, when), die)
    reply = world.persist(lambda: acme.ask("POST", "/v1/deliveries/redrive", body={}))
    assert reply.status == 202
    assert len(copies(acme, task_id)) in (2, 3)
    assert len(set(copies(acme, task_id))) == 1
    assert listed(acme, status="failed") == []


def test_what_the_bus_does_not_take_stays_failed(world: World, acme: Tenant) -> None:
    an_undelivered(world, acme)
    world.settle()
    world.calls.at(Point("controller", TO_BUS, BEFORE), refuse_connection)
    answer = redrive(acme)
    assert (answer["done"], answer["failed"]) == (0, 1)
    assert len(listed(acme, status="failed")) == 1


def test_a_redrive_that_runs_out_of_time_goes_on_from_its_cursor(world: World, acme: Tenant) -> None:
    for number in range(3):
        an_undelivered(world, acme, str(number))
    world.settle()
    world.patch.setattr("controller.deliveries.PAGE", 2)
    # the first page takes longer than a request has
    world.calls.at(Point("controller", TO_BUS, AFTER), lambda: world.pass_time(seconds=20))
    answer = redrive(acme)
    assert (answer["status"], answer["done"]) == ("running", 2)
    answer = redrive(acme, cursor=answer["cursor"])
    assert (answer["status"], answer["done"], answer["cursor"]) == ("done", 1, None)
    assert listed(acme, status="failed") == []
