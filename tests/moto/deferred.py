"""Deferred functions, and workers that call back."""

from dataclasses import dataclass
from typing import Any

from tests.moto.stack import client
from tests.moto.tenants import Tenant
from tests.moto.world import Reply, World

HOOK = {"http": {"url": "https://example.com/hook"}}
TYPE = "train"


@dataclass
class Worker:
    """Whoever was started, with what it was told."""

    world: World
    event: Any

    @property
    def task_id(self) -> str:
        return str(self.event["taskid"])

    @property
    def token(self) -> str:
        return str(self.event["tasktoken"])

    def call(self, verb: str, body: Any = None, *, token: str | None = None, task_id: str | None = None) -> Reply:
        path = f"/v1/tasks/{task_id or self.task_id}/{verb}"
        return self.world.ask("POST", path, key=token or self.token, body={} if body is None else body)

    def complete(self, result: Any = None) -> Reply:
        return self.call("complete", {"result": result})

    def fail(self, kind: str = "ValueError", message: str = "no", **more: Any) -> Reply:
        return self.call("fail", {"error": {"type": kind, "message": message}, **more})

    def heartbeat(self, **body: Any) -> Reply:
        return self.call("heartbeat", body)


def defer(tenant: Tenant, **more: Any) -> Reply:
    """Register a deferred function."""
    reply = tenant.register(TYPE, **{"target": HOOK, "mode": "deferred", "timeout": 3600, **more})
    assert reply.status in (200, 201), reply
    return reply


def submitted(tenant: Tenant, **attributes: Any) -> str:
    """A task of it; its id."""
    reply = tenant.submit(type=TYPE, **attributes)
    assert reply.status == 202, reply
    task_id: str = reply.body["id"]
    return task_id


def run_dispatcher(world: World) -> None:
    """Everything that can be dispatched now."""
    while world.poll("dispatcher") + world.poll("deliverer"):
        pass


def started(world: World, tenant: Tenant, **attributes: Any) -> Worker:
    """A task whose function was started and has not called back."""
    submitted(tenant, **attributes)
    run_dispatcher(world)
    return Worker(world, world.functions.starts[-1])


def make_state_machine(name: str, kind: str = "STANDARD") -> str:
    """Its ARN."""
    role = client("iam").create_role(RoleName=f"run-{name}", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    made = client("stepfunctions").create_state_machine(
        name=name, definition='{"StartAt":"a","States":{"a":{"Type":"Succeed"}}}', roleArn=role, type=kind
    )
    arn: str = made["stateMachineArn"]
    return arn
