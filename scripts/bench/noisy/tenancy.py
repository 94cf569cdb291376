"""The bench's tenants: A, who floods, and B to E, who submit steadily. All have the same limits."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3

from bench.noisy.scenarios import Plan, Scenario
from fairlane_cli.stack import DeployedStack
from fairlane_client import Client
from fairlane_client.models import Scope, TenantSpec

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

STEADY_TYPE, FLOOD_TYPE = "steady", "flood"
_NOISY, _STEADY = "a", ("b", "c", "d", "e")
_SCOPES: list[Scope] = ["submit", "read", "manage"]
_READY_S = 60


@dataclass(frozen=True)
class Tenant:
    name: str
    client: Client


@dataclass
class Noisy:
    """Tenant A of one Fairlane, and its functions as the account's owner sees them."""

    tenant: Tenant
    stack: DeployedStack
    _client: "LambdaClient" = field(init=False)

    def __post_init__(self) -> None:
        environment = self.stack.environment()
        session = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=self.stack.region,
        )
        self._client = session.client("lambda", endpoint_url=self.stack.aws_endpoint_url)

    def register(self, scenario: Scenario) -> None:
        """Make the scenario's function what A's tasks run."""
        target = self.stack.functions[scenario.sample]
        self.tenant.client.put_function(FLOOD_TYPE, {"target": {"lambda": target}, "retry": scenario.retry})

    def refuse(self, sample: str) -> None:
        """From now on every call is answered 429."""
        name = self.stack.functions[sample]
        self._client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)

    def admit(self, sample: str) -> None:
        """Calls go through again."""
        self._client.delete_function_concurrency(FunctionName=self.stack.functions[sample])


@dataclass(frozen=True)
class Tenants:
    """All of them, ready to submit. A is there twice: as their neighbour, and in another Fairlane."""

    steady: Sequence[Tenant]
    neighbour: Noisy
    stranger: Noisy


@contextmanager
def tenants(stack: DeployedStack, other: DeployedStack, plan: Plan) -> Iterator[Tenants]:
    """Make them through the API, as the platform's team and then each tenant would."""
    with ExitStack() as clients:
        steady = [clients.enter_context(_made(letter, stack, plan)) for letter in _STEADY]
        for tenant in steady:
            tenant.client.put_function(STEADY_TYPE, {"target": {"lambda": stack.functions["echo"]}})
        near, far = (Noisy(clients.enter_context(_made(_NOISY, place, plan)), place) for place in (stack, other))
        yield Tenants(steady, near, far)


@contextmanager
def _made(letter: str, stack: DeployedStack, plan: Plan) -> Iterator[Tenant]:
    name = f"bench-{plan.isolation.value}-{letter}"
    spec: TenantSpec = {
        "isolation": plan.isolation.value,
        "targets": sorted(stack.functions.values()),
        "limits": {"concurrency": plan.concurrency},
    }
    with Client(stack.api_url, stack.admin_key) as platform:
        platform.put_tenant(name, spec)
        platform.wait_for_tenant(name, timeout_s=_READY_S)
        key = platform.create_key(name, _SCOPES, label="bench")["key"]
    with Client(stack.api_url, key) as client:
        yield Tenant(name, client)
