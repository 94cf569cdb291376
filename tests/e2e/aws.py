"""What a tenant has in AWS besides Fairlane: queues that results go to, and functions that tell what they got."""

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any, TypedDict

import boto3
import httpx
from botocore.config import Config

from fairlane_cli.stack import DeployedStack
from tests.e2e.polling import eventually

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

#: Answers with what it was called with, and with QUEUE_URL also sends it there. Sleeps on request, the first time.
_WITNESS = """
import json, os, time
import boto3

def handler(event, context):
    print("called")
    if "QUEUE_URL" in os.environ:
        boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps(event))
    data = event.get("data")
    if isinstance(data, dict) and event.get("attempt") == 1:
        time.sleep(data.get("first_attempt_s", 0))
    return event
"""

#: Tells when it began and when it ended.
_RECORDER = """
import json, os, time
import boto3

sqs = boto3.client("sqs")

def handler(event, context):
    print("called")
    start = time.time()
    time.sleep(float(os.environ["RUNS_S"]))
    span = {"type": event["type"], "task": event["taskid"], "start": start, "end": time.time()}
    sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps(span))
"""

Envelope = dict[str, Any]
"""What EventBridge delivers: `source`, `detail-type`, `detail` and so on."""


class WaitingMessage(TypedDict):
    """A message as the emulator shows it without touching it."""

    Body: str
    MessageAttributes: dict[str, Any]


class Inbox:
    """A queue of the tenant's own. Keeps every message that came, in `received`."""

    def __init__(self, sqs: "SQSClient", name: str) -> None:
        self._sqs = sqs
        self.url = sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.received: list[Envelope] = []

    def look(self) -> list[Envelope]:
        """All that came until now."""
        while messages := self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.received.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return self.received

    def wait_for(self, count: int, *, patience_s: float = 60.0) -> list[Envelope]:
        """All that came, once it is at least so many."""
        return eventually(lambda: received if len(received := self.look()) >= count else [], patience_s=patience_s)

    def about(self, task_id: str) -> list[Envelope]:
        """The result events of one task that came until now."""
        return [envelope for envelope in self.look() if envelope["detail"]["subject"] == task_id]


class Account:
    """The account that the stack is deployed to."""

    def __init__(self, stack: DeployedStack) -> None:
        self._stack = stack
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=stack.region)
        config = Config(proxies={})
        self.sqs: SQSClient = session.client("sqs", endpoint_url=stack.aws_endpoint_url, config=config)
        self._events: EventBridgeClient = session.client("events", endpoint_url=stack.aws_endpoint_url, config=config)
        self._functions: LambdaClient = session.client("lambda", endpoint_url=stack.aws_endpoint_url, config=config)

        self._tables: DynamoDBClient = session.client("dynamodb", endpoint_url=stack.aws_endpoint_url, config=config)

    def close(self) -> None:
        self._tables.close()
        self.sqs.close()
        self._events.close()
        self._functions.close()

    def inbox(self, name: str) -> Inbox:
        return Inbox(self.sqs, name)

    def bus(self, name: str) -> tuple[str, Inbox]:
        """A bus of the tenant's, and an inbox that gets whatever comes to it; the bus's ARN first."""
        arn = self._events.create_event_bus(Name=name)["EventBusArn"]
        inbox = self.inbox(f"{name}-bus")
        self._events.put_rule(Name="all", EventBusName=name, EventPattern='{"source":["fairlane"]}')
        self._events.put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "inbox", "Arn": inbox.arn}])
        return arn, inbox

    def witness(self, name: str, *, timeout_s: int = 3, tells: Inbox | None = None) -> str:
        """A function that answers with what it got, and `tells` it to an inbox. Gives its name."""
        return self._function(name, _WITNESS, timeout_s, {"QUEUE_URL": tells.url} if tells else {})

    def recorder(self, name: str, *, runs_s: float, tells: Inbox) -> str:
        """A function that takes its time and `tells` from when to when it ran. Gives its name."""
        return self._function(name, _RECORDER, 3, {"QUEUE_URL": tells.url, "RUNS_S": str(runs_s)})

    def slots(self, tenant: str) -> dict[str, Any]:
        """The item that counts what is in use of the tenant's limits."""
        tables = self._tables.list_tables()["TableNames"]
        [table] = [name for name in tables if name.startswith(f"{self._stack.stack}-") and "Quotas" in name]
        answer = self._tables.get_item(TableName=table, Key={"pk": {"S": f"{tenant}#slots"}}, ConsistentRead=True)
        return {name: dict(value) for name, value in answer.get("Item", {}).items() if name != "pk"}

    def _function(self, name: str, code: str, timeout_s: int, environment: dict[str, str]) -> str:
        function = f"{self._stack.stack}-target-{name}"
        self._functions.create_function(
            FunctionName=function,
            Runtime="python3.13",
            Role="arn:aws:iam::000000000000:role/witness",
            Handler="witness.handler",
            Code={"ZipFile": _zipped("witness.py", code)},
            Timeout=timeout_s,
            Environment={"Variables": environment},
        )
        return function

    def lane_queue_url(self, tenant: str) -> str:
        """The queue of the tenant's lane `default`: Fairlane's own, for tests that break things."""
        return self.sqs.get_queue_url(QueueName=f"{self._stack.stack}-lane-{tenant}-default")["QueueUrl"]

    def buried_of(self, mentions: str) -> WaitingMessage | None:
        """The dead letter whose body mentions that, left where it is."""
        every = httpx.get(f"{self._stack.aws_endpoint_url}/_ministack/sqs/messages", trust_env=False, timeout=30).json()
        queues = every["messages"]["000000000000"][self._stack.region]
        letters: list[WaitingMessage] = queues[self._stack.outputs["DeadLettersQueueUrl"]]
        return next((letter for letter in letters if mentions in letter["Body"]), None)

    def send(self, queue_url: str, body: str, **attributes: str) -> None:
        typed: dict[str, Any] = {name: {"DataType": "String", "StringValue": v} for name, v in attributes.items()}
        self.sqs.send_message(QueueUrl=queue_url, MessageBody=body, MessageAttributes=typed)


def _zipped(name: str, text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, text)
    return content.getvalue()
