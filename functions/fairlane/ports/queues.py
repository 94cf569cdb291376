"""Amazon SQS, as far as messages go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True)
class Message:
    """A message to send: its body and its string attributes.

    `group` and `dedup` are for ordered queues (the same `dedup` within five minutes is the same message there), which
    in turn know no delay.
    """

    body: str
    attributes: Mapping[str, str]
    delay: timedelta = timedelta()
    group: str = ""
    dedup: str = ""


class Queues(Protocol):
    """Amazon SQS, as far as messages go."""

    def send(self, queue_url: str, messages: Sequence[Message]) -> Sequence[bool]:
        """Send; tells for each message whether the queue confirmed it."""

    def hide(self, queue_url: str, receipts: Mapping[str, timedelta]) -> None:
        """Set the visibility timeout of received messages. Best effort: the queue's own applies else."""


@dataclass(frozen=True)
class Depth:
    """Approximate counts, as SQS tells them."""

    visible: int
    in_flight: int
    delayed: int

    @property
    def messages(self) -> int:
        """All of them, in any state."""
        return self.visible + self.in_flight + self.delayed

    @property
    def is_empty(self) -> bool:
        """Nothing in it in any way."""
        return self.messages == 0
