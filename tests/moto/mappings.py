"""Event source mappings, by hand: made through Lambda's API, driven by the tests.

A real mapping on moto would invoke the function inside `send_message`, in a container. So the four operations on
mappings are answered from here (at the level of botocore: the adapter's own code runs), and `poll` does what
AWS does: receive up to BatchSize, call, delete what is not in batchItemFailures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import boto3
from moto.sqs.models import sqs_backends

from tests.moto.calls import Calls
from tests.moto.stack import ACCOUNT, REGION, STACK, Stack, client

Record = dict[str, Any]
Handler = Callable[[dict[str, Any]], dict[str, Any]]
LIST, CREATE = "lambda.ListEventSourceMappings", "lambda.CreateEventSourceMapping"
UPDATE, DELETE = "lambda.UpdateEventSourceMapping", "lambda.DeleteEventSourceMapping"
#: The queues that have a mapping without any tenant.
REDRIVES = {
    "LaneRedrive": "dispatcher",
    "LaneRedriveFifo": "dispatcher",
    "ResultRedrive": "deliverer",
    "Undelivered": "deliverer",
    "Wake": "janitor",
}
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"


def url_of(queue_arn: str) -> str:
    url: str = client("sqs").get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
    return url


@dataclass
class Mappings:
    """The mappings that exist, by the ARN of their queue. AWS allows one mapping of a queue to a function."""

    calls: Calls
    stack: Stack
    by_queue: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: The state of a new mapping: AWS takes up to a minute from Creating to Enabled.
    first_state: str = "Enabled"
    #: Whether a change takes its minute too: until `enable` the mapping is Updating.
    slow: bool = False

    def __post_init__(self) -> None:
        self.calls.fakes |= {LIST: self._list, CREATE: self._create, UPDATE: self._update, DELETE: self._delete}
        for queue, function in REDRIVES.items():
            self._create({"EventSourceArn": self.stack.arn(queue), "FunctionName": f"{STACK}-{function}"})

    def fed_by(self, function: str) -> list[str]:
        """ARNs of the queues that feed a function."""
        arn = f"{FUNCTION_ARN}{STACK}-{function}"
        return [queue for queue, mapping in self.by_queue.items() if mapping["FunctionArn"] == arn]

    def enable(self) -> None:
        """A minute later."""
        self.first_state, self.slow = "Enabled", False
        for mapping in self.by_queue.values():
            mapping["State"] = "Enabled" if mapping["Enabled"] else "Disabled"

    def runs(self, queue: str) -> bool:
        """Whether the mapping of a queue hands over messages."""
        return bool(self.by_queue[queue]["Enabled"])

    def _list(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self.by_queue.get(params["EventSourceArn"])
        return {"EventSourceMappings": [dict(found)] if found else []}

    def _create(self, params: dict[str, Any]) -> dict[str, Any]:
        queue = params["EventSourceArn"]
        assert queue not in self.by_queue, "AWS answers ResourceConflictException to a second mapping"
        self.by_queue[queue] = mapping = {"UUID": str(uuid4()), "BatchSize": 10, "Enabled": True}
        self._change(mapping, params)
        mapping["State"] = self.first_state if mapping["Enabled"] else "Disabled"
        return dict(mapping)

    def _update(self, params: dict[str, Any]) -> dict[str, Any]:
        mapping = self._of(params["UUID"])
        assert mapping["State"] in ("Enabled", "Disabled"), "AWS answers ResourceInUseException"
        return self._change(mapping, params)

    def _delete(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self._of(params["UUID"])
        return self.by_queue.pop(found["EventSourceArn"])

    def _of(self, uuid: str) -> dict[str, Any]:
        return next(each for each in self.by_queue.values() if each["UUID"] == uuid)

    def _change(self, mapping: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        name = params["FunctionName"]
        mapping |= {key: value for key, value in params.items() if key not in ("UUID", "FunctionName")}
        mapping["FunctionArn"] = f"{FUNCTION_ARN}{name}"
        mapping["State"] = "Updating" if self.slow else "Enabled" if mapping["Enabled"] else "Disabled"
        return dict(mapping)


@dataclass
class Poller:
    """Moves the messages of a queue to a handler."""

    calls: Calls
    #: Every record that was ever handed over, for delivering it again.
    seen: list[tuple[str, Record]] = field(default_factory=list)
    #: Mappings' requests are billed as all others: their client is seen and can be stopped.
    sqs: Any = field(default_factory=lambda: boto3.client("sqs"))

    def poll(self, queue_arn: str, handle: Handler, *, batch_size: int = 10, home_arn: str | None = None) -> int:
        """One batch; how many messages it had. A handler that dies leaves them to their visibility timeout."""
        with self.calls.by("mapping"):
            url = url_of(queue_arn)
            _free_groups(queue_arn)
            answer = self.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=batch_size, AttributeNames=["All"], MessageAttributeNames=["All"]
            )
        records = [record_of(message, queue_arn, home_arn) for message in answer.get("Messages", [])]
        if not records:
            return 0
        self.seen += [(queue_arn, record) for record in records]
        failures = handle({"Records": records})["batchItemFailures"]
        kept = {failure["itemIdentifier"] for failure in failures}
        self._delete(url, [record for record in records if record["messageId"] not in kept])
        return len(records)

    def _delete(self, url: str, records: Sequence[Record]) -> None:
        if not records:
            return
        entries = [{"Id": str(n), "ReceiptHandle": each["receiptHandle"]} for n, each in enumerate(records)]
        with self.calls.by("mapping"):
            self.sqs.delete_message_batch(QueueUrl=url, Entries=entries)


def _free_groups(queue_arn: str) -> None:
    """Moto lets the last message of a group go first when all of them become visible again at once; SQS does not."""
    queue = sqs_backends[ACCOUNT][REGION].queues[queue_arn.rpartition(":")[2]]
    for message in list(queue.pending_messages):
        if message.visible:
            queue.pending_messages.discard(message)


def record_of(message: dict[str, Any], queue_arn: str, home_arn: str | None = None) -> Record:
    """A received message as Lambda writes it into the event. `home_arn`: where SQS has redriven it from."""
    attributes = {
        name: message["Attributes"][name]
        for name in ("ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp")
    }
    if "MessageGroupId" in message["Attributes"]:
        attributes["MessageGroupId"] = message["Attributes"]["MessageGroupId"]
    if home_arn:
        attributes["DeadLetterQueueSourceArn"] = home_arn
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": attributes,
        "messageAttributes": {
            name: {
                "stringValue": value["StringValue"],
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value["DataType"],
            }
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }
