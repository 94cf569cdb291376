"""The OpenAPI document that the service serves: valid, and the same as what the code does."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from marshmallow import Schema
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from controller import bodies
from controller.routes import ROUTES as CONTROLLER_ROUTES
from fairlane.auth import KEY, SCOPES
from fairlane.domain.errors import KINDS
from fairlane.domain.explanation import LaneDepth, Reason, Snapshot, explanation_view
from fairlane.domain.names import NAME, TASK_ID, TASK_TYPE
from fairlane.domain.task import Status, Task, task_view
from fairlane.events import MAX_BATCH_EVENTS, result_event
from gateway.routes import ROUTES as GATEWAY_ROUTES

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "functions" / "gateway" / "openapi.json").read_text(encoding="utf-8")
)
COMPONENTS: dict[str, Any] = DOCUMENT["components"]
SCHEMAS: dict[str, Any] = COMPONENTS["schemas"]
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
#: Opened by a task's token, not by a key.
CALLBACKS = ("/complete", "/fail", "/heartbeat")
HANDLERS = {"gateway": GATEWAY_ROUTES, "controller": CONTROLLER_ROUTES}


class Operation(NamedTuple):
    method: str
    path: str
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


OPERATIONS = [
    Operation(method.upper(), path, item[method])
    for path, item in DOCUMENT["paths"].items()
    for method in METHODS
    if method in item
]
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=[o.name for o in OPERATIONS])


def test_it_is_a_valid_openapi_3_1_document() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    validate(DOCUMENT)


@pytest.mark.parametrize("handler", HANDLERS)
def test_it_has_exactly_the_routes_of_the_function_with_their_scopes(handler: str) -> None:
    routes = {(route.method, route.template): route.scope for route in HANDLERS[handler]}
    described = {
        (o.method, o.path): o.document["x-fairlane-scope"]
        for o in OPERATIONS
        if o.document["x-fairlane-handler"] == handler
    }

    assert described == routes


def test_every_operation_is_answered_by_a_function_that_has_routes() -> None:
    assert {o.document["x-fairlane-handler"] for o in OPERATIONS} == set(HANDLERS)


@each_operation
def test_the_security_requirement_says_the_scope(operation: Operation) -> None:
    scope = operation.document["x-fairlane-scope"]

    without_key: list[dict[str, list[str]]] = [{"taskToken": []}] if operation.path.endswith(CALLBACKS) else []
    assert operation.document["security"] == ([{"key": [scope]}] if scope else without_key)


def test_the_security_scheme_explains_every_scope() -> None:
    assert tuple(COMPONENTS["securitySchemes"]["key"]["x-scopes"]) == SCOPES


@each_operation
def test_an_operation_says_how_it_can_be_refused(operation: Operation) -> None:
    refusals = {"429", "503"}
    if operation.document["x-fairlane-scope"]:
        refusals |= {"401", "403"}
    if "{" in operation.path and operation.method != "PUT":
        refusals |= {"404"}
    if "requestBody" in operation.document:
        refusals |= {"400", "413", "415", "422"}

    assert refusals <= set(operation.document["responses"])


def test_operation_ids_are_unique() -> None:
    ids = [o.document["operationId"] for o in OPERATIONS]

    assert len(set(ids)) == len(ids)


def test_the_problem_kinds_are_those_of_the_code() -> None:
    kinds = {f"urn:fairlane:problem:{kind}" for kind in KINDS}

    assert set(SCHEMAS["Problem"]["properties"]["type"]["enum"]) == kinds


@pytest.mark.parametrize("response", COMPONENTS["responses"].values(), ids=COMPONENTS["responses"])
def test_a_problem_example_has_the_status_and_title_of_its_kind(response: Mapping[str, Any]) -> None:
    example = response["content"]["application/problem+json"]["example"]
    kind = example["type"].rpartition(":")[2]

    assert (example["status"], example["title"]) == KINDS[kind]


@each_operation
def test_a_problem_answer_stands_under_its_own_status(operation: Operation) -> None:
    for status, answer in operation.document["responses"].items():
        if int(status) >= 400:
            problem = _resolved(answer)["content"]["application/problem+json"]["example"]
            assert problem["status"] == int(status)


def test_names_are_those_of_the_code() -> None:
    parameters = COMPONENTS["parameters"]

    for name in ("Tenant", "Lane", "Subscription"):
        assert parameters[name]["schema"]["pattern"] == f"^{NAME.pattern}$"
    assert parameters["TaskType"]["schema"]["pattern"] == f"^{TASK_TYPE.pattern}$"
    assert parameters["TaskId"]["schema"]["pattern"] == f"^{TASK_ID.pattern}$"
    assert SCHEMAS["Event"]["properties"]["type"]["pattern"] == f"^{TASK_TYPE.pattern}$"
    key = SCHEMAS["NewKey"]["allOf"][1]["properties"]["key"]["pattern"]
    assert key.replace("(", "").replace(")", "") == f"^{KEY.pattern}$".replace("(", "").replace(")", "")


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ("TenantSpec", bodies.TenantBody),
        ("Limits", bodies.Limits),
        ("KeySpec", bodies.KeyBody),
        ("FunctionSpec", bodies.FunctionBody),
        ("Retry", bodies.Retry),
        ("LaneSpec", bodies.LaneBody),
        ("SubscriptionSpec", bodies.SubscriptionBody),
    ],
)
def test_a_body_is_described_field_by_field(schema: str, body: type[Schema]) -> None:
    assert set(SCHEMAS[schema]["properties"]) == set(body().fields)


@pytest.mark.parametrize(
    ("operation_id", "body"),
    [
        ("putTenant", bodies.TenantBody),
        ("createKey", bodies.KeyBody),
        ("putFunction", bodies.FunctionBody),
        ("putLane", bodies.LaneBody),
        ("putSubscription", bodies.SubscriptionBody),
    ],
)
def test_the_code_accepts_the_example_of_a_body(operation_id: str, body: type[Schema]) -> None:
    (operation,) = (o for o in OPERATIONS if o.document["operationId"] == operation_id)
    example = operation.document["requestBody"]["content"]["application/json"]["example"]

    assert set(example) <= set(bodies.checked(body, example))


def test_a_batch_is_as_long_as_the_code_allows() -> None:
    assert SCHEMAS["Batch"]["maxItems"] == MAX_BATCH_EVENTS


def test_the_states_are_those_of_the_code() -> None:
    assert SCHEMAS["Status"]["enum"] == [status.value for status in Status]


def test_a_task_is_described_field_by_field() -> None:
    view = task_view(_a_task())

    assert set(SCHEMAS["Task"]["properties"]) == set(SCHEMAS["Task"]["required"]) == set(view)
    _check({"$ref": "#/components/schemas/Task"}, view)


@pytest.mark.parametrize("status", Status)
def test_an_explanation_is_described_field_by_field(status: Status) -> None:
    full = LaneDepth(9, 1, 1)
    view = explanation_view(Snapshot(_a_task(status), datetime(2026, 11, 23, 21, tzinfo=UTC), depth=full))

    assert set(SCHEMAS["Explanation"]["properties"]) == set(SCHEMAS["Explanation"]["required"]) == set(view)
    _check({"$ref": "#/components/schemas/Explanation"}, view)


def test_the_kinds_of_waits_are_those_of_the_code() -> None:
    assert SCHEMAS["Wait"]["properties"]["kind"]["enum"] == [reason.value for reason in Reason]


def test_a_result_event_fits_its_schema() -> None:
    event = result_event(
        tenant="acme",
        task=task_view(_a_task(Status.SUCCEEDED)),
        event_id="t_1-1",
        traceparent=None,
        tracestate=None,
        time="2026-11-23T20:00:00.000Z",
    )

    _check({"$ref": "#/components/schemas/ResultEvent"}, event)


def _examples() -> Iterator[Any]:
    """Every example of the document with its schema and its place."""
    places: list[tuple[str, Any]] = [("#", DOCUMENT)]
    while places:
        where, node = places.pop()
        if isinstance(node, list):
            places += [(f"{where}/{index}", child) for index, child in enumerate(node)]
        if not isinstance(node, dict):
            continue
        places += [(f"{where}/{name}", child) for name, child in node.items()]
        schema = node.get("schema")
        if isinstance(schema, dict):
            given = [node["example"]] if "example" in node else []
            given += [example["value"] for example in node.get("examples", {}).values()]
            yield from (pytest.param(schema, example, id=where) for example in given)
        elif isinstance(node.get("examples"), list):
            yield from (pytest.param(node, example, id=where) for example in node["examples"])


@pytest.mark.parametrize(("schema", "example"), list(_examples()))
def test_an_example_fits_its_schema(schema: Mapping[str, Any], example: object) -> None:
    _check(schema, example)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"source": "x" * 1025},
        {"type": "a type"},
        {"specversion": "0.3"},
        {"Upper": "case"},
        {"data": 1, "data_base64": "MQ=="},
        {"extension": {"an": "object"}},
        {"dedupwindow": 0},
    ],
)
def test_the_schema_of_events_refuses_what_the_service_refuses(wrong: Mapping[str, object]) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
    schema = {"$ref": "#/components/schemas/Event"}
    _check(schema, event)

    assert not _validator(schema).is_valid({**event, **wrong})


def _validator(schema: Mapping[str, Any]) -> Any:
    return OAS31Validator({**schema, "components": COMPONENTS})


def _check(schema: Mapping[str, Any], value: object) -> None:
    _validator(schema).validate(value)


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = DOCUMENT
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def _a_task(status: Status = Status.QUEUED) -> Task:
    at = datetime(2026, 11, 23, 20, tzinfo=UTC)
    return Task(
        tenant="acme",
        id="t_" + "a" * 26,
        type="thumbnail",
        source="/photos",
        event_id="photo-17",
        lane="default",
        status=status,
        max_attempts=3,
        generation=1,
        payload_hash="0",
        created_at=at,
        ended_at=at if status.is_end else None,
    )
