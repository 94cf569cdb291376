"""template.yaml on moto: its tables, queues and bus, and the environment that it gives each function.

Everything is read from the template, so that the tests cannot drift from what is deployed. Moto knows no SAM:
functions, roles and the API are not made; the tests are the API and the event source mappings.
"""

import json
import re
from functools import cache
from typing import Any

import boto3
from botocore.client import BaseClient

from tests.unit.platform.cloudformation import environment, functions, resources, template

STACK = "fairlane"
REGION = "us-east-1"
ACCOUNT = "123456789012"
QUEUE_ATTRIBUTES = (
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "FifoQueue",
    "DeduplicationScope",
    "FifoThroughputLimit",
)
_PSEUDO = {
    "AWS::StackName": STACK,
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
}


@cache
def client(service: Any) -> Any:
    """A client for looking at things: its calls are neither counted nor stopped."""
    made: BaseClient = _unobserved().client(service)
    return made


@cache
def _unobserved() -> boto3.Session:
    return boto3.Session(region_name=REGION)


class Stack:
    """The resources that exist, and the values of references to them."""

    def __init__(self) -> None:
        self._refs: dict[str, str] = dict(_PSEUDO)
        self._refs |= {name: str(each.get("Default", "")) for name, each in template()["Parameters"].items()}
        self._arns: dict[str, str] = {
            name: f"arn:aws:iam::{ACCOUNT}:role/{STACK}-{name}" for name in resources("AWS::IAM::Role")
        }
        for name, table in resources("AWS::DynamoDB::Table").items():
            self._make_table(name, table["Properties"])
        # a queue refers to its dead-letter queue, which comes first in the template
        for name, queue in resources("AWS::SQS::Queue").items():
            self._make_queue(name, queue["Properties"])
        for name, bus in resources("AWS::Events::EventBus").items():
            self._refs[name] = self.value(bus["Properties"]["Name"])
            client("events").create_event_bus(Name=self._refs[name])

    def ref(self, logical_id: str) -> str:
        """What `!Ref` gives: a table's or bus's name, a queue's URL."""
        return self._refs[logical_id]

    def arn(self, logical_id: str) -> str:
        return self._arns[logical_id]

    def environment(self, logical_id: str) -> dict[str, str]:
        """The environment of a function, as the template wires it."""
        return {name: self.value(value) for name, value in environment(functions()[logical_id]).items()}

    def value(self, given: Any) -> str:
        """A template's value: plain, or Ref, GetAtt of an ARN, Sub."""
        if not isinstance(given, dict):
            return str(given)
        ((kind, argument),) = given.items()
        if kind == "Ref":
            return self._refs[argument]
        if kind == "Fn::GetAtt":
            return self._attribute(argument)
        return re.sub(r"\$\{([^}]+)\}", lambda found: self._attribute(found[1]), argument)

    def _attribute(self, path: str) -> str:
        name, dot, attribute = path.partition(".")
        if not dot:
            return self._refs[name]
        if attribute != "Arn":
            raise NotImplementedError(path)
        return self._arns[name]

    def _make_table(self, name: str, properties: dict[str, Any]) -> None:
        self._refs[name] = f"{STACK}-{name}"
        wanted = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")
        request = {key: properties[key] for key in wanted if key in properties}
        client("dynamodb").create_table(TableName=self._refs[name], **request)

    def _make_queue(self, name: str, properties: dict[str, Any]) -> None:
        attributes: dict[str, str] = {
            key: str(properties[key]).lower() if isinstance(properties[key], bool) else str(properties[key])
            for key in QUEUE_ATTRIBUTES
            if key in properties
        }
        if "RedrivePolicy" in properties:
            policy = properties["RedrivePolicy"]
            attributes["RedrivePolicy"] = json.dumps({key: self.value(value) for key, value in policy.items()})
        queue_name = self.value(properties["QueueName"])
        made = client("sqs").create_queue(QueueName=queue_name, Attributes=attributes)
        self._refs[name] = made["QueueUrl"]
        self._arns[name] = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue_name}"
