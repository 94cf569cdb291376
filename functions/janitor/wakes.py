"""Messages that wake the janitor: each asks for one thing at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger

from fairlane.domain.attention import Kind
from fairlane.ports.queues import Queues
from fairlane.ports.running import Clock
from fairlane.received import Received, bury, partial_response, received_of
from fairlane.waking import Wake, wake_of


@dataclass(frozen=True)
class Wakes:
    """The use case: a batch of them. `answers` tells who answers which kind, given until when it may work."""

    answers: Mapping[Kind, Callable[[Wake, datetime], None]]
    queues: Queues
    now: Clock
    logger: Logger
    dead_letters_url: str

    def __call__(self, records: Sequence[dict[str, Any]], *, deadline: datetime) -> dict[str, Any]:
        """The partial batch response. Each message has its share of the time that is left."""
        failed: list[Received] = []
        for number, record in enumerate(records):
            message = received_of(record)
            until = self.now() + (deadline - self.now()) / (len(records) - number)
            if not self._answered(message, until):
                failed.append(message)
        return partial_response(failed)

    def _answered(self, message: Received, until: datetime) -> bool:
        wake = wake_of(message.body)
        answer = self.answers.get(wake.kind) if wake else None
        if wake is None or answer is None:
            return bury(message, "not a message that wakes the janitor", self.queues, self.dead_letters_url)
        try:
            answer(wake, until)
        except Exception:  # it stays noted in `attention` too; the message comes again first
            about = {"action": "wake_failed", "tenant": wake.tenant, "woken_for": wake.name}
            self.logger.exception("not woken", extra=about)
            return False
        return True
