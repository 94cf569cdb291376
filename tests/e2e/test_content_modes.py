import base64
import json
from typing import Any

import httpx
import pytest

from tests.e2e.problems import check_document, pointers, problem
from tests.e2e.tenancy import Tenancy

pytestmark = pytest.mark.e2e

EVERY_BYTE = bytes(range(256))
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCHED = {"Content-Type": "application/cloudevents-batch+json"}


def ce_headers(**changed: str) -> dict[str, str]:
    attributes = {"specversion": "1.0", "id": "1", "source": "/e2e", "type": "echo"} | changed
    return {f"ce-{name}": value for name, value in attributes.items()}


def an_event(**changed: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": "1", "source": "/e2e", "type": "echo", "data": {"n": 1}} | changed


@pytest.fixture
def echoing(tenant: Tenancy) -> Tenancy:
    tenant.register("echo")
    return tenant


def test_a_binary_event_with_json_runs_with_its_body_as_data(echoing: Tenancy) -> None:
    answer = echoing.http.post("/tasks", headers=ce_headers(), json={"naïve": [1, None, "☃"]})
    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/json"
    accepted = answer.json()
    assert accepted["duplicate"] is False
    assert answer.headers["location"] == f"/v1/tasks/{accepted['id']}"
    assert echoing.wait(accepted["id"])["result"] == {"naïve": [1, None, "☃"]}


def test_a_binary_event_brings_every_byte_of_its_body_to_the_function(echoing: Tenancy) -> None:
    headers = ce_headers() | {"Content-Type": "application/octet-stream"}
    answer = echoing.http.post("/tasks", headers=headers, content=EVERY_BYTE)
    result = echoing.wait(answer.json()["id"])["result"]
    assert isinstance(result, str)
    assert base64.b64decode(result) == EVERY_BYTE


def test_a_structured_event_brings_its_base64_data_to_the_function(echoing: Tenancy) -> None:
    task = echoing.run("echo", EVERY_BYTE)
    assert isinstance(task["result"], str)
    assert base64.b64decode(task["result"]) == EVERY_BYTE


def test_a_binary_event_with_text_reaches_the_function_as_text(echoing: Tenancy) -> None:
    headers = ce_headers() | {"Content-Type": "text/plain; charset=utf-8"}
    answer = echoing.http.post("/tasks", headers=headers, content="grüß\n\0".encode())
    assert echoing.wait(answer.json()["id"])["result"] == "grüß\n\0"


def test_header_values_are_percent_decoded_once(echoing: Tenancy) -> None:
    answer = echoing.http.post("/tasks", headers=ce_headers(source="/caf%C3%A9%2541"))
    assert echoing.api.get_task(answer.json()["id"])["source"] == "/café%41"


def test_one_event_in_all_three_modes_is_one_task(echoing: Tenancy) -> None:
    binary = echoing.http.post("/tasks", headers=ce_headers(), json={"n": 1})
    structured = echoing.http.post("/tasks", headers=STRUCTURED, json=an_event())
    batched = echoing.http.post("/tasks", headers=BATCHED, json=[an_event()])
    assert (binary.status_code, structured.status_code, batched.status_code) == (202, 200, 200)
    (item,) = batched.json()["items"]
    assert binary.json()["id"] == structured.json()["id"] == item["id"]
    assert structured.json()["duplicate"] is True
    assert item["duplicate"] is True


@pytest.mark.parametrize("value", ["%FF", "caf%C3", "%ZZ", 'un"closed'], ids=["not UTF-8", "cut", "no hex", "quote"])
def test_a_header_that_cannot_be_decoded_is_malformed(echoing: Tenancy, value: str) -> None:
    document = problem(echoing.http.post("/tasks", headers=ce_headers(subject=value)), 400)
    assert pointers(document) == {"#/headers/ce-subject"}


def test_a_header_with_bytes_beyond_ascii_is_malformed(echoing: Tenancy) -> None:
    headers = [(name.encode(), value.encode()) for name, value in ce_headers().items()]
    problem(echoing.http.post("/tasks", headers=[*headers, (b"ce-subject", b"caf\xe9")]), 400)


@pytest.mark.parametrize(
    "headers",
    [ce_headers() | {"Content-Type": "application/json"}, STRUCTURED, BATCHED],
    ids=["binary", "structured", "batched"],
)
@pytest.mark.parametrize(
    "body", [b'{"a": "\xff"}', b"{", b"[" * 5000, b'{"a": NaN}'], ids=["utf8", "cut", "deep", "nan"]
)
def test_a_body_that_is_not_json_is_malformed(echoing: Tenancy, headers: dict[str, str], body: bytes) -> None:
    problem(echoing.http.post("/tasks", headers=headers, content=body), 400)


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type"])
def test_an_event_without_a_required_attribute_is_malformed(echoing: Tenancy, missing: str) -> None:
    event = {name: value for name, value in an_event().items() if name != missing}
    document = problem(echoing.http.post("/tasks", headers=STRUCTURED, json=event), 400)
    assert pointers(document) == {f"#/{missing}"}


@pytest.mark.parametrize("own", ["tenant", "taskid", "attempt", "deadline"])
def test_an_event_with_an_attribute_of_fairlanes_own_is_refused(echoing: Tenancy, own: str) -> None:
    document = problem(echoing.http.post("/tasks", headers=STRUCTURED, json=an_event(**{own: "1"})), 422)
    assert pointers(document) == {f"#/{own}"}


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/cloudevents+xml", "application/cloudevents+avro"]
)
def test_other_content_types_without_ce_headers_are_unsupported(echoing: Tenancy, content_type: str) -> None:
    answer = echoing.http.post("/tasks", headers={"Content-Type": content_type}, content=json.dumps(an_event()))
    problem(answer, 415)


