"""Queues in memory that hold 100,000 messages without going through all of them for each receive."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from fairlane.ports.queues import Message
from fairlane.ports.running import Clock
from tests.simulation.fakes.queues import ARN, URL, FakeQueue, Held, _record


class LongQueues:
    """`Queues` in order of sending; what was received comes again only when it was hidden and that is over."""

    def __init__(self, now: Clock) -> None:
        self._now = now
        self._waiting: dict[str, deque[Held]] = {}
        self._received: dict[str, dict[str, Held]] = {}
        self._numbers = 0

    def add(self, name: str, **_: object) -> str:
        url = URL + name
        self._waiting[url], self._received[url] = deque(), {}
        return url

    def send(self, queue_url: str, messages: Sequence[Message]) -> Sequence[bool]:
        now = self._now()
        for message in messages:
            self._numbers += 1
            arn = ARN + queue_url.rpartition("/")[2]
            self._waiting[queue_url].append(Held(f"m{self._numbers}", message, now, now, arn, f"m{self._numbers}"))
        return [True] * len(messages)

    def hide(self, queue_url: str, receipts: Mapping[str, timedelta]) -> None:
        for receipt in receipts:
            self._waiting[queue_url].append(self._received[queue_url].pop(receipt))

    def receive(self, queue_url: str, most: int = 10) -> list[dict[str, Any]]:
        waiting, queue = self._waiting[queue_url], FakeQueue(queue_url)
        taken = [waiting.popleft() for _ in range(min(most, len(waiting)))]
        self._received[queue_url] |= {one.message_id: one for one in taken}
        return [_record(one, queue) for one in taken]

    def delete(self, queue_url: str, message_ids: Sequence[str]) -> None:
        for message_id in message_ids:
            self._received[queue_url].pop(message_id, None)

    def depth(self, queue_url: str) -> int:
        return len(self._waiting[queue_url]) + len(self._received[queue_url])
