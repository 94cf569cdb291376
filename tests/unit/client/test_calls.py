import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlane_client import IllegalNameError, calls, new_event
from fairlane_client.call import Call, json_body
from tests.unit.client.asking import API, KEY, Ask, ok, problem

OPENAPI = json.loads((Path(__file__).parents[3] / "functions/gateway/openapi.json").read_text(encoding="utf-8"))
EVENT = new_event("resize", source="/tests", event_id="1")

#: One of each call. Lists stand for their pages.
EVERY_CALL: list[Call[Any]] = [
    calls.health(),
    calls.openapi(),
    calls.put_tenant("acme", {}),
    calls.get_tenant("acme"),
    calls.delete_tenant("acme"),
    calls.pause_tenant("acme"),
    calls.resume_tenant("acme"),
    calls.tenant_page(),
    calls.create_key("acme", ["submit"]),
    calls.key_page("acme"),
    calls.delete_key("acme", "k"),
    calls.put_function("resize", {"target": {"lambda": "f"}}),
    calls.get_function("resize"),
    calls.delete_function("resize"),
    calls.pause_function("resize"),
    calls.resume_function("resize"),
    calls.function_page(),
    calls.put_lane("default", {}),
    calls.get_lane("default"),
    calls.delete_lane("default"),
    calls.pause_lane("default"),
    calls.resume_lane("default"),
    calls.lane_page(),
    calls.put_subscription("s", {"pattern": {}, "target": {"sqs": "arn"}}),
    calls.get_subscription("s"),
    calls.delete_subscription("s"),
    calls.test_subscription("s"),
    calls.rotate_subscription("s"),
    calls.resume_subscription("s"),
    calls.delivery_page(),
    calls.redrive_page({}),
    calls.subscription_page(),
    calls.get_usage(),
    calls.submit_event(EVENT),
    calls.post_batch([json_body(EVENT)]),
    calls.get_task("t_1"),
    calls.explain_task("t_1"),
    calls.cancel_task("t_1"),
    calls.redo_task("t_1"),
    calls.start_operation("cancel", {}),
    calls.get_operation("op_1"),
    calls.cancel_operation("op_1"),
    calls.task_page(),
]


def routes() -> set[tuple[str, str]]:
    return {
        (method.upper(), template)
        for template, item in OPENAPI["paths"].items()
        for method in item
        if method in {"get", "put", "post", "delete"}
    }


def fits(call: Call[Any], route: tuple[str, str]) -> bool:
    method, template = route
    # a template with fewer parameters is meant, where two fit: /v1/tasks/bulk is no task
    return call.method == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), call.path) is not None


@pytest.mark.parametrize("call", EVERY_CALL, ids=lambda call: f"{call.method} {call.path}")
def test_every_call_is_a_route_of_the_openapi_document(call: Call[Any]) -> None:
    assert [route for route in routes() if fits(call, route)]


#: Called with a task's token by whatever runs a deferred task, not with a key (docs/deferred.md).
BY_TOKEN = {("POST", f"/v1/tasks/{{id}}/{verb}") for verb in ("complete", "fail", "heartbeat")}


@pytest.mark.parametrize("route", sorted(routes() - BY_TOKEN), ids=" ".join)
def test_every_route_of_the_openapi_document_has_a_call(route: tuple[str, str]) -> None:
    assert [call for call in EVERY_CALL if fits(call, route)]


def test_the_key_goes_with_every_request(ask: Ask) -> None:
    ask.service.replies = [ok({"status": "ok"})]
    ask("health")
    assert ask.service.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_an_event_is_sent_in_structured_mode_and_its_answer_returned(ask: Ask) -> None:
    accepted = {"id": "t_1", "status": "queued", "duplicate": False}
    ask.service.replies = [httpx.Response(202, json=accepted)]
    assert ask("submit_event", EVENT) == accepted
    request = ask.service.requests[0]
    assert (request.method, str(request.url)) == ("POST", f"{API}/v1/tasks")
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert json.loads(request.content) == EVENT


def test_filters_of_tasks_go_into_the_query(ask: Ask) -> None:
    ask.service.replies = [ok({"items": [], "cursor": None})]
    ask("task_page", status="failed", source="/a b&c", limit=3)
    assert dict(ask.service.requests[0].url.params) == {"limit": "3", "status": "failed", "source": "/a b&c"}


def test_a_redo_can_be_repeated_since_it_has_a_key(ask: Ask) -> None:
    redone = {"id": "t_2", "status": "queued", "duplicate": False, "redo_of": "t_1"}
    ask.service.replies = [problem(503, "unavailable"), httpx.Response(202, json=redone), httpx.Response(202, json={})]
    assert ask("redo_task", "t_1") == redone
    ask("redo_task", "t_1", idempotency_key="mine")
    first, again, mine = (request.headers["idempotency-key"] for request in ask.service.requests)
    assert first == again != mine == "mine"


def test_a_key_is_asked_for_with_what_was_given_only(ask: Ask) -> None:
    ask.service.replies = [httpx.Response(201, json={"keyid": "k", "key": "fl_k_s"})]
    assert ask("create_key", "acme", ["submit", "read"], label="ci")["key"] == "fl_k_s"
    assert ask.service.bodies() == [{"scopes": ["submit", "read"], "label": "ci"}]


def test_a_deletion_that_is_done_returns_none_and_one_that_drains_the_object(ask: Ask) -> None:
    draining = {"tenant": "acme", "status": "draining"}
    ask.service.replies = [httpx.Response(204), httpx.Response(202, json=draining)]
    assert ask("delete_tenant", "acme") is None
    assert ask("delete_tenant", "acme") == draining


def test_names_are_quoted_so_that_none_reaches_another_path(ask: Ask) -> None:
    ask.service.replies = [problem(404, "not-found")] * 1
    with pytest.raises(Exception, match="404"):
        ask("get_function", "a/../b?c#d")
    assert ask.service.requests[0].url.raw_path == b"/stage/v1/functions/a%2F..%2Fb%3Fc%23d"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_names_that_change_the_path_are_not_sent(ask: Ask, name: str) -> None:
    with pytest.raises(IllegalNameError):
        ask("get_function", name)
    assert ask.service.requests == []


def test_text_goes_as_utf8() -> None:
    assert json_body({"name": "Grüße"}) == '{"name":"Grüße"}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_json_cannot_say_is_not_sent(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        json_body({"data": value})
