"""Amazon SQS: sending in batches, hiding received messages.

Quotas (AWS, 2026): 10 messages and 1 MiB a batch, 1 MiB a message, DelaySeconds 900,
visibility 12 hours counted from the receive.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from fairlane.ordering import is_ordered
from fairlane.ports.queues import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH_MESSAGES = 10
#: A little under 1 MiB: AWS counts attributes' names and types too.
BATCH_BYTES = 1_000_000
#: 12 hours count from the receive, which may be 15 minutes ago.
LONGEST_HIDE = timedelta(hours=11, minutes=30)


class SqsQueues:
    """`Queues` on SQS."""

    def __init__(self, client: "SQSClient") -> None:
        """`client` is thread-safe."""
        self._client = client
        self._logger = Logger(child=True)

    def send(self, queue_url: str, messages: Sequence[Message]) -> Sequence[bool]:
        """Send; tells for each message whether the queue confirmed it. Never raises for AWS's refusals."""
        confirmed: list[bool] = []
        for batch in _batches(messages):
            confirmed += self._send_batch(queue_url, batch)
        return confirmed

    def hide(self, queue_url: str, receipts: Mapping[str, timedelta]) -> None:
        """Set the visibility timeout of received messages. Best effort: the queue's own applies else."""
        handles = list(receipts)
        for start in range(0, len(handles), BATCH_MESSAGES):
            entries: Any = [
                {"Id": str(n), "ReceiptHandle": handle, "VisibilityTimeout": _seconds(receipts[handle])}
                for n, handle in enumerate(handles[start : start + BATCH_MESSAGES])
            ]
            try:
                self._client.change_message_visibility_batch(QueueUrl=queue_url, Entries=entries)
            except (ClientError, BotoCoreError):
                # they reappear after the queue's own timeout; claims make that harmless
                self._logger.exception("not hidden", extra={"action": "hide_failed", "queue": queue_url})
                return

    def _send_batch(self, queue_url: str, batch: Sequence[Message]) -> list[bool]:
        entries: Any = [_entry(n, message, queue_url) for n, message in enumerate(batch)]
        try:
            answer = self._client.send_message_batch(QueueUrl=queue_url, Entries=entries)
        except (ClientError, BotoCoreError):
            self._logger.exception("not sent", extra={"action": "send_failed", "queue": queue_url})
            return [False] * len(batch)
        if answer.get("Failed"):
            about = {"action": "send_failed", "queue": queue_url, "failed": answer["Failed"]}
            self._logger.error("not sent", extra=about)
        confirmed = {entry["Id"] for entry in answer.get("Successful", [])}
        return [str(n) in confirmed for n in range(len(batch))]


def _batches(messages: Sequence[Message]) -> Iterator[list[Message]]:
    batch: list[Message] = []
    size = 0
    for message in messages:
        own = len(message.body.encode()) + sum(len(k) + len(v) + 16 for k, v in message.attributes.items())
        if batch and (len(batch) == BATCH_MESSAGES or size + own > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += own
    if batch:
        yield batch


def _entry(n: int, message: Message, queue_url: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Id": str(n),
        "MessageBody": message.body,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
        },
    }
    if is_ordered(queue_url):
        # what has no group comes from a lane that was not ordered: it is in order with its like
        entry["MessageGroupId"] = message.group or "none"
        entry["MessageDeduplicationId"] = message.dedup or uuid4().hex
    elif message.delay > timedelta():
        entry["DelaySeconds"] = min(900, math.ceil(message.delay.total_seconds()))
    return entry


def _seconds(hidden: timedelta) -> int:
    return max(0, math.ceil(min(hidden, LONGEST_HIDE).total_seconds()))
