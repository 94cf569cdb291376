"""How starts are told: by Lambda, by HTTP endpoints, by Step Functions, over clients that answer as those do."""

import io
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from fairlane.aws.executions import StepFunctions
from fairlane.aws.lambda_target import LambdaTarget
from fairlane.domain.task import TaskError
from fairlane.http_target import HttpTarget
from fairlane.ports.targets import Raised, Returned, Running, Started, Starter, Starting, Throttled, Unknown
from fairlane.ports.web import NoReply, NoReplyReason, Reply
from fairlane.target_kinds import StarterByKind
from tests.unit.domain.building import NOW

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:m"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:m:fl-1"
EVENT = {"id": "1", "tenant": "acme", "tasktoken": "flt.x"}


def refusal(code: str, status: int = 400) -> ClientError:
    error: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(error, "Any")


class Answering:
    """A client whose every call does that, and is remembered."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            self.calls.append((name, request))
            return self._answer()

        return call


def raises(error: Exception) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


class Endpoint:
    """`Web` that always answers the same."""

    def __init__(self, answer: Reply | NoReply) -> None:
        self._answer = answer

    def post(self, *_: object, **__: object) -> Reply | NoReply:
        return self._answer


def start(starter: Starter, target: Mapping[str, Any]) -> Starting:
    return starter.start(target, EVENT, timeout=timedelta(seconds=20), name="fl-1")


def by_lambda(answer: Callable[[], Any]) -> tuple[Starter, Answering]:
    client = Answering(answer)
    return LambdaTarget(cast(Any, lambda _read_timeout_s: client)), client


def by_machine(answer: Callable[[], Any]) -> tuple[StepFunctions, Answering]:
    client = Answering(answer)
    return StepFunctions(lambda: client), client


def test_a_lambda_is_called_asynchronously_and_has_the_event_then() -> None:
    starter, client = by_lambda(lambda: {"StatusCode": 202, "Payload": io.BytesIO(b"")})

    assert start(starter, {"lambda": "f", "per_tenant": True}) == Started()
    ((name, request),) = client.calls
    assert (name, request["InvocationType"], request["TenantId"]) == ("invoke", "Event", "acme")
    assert json.loads(request["Payload"]) == EVENT


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal("TooManyRequestsException", 429), Throttled),
        (refusal("ServiceException", 500), Unknown),
        (refusal("ResourceNotFoundException", 404), Raised),
        (EndpointConnectionError(endpoint_url="lambda"), Throttled),
        (ReadTimeoutError(endpoint_url="lambda"), Unknown),
    ],
)
def test_a_lambda_that_was_not_called_or_perhaps(answer: Exception, kind: type) -> None:
    assert isinstance(start(by_lambda(raises(answer))[0], {"lambda": "f"}), kind)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (Reply(202, b"ignored"), Started()),
        (Reply(200, b'{"n":1}'), Returned('{"n":1}')),
        (Reply(204, b""), Returned("null")),
        (Reply(503, b"", "5"), Throttled(TaskError("Http503", "the endpoint answered 503"), timedelta(seconds=5))),
        (Reply(404, b""), Raised(TaskError("Http404", "the endpoint answered 404"), permanent=True)),
        (NoReply(NoReplyReason.TIMEOUT, "slow"), Unknown(TaskError("Timeout", "slow"))),
        (NoReply(NoReplyReason.UNREACHABLE, "down"), Raised(TaskError("Unreachable", "down"))),
    ],
)
def test_an_endpoint_says_202_or_has_the_result_at_once(reply: Reply | NoReply, answer: Starting) -> None:
    starter = HttpTarget(Endpoint(reply), lambda: NOW)

    assert start(starter, {"http": {"url": "https://example.com"}}) == answer


def test_a_state_machine_is_started_under_the_attempts_name_with_the_event() -> None:
    starter, client = by_machine(lambda: {"executionArn": EXECUTION})

    assert start(starter, {"state_machine": MACHINE}) == Started()
    assert starter.execution({"state_machine": MACHINE}, "fl-1") == EXECUTION
    assert starter.execution({"state_machine": f"{MACHINE}:live"}, "fl-1") == EXECUTION
    ((name, request),) = client.calls
    assert (name, request["stateMachineArn"], request["name"]) == ("start_execution", MACHINE, "fl-1")
    assert json.loads(request["input"]) == EVENT


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal("ExecutionAlreadyExists"), Started),
        (refusal("ExecutionLimitExceeded"), Throttled),
        (refusal("ThrottlingException"), Throttled),
        (refusal("StateMachineDoesNotExist"), Raised),
        (refusal("InternalServerError", 500), Unknown),
        (EndpointConnectionError(endpoint_url="states"), Throttled),
        (ReadTimeoutError(endpoint_url="states"), Unknown),
    ],
)
def test_a_state_machine_that_was_not_started_or_perhaps(answer: Exception, kind: type) -> None:
    assert isinstance(start(by_machine(raises(answer))[0], {"state_machine": MACHINE}), kind)


@pytest.mark.parametrize(
    ("described", "answer"),
    [
        ({"status": "SUCCEEDED", "output": '{"n": 1}'}, Returned('{"n":1}')),
        ({"status": "RUNNING"}, Running()),
        ({"status": "PENDING_REDRIVE"}, Running()),
        ({"status": "FAILED", "error": "Broken", "cause": "why"}, Raised(TaskError("Broken", "why"))),
        ({"status": "FAILED"}, Raised(TaskError("ExecutionFailed", "the execution ended as FAILED"))),
        ({"status": "TIMED_OUT"}, Raised(TaskError("Timeout", "the execution ended as TIMED_OUT"))),
        ({"status": "ABORTED"}, Raised(TaskError("ExecutionAborted", "the execution ended as ABORTED"))),
    ],
)
def test_what_an_execution_came_to(described: dict[str, str], answer: object) -> None:
    assert by_machine(lambda: described)[0].look(EXECUTION) == answer


def test_an_execution_that_is_not_there_tells_nothing() -> None:
    starter, _ = by_machine(raises(refusal("ExecutionDoesNotExist")))

    assert (starter.look(EXECUTION), starter.input(EXECUTION)) == (None, None)
    starter.stop(EXECUTION)  # nothing to stop, nothing to raise


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(lambda: {"type": "STANDARD"}, "STANDARD"), (raises(refusal("StateMachineDoesNotExist")), None)],
)
def test_the_kind_of_a_state_machine_is_seen(answer: Callable[[], Any], kind: str | None) -> None:
    assert by_machine(answer)[0].kind(MACHINE) == kind


def test_one_client_is_made_when_it_is_first_needed() -> None:
    made: list[Answering] = []

    def make() -> Answering:
        made.append(Answering(lambda: {"status": "RUNNING"}))
        return made[-1]

    starter = StepFunctions(make)
    assert made == []
    for _ in range(3):
        starter.look(EXECUTION)
    assert len(made) == 1


def test_the_kind_of_a_target_says_who_starts_it() -> None:
    machines, _ = by_machine(dict)
    starters = StarterByKind({"state_machine": lambda: machines})

    assert start(starters, {"state_machine": MACHINE, "per_tenant": False}) == Started()
    assert starters.execution({"state_machine": MACHINE}, "fl-1") == EXECUTION
    assert starters.execution({"fax": 1}, "fl-1") is None
    assert isinstance(start(starters, {"fax": 1}), Raised)
