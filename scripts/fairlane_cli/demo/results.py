"""Receiving result events from the queue that the tenants' subscriptions feed; and looking into the lanes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

RECEIVE_WAIT_S = 1


def receive_results(sqs: "SQSClient", queue_url: str, received: Callable[[Mapping[str, Any]], None]) -> int:
    """Receive some, if there are any; how many. What a consumer of a rule's queue has to do, no more."""
    answer = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=RECEIVE_WAIT_S)
    messages = answer.get("Messages", [])
    for message in messages:
        # what EventBridge sends: the result event is its detail
        received(json.loads(message["Body"])["detail"])
    if messages:
        done = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages)]
        sqs.delete_message_batch(QueueUrl=queue_url, Entries=done)  # type: ignore[arg-type]
    return len(messages)


@dataclass(frozen=True)
class Depth:
    """Messages in a lane's queue."""

    queued: int = 0
    running: int = 0


class Lanes:
    """How many messages the tenants' lanes have, as the platform's operator sees it.

    The API tells it too (GET /v1/lanes); but asking twice a second would add to the requests that the demo counts.
    """

    def __init__(self, sqs: "SQSClient", stack: str) -> None:
        self._sqs = sqs
        self._stack = stack
        self._urls: dict[str, list[str]] = {}

    def depth(self, tenant: str) -> Depth:
        if tenant not in self._urls:
            found = self._sqs.list_queues(QueueNamePrefix=f"{self._stack}-lane-{tenant}-")
            self._urls[tenant] = found.get("QueueUrls", [])
        depths = [queue_depth(self._sqs, url) for url in self._urls[tenant]]
        return Depth(sum(depth.queued for depth in depths), sum(depth.running for depth in depths))


def queue_depth(sqs: "SQSClient", url: str) -> Depth:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    visible = int(found["ApproximateNumberOfMessages"])
    delayed = int(found.get("ApproximateNumberOfMessagesDelayed", "0"))
    return Depth(visible + delayed, int(found["ApproximateNumberOfMessagesNotVisible"]))
