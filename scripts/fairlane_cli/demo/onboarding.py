"""Making the demo's tenants through the API, and the queue that their results go to.

All of it may be done again: what is there already is changed to what is wanted.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairlane_cli.demo.tenants import DemoTenant
from fairlane_cli.stack import DeployedStack
from fairlane_client import Client
from fairlane_client.models import Scope

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

RESULTS_QUEUE = "demo-results"
SUBSCRIPTION = "everything"
_SCOPES: list[Scope] = ["submit", "read", "manage"]


@dataclass(frozen=True)
class Queue:
    url: str
    arn: str


@dataclass(frozen=True)
class Onboarded:
    """A tenant that can work, and its key."""

    tenant: DemoTenant
    keyid: str
    key: str


def make_results_queue(sqs: "SQSClient") -> Queue:
    """The tenants' own queue, outside of Fairlane. The results bus may send to it."""
    url = sqs.create_queue(QueueName=RESULTS_QUEUE)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return Queue(url, arn)


def onboard(tenant: DemoTenant, *, platform: Client, stack: DeployedStack, results: Queue) -> Onboarded:
    """What the platform's team does (tenant, key), then what the tenant does (functions, subscription)."""
    lambdas = {runs.sample: stack.functions[runs.sample] for runs in tenant.functions.values()}
    platform.put_tenant(
        tenant.name,
        {"targets": [*lambdas.values(), results.arn], "limits": {"concurrency": tenant.concurrency}},
    )
    platform.wait_for_tenant(tenant.name)
    created = platform.create_key(tenant.name, _SCOPES, label="fairlane demo")
    with Client(stack.api_url, created["key"]) as own:
        for task_type, runs in tenant.functions.items():
            own.put_function(task_type, {"target": {"lambda": lambdas[runs.sample]}, "retry": runs.retry})
        pattern = {"detail-type": [{"prefix": "fairlane.task."}]}
        own.put_subscription(SUBSCRIPTION, {"pattern": pattern, "target": {"sqs": results.arn}})
    return Onboarded(tenant, created["keyid"], created["key"])
