"""Tenants as the tests need them: made through the API, with keys, a function and a subscriber."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.moto.stack import ACCOUNT, REGION, client
from tests.moto.world import Reply, World

#: The tenants' functions by name, with the timeout of the Lambda itself (s).
LAMBDAS = {"fairlane-target-echo": 3, "fairlane-target-slow": 60, "other-team": 3}
ECHO = "fairlane-target-echo"
ALL_SCOPES = ("submit", "read", "manage")


def an_event(**attributes: Any) -> dict[str, Any]:
    """A valid event; an attribute that is None is left out."""
    event = {"specversion": "1.0", "id": "e-1", "source": "/orders", "type": "resize", "data": {"n": 1}, **attributes}
    return {name: value for name, value in event.items() if value is not None}


@dataclass
class Tenant:
    """A tenant with a key of all scopes."""

    world: World
    name: str
    key: str = ""
    #: Bodies of its result messages, of every delivery.
    received: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, path: str, **more: Any) -> Reply:
        return self.world.ask(method, path, key=self.key, **more)

    def submit(self, **attributes: Any) -> Reply:
        return self.world.submit(self.key, an_event(**attributes))

    def task(self, task_id: str) -> dict[str, Any]:
        reply = self.ask("GET", f"/v1/tasks/{task_id}")
        assert reply.status == 200, reply
        task: dict[str, Any] = reply.body
        return task

    def register(self, task_type: str = "resize", **more: Any) -> Reply:
        """A function that the tests script by the name of its Lambda."""
        body = {"target": {"lambda": ECHO}, **more}
        return self.ask("PUT", f"/v1/functions/{task_type}", body=body)

    def subscribe(self, name: str = "all", *, pattern: Any = None) -> Reply:
        """Its results to its own queue."""
        body = {"pattern": pattern or {}, "target": {"sqs": self.inbox_arn}}
        return self.ask("PUT", f"/v1/subscriptions/{name}", body=body)

    @property
    def inbox_arn(self) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox-{self.name}"

    @property
    def lane_arn(self) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:fairlane-lane-{self.name}-default"

    @property
    def results_arn(self) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:fairlane-results-{self.name}"

    def results(self) -> list[dict[str, Any]]:
        """The result CloudEvents that its subscriber got so far."""
        url = client("sqs").get_queue_url(QueueName=f"inbox-{self.name}")["QueueUrl"]
        while messages := client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            self.received += [json.loads(message["Body"])["detail"] for message in messages]
        return self.received

    def result_texts(self, task_id: str) -> list[str]:
        """Every copy of a task's result message, as the deliverer got it."""
        records = [record for queue, record in self.world.poller.seen if queue == self.results_arn]
        return [each["body"] for each in records if each["messageAttributes"]["task"]["stringValue"] == task_id]


def make_tenant(world: World, name: str = "acme", *, scopes: Sequence[str] = ALL_SCOPES, targets: Any = None) -> Tenant:
    """A tenant that can submit `resize` and gets its results."""
    tenant = Tenant(world, name)
    client("sqs").create_queue(QueueName=f"inbox-{name}")
    body = {"targets": ["fairlane-target-*", f"inbox-{name}"] if targets is None else targets}
    made = world.ask("PUT", f"/v1/tenants/{name}", key=world.admin_key, body=body)
    assert made.status == 201, made
    tenant.key = make_key(world, name, scopes=scopes)
    return tenant


def make_key(world: World, tenant: str, *, scopes: Sequence[str] = ALL_SCOPES, **more: Any) -> str:
    body = {"scopes": list(scopes), **more}
    reply = world.ask("POST", f"/v1/tenants/{tenant}/keys", key=world.admin_key, body=body)
    assert reply.status == 201, reply
    key: str = reply.body["key"]
    return key


def make_lambdas() -> None:
    """What the controller looks at when a function is registered."""
    role = client("iam").create_role(RoleName="tenants", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    for name, timeout_s in LAMBDAS.items():
        client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="app.handler",
            Timeout=timeout_s,
            Code={"ZipFile": b"never run"},
        )