def test_a_batch_is_answered_in_the_order_of_its_events(echoing: Tenancy) -> None:
    events = [an_event(id=str(n), data=n) for n in range(100)]
    answer = echoing.http.post("/tasks", headers=BATCHED, json=events)
    assert answer.status_code == 200
    tasks = [echoing.api.get_task(item["id"]) for item in answer.json()["items"][:5]]
    assert [task["event_id"] for task in tasks] == [str(n) for n in range(5)]
    assert len({item["id"] for item in answer.json()["items"]}) == 100


def test_a_bad_event_in_a_batch_refuses_itself_alone(echoing: Tenancy) -> None:
    events: list[Any] = [
        an_event(id="good"),
        an_event(id="unknown", type="nobody"),
        an_event(specversion="0.3"),
        "no event",
        an_event(id="own", tenant="other"),
        an_event(id="fine"),
    ]
    answer = echoing.http.post("/tasks", headers=BATCHED, json=events)
    assert answer.status_code == 207
    items = answer.json()["items"]
    assert [item.get("error", {}).get("status") for item in items] == [None, 422, 400, 400, 422, None]
    for item in items:
        if "error" in item:
            check_document(item["error"], item["error"]["status"])
    assert echoing.wait(items[0]["id"])["event_id"] == "good"
    assert echoing.wait(items[5]["id"])["event_id"] == "fine"


def test_a_batch_of_more_than_a_hundred_events_is_too_large(echoing: Tenancy) -> None:
    events = [an_event(id=str(n)) for n in range(101)]
    problem(echoing.http.post("/tasks", headers=BATCHED, json=events), 413)
    assert list(echoing.api.list_tasks()) == []


def test_an_empty_batch_is_answered_with_no_items(echoing: Tenancy) -> None:
    answer = echoing.http.post("/tasks", headers=BATCHED, json=[])
    assert (answer.status_code, answer.json()) == (200, {"items": []})


def test_what_was_refused_has_left_nothing_behind(echoing: Tenancy) -> None:
    refusals: list[httpx.Response] = [
        echoing.http.post("/tasks", headers=STRUCTURED, json=an_event(type="nobody")),
        echoing.http.post("/tasks", headers=STRUCTURED, json=an_event(lane="nowhere")),
        echoing.http.post("/tasks", headers=STRUCTURED, json=an_event(tenant="other")),
    ]
    assert [answer.status_code for answer in refusals] == [422, 422, 422]
    answer = echoing.http.post("/tasks", headers=STRUCTURED, json=an_event())
    assert (answer.status_code, answer.json()["duplicate"]) == (202, False)
    assert len(list(echoing.api.list_tasks())) == 1
