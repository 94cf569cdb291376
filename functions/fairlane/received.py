"""Messages as Lambda's SQS event source mapping hands them over, and the answer to it.

Whose a message is comes from the queue it was in, never from its body or its attributes. A
message that SQS itself has moved to a redrive queue (maxReceiveCount) tells its first queue by
`DeadLetterQueueSourceArn`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from fairlane.domain.catalog import QueueOwner, queue_partition
from fairlane.domain.times import from_ms
from fairlane.http import MAX_DEPTH
from fairlane.ordering import is_ordered
from fairlane.ports.queues import Message, Queues
from fairlane.ports.registry import Entry

#: An accepted event's data, and a function's result, lie deeper in our own messages than they came to us.
OWN_DEPTH = 2 * MAX_DEPTH

#: Enough to say why; a message and its attributes share 1 MiB.
REASON_LIMIT = 500


class QueueLookup(Protocol):
    """The part of the registry that knows queues."""

    def get(self, partition: str, item: str) -> Entry | None:
        """The queue's document, or None."""


@dataclass(frozen=True)
class Received:
    """One received message."""

    message_id: str
    receipt: str
    body: str
    attributes: Mapping[str, str]
    queue_arn: str
    #: The queue that the message was first sent to.
    home_arn: str
    sent_at: datetime
    receive_count: int
    #: The message group, if it was sent with one.
    group: str = ""

    @property
    def is_ordered(self) -> bool:
        """Whether it may only be processed after those before it in its group."""
        return is_ordered(self.queue_arn)

    @property
    def was_redriven(self) -> bool:
        """Whether SQS gave up on it in its first queue."""
        return self.home_arn != self.queue_arn


def received_of(record: Mapping[str, Any]) -> Received:
    """The message of a record of the mapping's event."""
    system = record.get("attributes", {})
    arn = record["eventSourceARN"]
    return Received(
        message_id=record["messageId"],
        receipt=record["receiptHandle"],
        body=record["body"],
        attributes={
            name: value["stringValue"]
            for name, value in record.get("messageAttributes", {}).items()
            if value.get("stringValue") is not None
        },
        queue_arn=arn,
        home_arn=system.get("DeadLetterQueueSourceArn") or arn,
        sent_at=from_ms(int(system["SentTimestamp"])),
        receive_count=int(system.get("ApproximateReceiveCount", 1)),
        group=system.get("MessageGroupId", ""),
    )


def owner_of(message: Received, registry: QueueLookup) -> QueueOwner | None:
    """Whose the message is; None for a queue that the registry does not know (any more)."""
    entry = registry.get(queue_partition(message.home_arn.rpartition(":")[2]), "queue")
    return QueueOwner.of(entry.doc) if entry else None


def bury(message: Received, reason: str, queues: Queues, dead_letters_url: str) -> bool:
    """Send a copy to the dead-letter queue with the reason; False when that was not confirmed."""
    about = {"reason": reason[:REASON_LIMIT], "source_queue": message.home_arn}
    attributes = dict(list(message.attributes.items())[:8]) | about  # SQS allows 10 attributes
    return all(queues.send(dead_letters_url, [Message(message.body, attributes)]))


def partial_response(failed: Iterable[Received]) -> dict[str, Any]:
    """ReportBatchItemFailures: these stay in the queue, the others are deleted."""
    return {"batchItemFailures": [{"itemIdentifier": message.message_id} for message in failed]}
