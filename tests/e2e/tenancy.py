"""A tenant of its own for each test, so that tests run side by side."""

import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Self

import httpx

from fairlane_cli.stack import DeployedStack
from fairlane_client import Client, new_event
from fairlane_client.models import Function, FunctionSpec, Limits, RetrySpec, Scope, Task, TenantSpec
from tests.e2e.aws import Account, Inbox

ALL: Sequence[Scope] = ("submit", "read", "manage")
AT_ONCE: RetrySpec = {"max_attempts": 3, "base": 0, "cap": 0}
"""Three attempts without pauses between them."""
SOURCE = "/e2e"
#: Every call at the same time is a process on the emulator, with its own copy of the function's files.
FEW_AT_ONCE: Limits = {"concurrency": 4}


def raw(stack: DeployedStack, key: str | None = None) -> httpx.Client:
    """Plain HTTP, for what the client would not send or would not show."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.Client(base_url=f"{stack.api_url}/v1", headers=headers, timeout=60, trust_env=False)


class Tenancy:
    """One tenant: its client (`api`), plain HTTP with the same key (`http`), and its things in AWS."""

    def __init__(self, stack: DeployedStack, platform: Client, account: Account, spec: TenantSpec) -> None:
        self.stack = stack
        self.platform = platform
        self.account = account
        self.name = f"e2e{uuid.uuid4().hex[:12]}"  # without a hyphen, its queues are named as it is
        limits: Limits = {**FEW_AT_ONCE, **spec.get("limits", {})}
        platform.put_tenant(self.name, {"targets": ["*"], **spec, "limits": limits})
        platform.wait_for_tenant(self.name, timeout_s=60)
        self.key = self.new_key(ALL)
        self._open = ExitStack()
        self.api = self._open.enter_context(Client(stack.api_url, self.key))
        self.http = self._open.enter_context(raw(stack, self.key))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()

    def new_key(self, scopes: Sequence[Scope]) -> str:
        return self.platform.create_key(self.name, scopes)["key"]

    def register(self, sample: str, task_type: str | None = None, **spec: Any) -> Function:
        """A sample function as the task type of its name, or of another. Retries at once unless told."""
        return self.register_function(self.stack.functions[sample], task_type or sample, **spec)

    def register_function(self, function: str, task_type: str, **spec: Any) -> Function:
        wanted: FunctionSpec = {"target": {"lambda": function}, "retry": AT_ONCE}
        return self.api.put_function(task_type, {**wanted, **spec})  # type: ignore[typeddict-item] # checked by the API

    def submit(self, task_type: str, data: object = None, **attributes: Any) -> str:
        """The id of the new task."""
        event = new_event(task_type, data, source=attributes.pop("source", SOURCE), **attributes)
        return self.api.submit_event(event)["id"]

    def wait(self, task_id: str, *, patience_s: float = 60) -> Task:
        """The task once it has ended."""
        return self.api.wait_for_task(task_id, timeout_s=patience_s)

    def run(self, task_type: str, data: object = None, **attributes: Any) -> Task:
        """Submit, and wait for the end."""
        return self.wait(self.submit(task_type, data, **attributes))

    def inbox(self, name: str = "results") -> Inbox:
        """A queue of the tenant's, without a subscription."""
        return self.account.inbox(f"{self.name}-{name}")

    def subscribe(self, name: str = "results", pattern: dict[str, object] | None = None) -> Inbox:
        """An inbox that gets the result events that match."""
        inbox = self.inbox(name)
        self.api.put_subscription(name, {"pattern": pattern or {}, "target": {"sqs": inbox.arn}})
        return inbox


NewTenant = Callable[..., Tenancy]
"""Makes a tenant with that specification, for the time of a test."""
