"""How a function's outcome is told: by the fake, and by the adapter over a client that answers as Lambda does."""

import io
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ParamValidationError, ReadTimeoutError

from fairlane.aws.lambda_target import LambdaTarget
from fairlane.domain.task import TaskError
from fairlane.ports.targets import Raised, Returned, Target, Throttled, Unknown
from tests.simulation.fakes.target import Body, FakeTarget, NoAnswer, Throttle

Make = Callable[[Mapping[str, Body]], Target]


class LambdaAsItAnswers:
    """Invokes Python functions; its answers and errors have the shapes of AWS Lambda's."""

    def __init__(self, functions: Mapping[str, Body]) -> None:
        self._functions = functions
        self.tenants: list[str] = []

    def invoke(self, *, FunctionName: str, Payload: bytes, TenantId: str = "") -> dict[str, Any]:  # noqa: N803 - boto3's names
        self.tenants.append(TenantId)
        if FunctionName not in self._functions:
            raise _client_error("ResourceNotFoundException", "no such function")
        try:
            result = self._functions[FunctionName](json.loads(Payload))
        except Throttle as error:
            raise _client_error("TooManyRequestsException", str(error)) from error
        except NoAnswer as error:
            raise ReadTimeoutError(endpoint_url="lambda") from error
        except Exception as error:  # noqa: BLE001 - Lambda tells every one of them
            told = {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": []}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(told).encode())}
        return {"Payload": io.BytesIO(json.dumps(result).encode())}


def _client_error(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Invoke")


def lambda_target(functions: Mapping[str, Body]) -> Target:
    return LambdaTarget(cast(Any, lambda _read_timeout_s: LambdaAsItAnswers(functions)))


def raising(error: Exception) -> Body:
    def body(_: Mapping[str, Any]) -> Any:
        raise error

    return body


@pytest.fixture(params=["fake", "lambda"])
def make(request: pytest.FixtureRequest) -> Make:
    makes: dict[str, Make] = {"fake": FakeTarget, "lambda": lambda_target}
    return makes[request.param]


def call(target: Target, function: str = "f", **event: Any) -> Any:
    return target.call({"lambda": function}, event, timeout=timedelta(seconds=3))


def test_a_result_is_told_as_json(make: Make) -> None:
    target = make({"f": lambda event: {"n": event["data"]}})

    assert call(target, data=1) == Returned('{"n":1}')


def test_nothing_returned_is_null(make: Make) -> None:
    assert call(make({"f": lambda _: None})) == Returned("null")


def test_a_raised_error_is_told_by_class_and_message(make: Make) -> None:
    assert call(make({"f": raising(ValueError("boom"))})) == Raised(TaskError("ValueError", "boom"))


def test_a_throttle_is_no_attempt(make: Make) -> None:
    answer = call(make({"f": raising(Throttle("no capacity"))}))

    assert isinstance(answer, Throttled)
    assert answer.error.type == "TooManyRequestsException"


def test_no_answer_leaves_it_open_whether_the_function_runs(make: Make) -> None:
    assert isinstance(call(make({"f": raising(NoAnswer("cut"))})), Unknown)


def test_a_function_that_is_not_there_is_an_error_that_may_pass(make: Make) -> None:
    answer = call(make({}))

    assert isinstance(answer, Raised)
    assert (answer.error.type, answer.permanent) == ("ResourceNotFoundException", False)


@pytest.mark.parametrize(
    "body", ["1e999", "-1e999", "[NaN]", "{", "[" * 65 + "]" * 65, "[" * 100_000], ids=lambda text: text[:8]
)
def test_a_result_that_no_result_event_could_carry_is_refused(body: str) -> None:
    """Else the task would have an end that can never be told, and its message would come again for ever."""

    class Client:
        def invoke(self, **_: object) -> dict[str, Any]:
            return {"Payload": io.BytesIO(body.encode())}

    answer = call(LambdaTarget(cast(Any, lambda _: Client())))

    assert isinstance(answer, Raised)
    assert answer.error.type == "InvalidResult"


@pytest.mark.parametrize(("per_tenant", "told"), [(True, "acme"), (False, "")])
def test_a_function_in_tenant_isolation_mode_is_told_the_tenant(per_tenant: bool, told: str) -> None:
    client = LambdaAsItAnswers({"f": lambda _: 1})
    target = LambdaTarget(cast(Any, lambda _read_timeout_s: client))
    target.call({"lambda": "f", "per_tenant": per_tenant}, {"tenant": "acme"}, timeout=timedelta(seconds=3))

    assert client.tenants == [told]


def test_a_boto3_that_does_not_know_tenants_is_an_end_that_says_so() -> None:
    class Old:
        def invoke(self, **_: object) -> dict[str, Any]:
            raise ParamValidationError(report='Unknown parameter in input: "TenantId"')

    answer = call(LambdaTarget(cast(Any, lambda _: Old())), tenant="acme")

    assert isinstance(answer, Raised)
    assert answer.permanent
