"""Amazon SQS in memory: visibility, delays, receive counts, redrive; order is the receiver's whim."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fairlane.aws.queues import LONGEST_HIDE
from fairlane.domain.times import to_ms
from fairlane.ports.queues import Message
from fairlane.ports.running import Clock

ARN = "arn:aws:sqs:eu-west-1:123456789012:"
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/"


@dataclass
class Held:
    """A message in a queue."""

    message_id: str
    message: Message
    sent_at: datetime
    visible_at: datetime
    home_arn: str
    receipt: str = ""
    receive_count: int = 0


@dataclass
class FakeQueue:
    """`redrive` is (URL, maxReceiveCount)."""

    url: str
    visibility: timedelta = timedelta(seconds=90)
    redrive: tuple[str, int] | None = None
    held: list[Held] = field(default_factory=list)
    #: Deduplication id -> until when it counts.
    dedup: dict[str, datetime] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return ARN + self.url.rpartition("/")[2]

    @property
    def is_ordered(self) -> bool:
        return self.url.endswith(".fifo")

    def next_visible_at(self) -> datetime | None:
        """When something can be received: of a group nothing while any of it is in flight."""
        groups: dict[str, datetime] = {}
        for n, one in enumerate(self.held):
            key = one.message.group if self.is_ordered else str(n)
            groups[key] = max(one.visible_at, groups.get(key, one.visible_at))
        return min(groups.values(), default=None)

    def visible(self, now: datetime) -> list[Held]:
        if not self.is_ordered:
            return [one for one in self.held if one.visible_at <= now]
        blocked = {one.message.group for one in self.held if one.visible_at > now}
        return [one for one in self.held if one.message.group not in blocked]


class FakeQueues:
    """`Queues`, and what an event source mapping does with them: `receive` and `delete`.

    `pick` chooses the order; `stays_visible` lets a message be received again at once (SQS delivers
    at least once); `on_send` is told when a message will be visible.
    """

    def __init__(
        self,
        now: Clock,
        *,
        pick: Callable[[list[Held]], list[Held]] = lambda held: held,
        stays_visible: Callable[[], bool] = lambda: False,
    ) -> None:
        self.queues: dict[str, FakeQueue] = {}
        self.on_send: Callable[[str, datetime], None] = lambda _url, _at: None
        #: (queue, group) -> what was ever sent to it, in order.
        self.in_order: dict[tuple[str, str], list[Message]] = {}
        self._now = now
        self._pick = pick
        self._stays_visible = stays_visible
        self._numbers = itertools.count(1)

    def add(
        self,
        name: str,
        *,
        visibility: timedelta = timedelta(seconds=90),
        redrive: tuple[str, int] | None = None,
    ) -> str:
        """Make a queue; its URL."""
        url = URL + name
        self.queues[url] = FakeQueue(url, visibility, redrive)
        return url

    def send(self, queue_url: str, messages: Sequence[Message]) -> Sequence[bool]:
        queue = self.queues.get(queue_url)
        if queue is None:
            return [False] * len(messages)
        now = self._now()
        for message in messages:
            if queue.is_ordered and self._is_repeated(queue, message, now):
                continue
            if queue.is_ordered:
                self.in_order.setdefault((queue_url, message.group), []).append(message)
            delay = timedelta(seconds=min(900, math.ceil(message.delay.total_seconds())))
            if queue.is_ordered:
                delay = timedelta()
            self._put(queue, Held(f"m{next(self._numbers)}", message, now, now + delay, queue.arn))
        return [True] * len(messages)

    def hide(self, queue_url: str, receipts: Mapping[str, timedelta]) -> None:
        now = self._now()
        for one in self.queues[queue_url].held:
            if one.receipt in receipts:
                hidden = min(max(timedelta(), receipts[one.receipt]), LONGEST_HIDE)
                seconds = math.ceil(hidden.total_seconds())
                one.visible_at = now + timedelta(seconds=seconds)
                self.on_send(queue_url, one.visible_at)

    def receive(self, queue_url: str, most: int = 10) -> list[dict[str, Any]]:
        """Up to `most` visible messages, as records of a mapping's event."""
        queue, now = self.queues[queue_url], self._now()
        records: list[dict[str, Any]] = []
        visible = queue.visible(now)
        for one in (visible if queue.is_ordered else self._pick(visible))[:most]:
            if queue.redrive is not None and one.receive_count >= queue.redrive[1]:
                queue.held.remove(one)
                one.visible_at, one.receive_count = now, 0
                self._put(self.queues[queue.redrive[0]], one)
                continue
            one.receive_count += 1
            if queue.is_ordered or not self._stays_visible():
                one.receipt = f"r{next(self._numbers)}"
                one.visible_at = now + queue.visibility
            records.append(_record(one, queue))
        return records

    def delete(self, queue_url: str, message_id: str) -> Held | None:
        """Remove the message, whoever received it last; what was removed."""
        queue = self.queues[queue_url]
        found = next((one for one in queue.held if one.message_id == message_id), None)
        if found is not None:
            queue.held.remove(found)
        return found

    def messages(self, queue_url: str) -> Iterator[Message]:
        """Everything in the queue, visible or not."""
        return (one.message for one in self.queues[queue_url].held)

    def _is_repeated(self, queue: FakeQueue, message: Message, now: datetime) -> bool:
        repeated = bool(message.dedup) and queue.dedup.get(message.dedup, now) > now
        if not repeated:
            queue.dedup[message.dedup] = now + timedelta(minutes=5)
        return repeated

    def _put(self, queue: FakeQueue, held: Held) -> None:
        queue.held.append(held)
        self.on_send(queue.url, held.visible_at)


def _record(one: Held, queue: FakeQueue) -> dict[str, Any]:
    system = {"SentTimestamp": str(to_ms(one.sent_at)), "ApproximateReceiveCount": str(one.receive_count)}
    if one.message.group:
        system["MessageGroupId"] = one.message.group
    if one.home_arn != queue.arn:
        system["DeadLetterQueueSourceArn"] = one.home_arn
    return {
        "messageId": one.message_id,
        "receiptHandle": one.receipt or one.message_id,
        "body": one.message.body,
        "attributes": system,
        "messageAttributes": {
            name: {"stringValue": value, "dataType": "String"} for name, value in one.message.attributes.items()
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
    }
