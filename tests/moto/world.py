"""Fairlane on moto: handlers with an advanceable clock, and the messages between them.

One thread, no waiting: time moves when a test says so. What a person or AWS would do (requests, mappings, the
schedule) are methods here; what then stands in AWS is for the tests to look at.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine

import controller.bootstrap
import deliverer.bootstrap
import dispatcher.bootstrap
import gateway.bootstrap
import janitor.bootstrap
from controller import handler as controller_handler
from deliverer import handler as deliverer_handler
from dispatcher import handler as dispatcher_handler
from fairlane import settings
from fairlane.aws.registry import DynamoRegistry
from fairlane.cache import CachedRegistry
from fairlane.domain.times import utc_now
from fairlane.parallel import one_by_one
from gateway import handler as gateway_handler
from janitor import handler as janitor_handler
from tests.moto.calls import Calls, Died
from tests.moto.mappings import REDRIVES, Mappings, Poller, Record, url_of
from tests.moto.proxy_events import Place, proxy_event
from tests.moto.stack import STACK, Stack, client
from tests.moto.tenant_functions import TenantFunctions
from tests.moto.web import FakeWeb

CONTROL_PLANE = ("/v1/tenants", "/v1/functions", "/v1/lanes", "/v1/subscriptions", "/v1/deliveries")
FEEDS = ("dispatcher", "long-dispatcher", "deliverer", "janitor")
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
STEP = timedelta(seconds=30)
COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def problem(self) -> str:
        """The kind of the problem document, whose shape is checked."""
        assert self.headers["Content-Type"] == "application/problem+json", self
        assert set(self.body) - {"errors"} == {"type", "title", "status", "detail"}
        assert self.body["status"] == self.status
        assert "Traceback" not in self.text
        return str(self.body["type"]).removeprefix("urn:fairlane:problem:")


@dataclass
class World:
    """Everything of one test."""

    stack: Stack
    calls: Calls
    clock: time_machine.Traveller
    patch: pytest.MonkeyPatch
    registry_cache_s: float = 0
    functions: TenantFunctions = field(init=False)
    web: FakeWeb = field(init=False)
    mappings: Mappings = field(init=False)
    poller: Poller = field(init=False)
    admin_key: str = ""

    def __post_init__(self) -> None:
        self.functions = TenantFunctions(self.calls)
        self.web = FakeWeb(self.calls)
        self.mappings = Mappings(self.calls, self.stack)
        self.poller = Poller(self.calls)
        self.calls.fakes["lambda.Invoke"] = self._invoke_gateway
        self.start()
        self.admin_key = self.operate("admin-key", label="tests")["key"]

    # --- processes ------------------------------------------------------------------------

    def start(self) -> None:
        """Fresh execution environments, as after each one's death: nothing in memory survives."""
        made = gateway.bootstrap.build(
            settings.GatewaySettings.from_env(self._environment("GatewayFunction")),
            now=utc_now,
            parallel=one_by_one,
            executions=self.functions,
        )
        self.patch.setattr(gateway.bootstrap, "service", lambda: made)
        control = controller.bootstrap.build(
            settings.ControllerSettings.from_env(self._environment("ControllerFunction")), now=utc_now
        )
        self.patch.setattr(controller.bootstrap, "controller", lambda: control)
        dispatch = dispatcher.bootstrap.build(
            settings.DispatcherSettings.from_env(self._environment("DispatcherFunction")),
            now=utc_now,
            parallel=one_by_one,
            target=self.functions,
            starter=self.functions,
        )
        self.patch.setattr(dispatcher.bootstrap, "dispatch", lambda: dispatch)
        deliver = deliverer.bootstrap.build(
            settings.DelivererSettings.from_env(self._environment("DelivererFunction")),
            now=utc_now,
            parallel=one_by_one,
            web=self.web,
        )
        self.patch.setattr(deliverer.bootstrap, "deliver", lambda: deliver)
        tidier = janitor.bootstrap.build(
            settings.JanitorSettings.from_env(self._environment("JanitorFunction")),
            now=utc_now,
            parallel=one_by_one,
            executions=self.functions,
        )
        self.patch.setattr(janitor.bootstrap, "janitor", lambda: tidier)

    def tell_monotonic(self, monotonic: Callable[[], float]) -> None:
        """The time of the gateway's cache, which time-machine does not move."""
        cached = gateway.bootstrap.service()._keys
        assert isinstance(cached, CachedRegistry)
        cached._monotonic = monotonic

    def _environment(self, logical_id: str) -> dict[str, str]:
        return {**self.stack.environment(logical_id), "FAIRLANE_REGISTRY_CACHE_S": str(self.registry_cache_s)}

    # --- HTTP -----------------------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        query: Mapping[str, str] | None = None,
        body: Any = b"",
        place: Place = "aws",
    ) -> Reply:
        """A request, through the function that API Gateway would choose; a body that is not bytes goes as JSON.

        Raises Died when the function's process does.
        """
        sent = list(headers)
        if key is not None:
            sent.append(("Authorization", f"Bearer {key}"))
        if not isinstance(body, bytes) and not any(name.lower() == "content-type" for name, _ in sent):
            sent.append(("Content-Type", "application/json"))
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        event = proxy_event(method, path, headers=sent, query=query, body=raw, place=place)
        is_control = any(path == base or path.startswith(f"{base}/") for base in CONTROL_PLANE)
        name = "controller" if is_control else "gateway"
        return self.answer(name, event)

    def answer(self, function: str, event: dict[str, Any]) -> Reply:
        """What the gateway or the controller answers to an event of API Gateway."""
        handle = {"gateway": gateway_handler.handler, "controller": controller_handler.handler}[function]
        with self.calls.by(function):
            answer = handle(event, None)
        assert answer["isBase64Encoded"] is False
        return Reply(answer["statusCode"], answer["headers"], answer["body"])

    def _invoke_gateway(self, params: dict[str, Any]) -> dict[str, Any]:
        """A direct invocation, by the deliverer."""
        assert params["FunctionName"] == f"{STACK}-gateway"
        with self.calls.by("gateway"):
            answer = gateway_handler.handler(json.loads(params["Payload"]), None)
        return {"StatusCode": 200, "Payload": BytesIO(json.dumps(answer).encode())}

    def submit(self, key: str, event: Mapping[str, Any], **more: Any) -> Reply:
        """One event in structured mode."""
        return self.ask("POST", "/v1/tasks", key=key, headers=[("Content-Type", STRUCTURED)], body=event, **more)

    def submit_batch(self, key: str, events: Sequence[Any]) -> Reply:
        return self.ask("POST", "/v1/tasks", key=key, headers=[("Content-Type", BATCHED)], body=events)

    def persist(self, request: Callable[[], Reply], *, most: int = 5) -> Reply:
        """A client that repeats while the service dies or answers 503."""
        for _ in range(most):
            try:
                reply = request()
            except Died:
                self.start()
                continue
            if reply.status != 503:
                return reply
        raise AssertionError("never confirmed")

    def survive(self, happening: Callable[[], object]) -> None:
        """Let something happen; a process that dies is replaced."""
        try:
            happening()
        except Died:
            self.start()

    def operate(self, name: str, **more: Any) -> dict[str, Any]:
        """Invoke the controller directly, as the schedule and the platform team do."""
        with self.calls.by("controller"):
            return controller_handler.handler({"fairlane": name, **more}, None)

    def tidy(self) -> Any:
        """A round of the janitor, as its schedule starts one each minute."""
        with self.calls.by("janitor"):
            return janitor_handler.handler({"fairlane": "round"}, _Context(utc_now() + timedelta(seconds=60)))["done"]

    def hear(self, detail: Mapping[str, Any]) -> Any:
        """A status event of an execution, as the rule hands it over."""
        event = {"detail-type": "Step Functions Execution Status Change", "detail": detail}
        with self.calls.by("janitor"):
            return janitor_handler.handler(event, _Context(utc_now() + timedelta(seconds=60)))["done"]

    # --- messages -------------------------------------------------------------------------

    def handle(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        """An invocation of a dispatcher or the deliverer."""
        with self.calls.by(function):
            if function == "deliverer":
                return deliverer_handler.handler(event, None)
            if function == "janitor":
                return janitor_handler.handler(event, _Context(utc_now() + timedelta(seconds=60)))
            timeout = timedelta(seconds=900 if function == "long-dispatcher" else 60)
            return dispatcher_handler.handler(event, _Context(utc_now() + timeout))

    def poll(self, function: str) -> int:
        """One batch of each queue of the function; how many messages came."""
        feeding = [queue for queue in self.mappings.fed_by(function) if self.mappings.runs(queue)]
        return sum(self._poll_queue(function, queue) for queue in sorted(feeding))

    def _poll_queue(self, function: str, queue_arn: str) -> int:
        try:
            return self.poller.poll(queue_arn, lambda event: self.handle(function, event))
        except Died:
            self.start()
            return 1

    def settle(self, *, within: timedelta = timedelta(hours=1), step: timedelta = STEP) -> None:
        """Let the mappings and the janitor work, and time pass, until every queue is empty and nothing is noted."""
        deadline = utc_now() + within
        while utc_now() <= deadline:
            if self.is_noted:
                self.survive(self.tidy)
            while sum(self.poll(function) for function in FEEDS):
                pass
            if not self.is_noted and not any(self.depth(arn) for arn in self.mappings.by_queue):
                return
            self.clock.shift(step)
        raise AssertionError(f"messages were left after {within}")

    @property
    def is_noted(self) -> bool:
        """Whether the janitor has something to come back to."""
        return any("attention" in item for item in self.items("Tasks"))

    def redeliver(self, function: str, records: Sequence[tuple[str, Record]]) -> None:
        """Messages that came before come again, as SQS may do at any time."""
        for _, record in records:
            self.handle(function, {"Records": [record]})

    def seen_by(self, function: str) -> list[tuple[str, Record]]:
        """The records that were handed to a function."""
        queues = self.mappings.fed_by(function)
        return [(queue, record) for queue, record in self.poller.seen if queue in queues]

    # --- what stands in AWS ---------------------------------------------------------------

    @property
    def registry(self) -> DynamoRegistry:
        """The documents, for changing what the API does not."""
        return DynamoRegistry(client("dynamodb"), self.stack.ref("Registry"))

    def depth(self, queue_arn: str) -> int:
        """Messages in the queue in any way."""
        answer = client("sqs").get_queue_attributes(QueueUrl=url_of(queue_arn), AttributeNames=list(COUNTS))
        return sum(int(answer["Attributes"][name]) for name in COUNTS)

    def redrive_arns(self) -> list[str]:
        """The queues that have a mapping without any tenant."""
        return [self.stack.arn(name) for name in REDRIVES]

    def dead_letters(self) -> list[dict[str, Any]]:
        """What could not be processed, with its reason."""
        answer = client("sqs").receive_message(
            QueueUrl=self.stack.ref("DeadLetters"), MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return list(answer.get("Messages", []))

    def items(self, table: str) -> list[dict[str, Any]]:
        """All items of a table, as DynamoDB has them."""
        found: list[dict[str, Any]] = client("dynamodb").scan(TableName=self.stack.ref(table))["Items"]
        return found

    def pass_time(self, **delta: float) -> None:
        self.clock.shift(timedelta(**delta))


@dataclass(frozen=True)
class _Context:
    deadline: datetime

    def get_remaining_time_in_millis(self) -> int:
        return int((self.deadline - utc_now()) / timedelta(milliseconds=1))
