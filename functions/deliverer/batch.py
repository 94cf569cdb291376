"""A batch of result messages to the results bus.

A message is deleted only when the bus has accepted its event; until then it comes again, and so
may the event, always with the same id.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger

from fairlane.cache import CachedRegistry
from fairlane.domain.catalog import QueueOwner
from fairlane.domain.errors import Refused
from fairlane.events import event_time
from fairlane.http import parse_json
from fairlane.ports.bus import BusEntry, ResultsBus
from fairlane.ports.queues import Queues
from fairlane.received import OWN_DEPTH, Received, bury, owner_of, partial_response, received_of

#: The bus will never accept such an entry.
PERMANENT = {"MalformedDetail", "InvalidArgument", "NotAuthorizedForSourceException", "ValidationException"}
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 300.0


@dataclass(frozen=True)
class Deliver:
    """The use case. `random` gives 0 <= x < 1."""

    bus: ResultsBus
    queues: Queues
    registry: CachedRegistry
    random: Callable[[], float]
    logger: Logger
    dead_letters_url: str

    def __call__(self, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The partial batch response."""
        messages = [received_of(record) for record in records]
        failed: list[Received] = []
        ready: list[tuple[Received, QueueOwner, BusEntry]] = []
        for message in messages:
            try:
                ready.append(self._ready(message))
            except Refused as refused:
                failed += self._bury(message, refused.detail)
            except Exception:
                # the registry did not answer: this message comes again, its neighbours go on
                self.logger.exception("not published", extra={"action": "result_not_published"})
                failed.append(message)
        codes = self.bus.publish([entry for _, _, entry in ready])
        pauses: dict[str, dict[str, timedelta]] = {}
        for (message, owner, entry), code in zip(ready, codes, strict=True):
            self._log(message, entry, code)
            if code is None:
                continue
            if code in PERMANENT:
                failed += self._bury(message, f"the results bus refused it: {code}")
                continue
            failed.append(message)
            if not message.was_redriven:
                pauses.setdefault(owner.results_url, {})[message.receipt] = self._pause(message)
        for url, receipts in pauses.items():
            self.queues.hide(url, receipts)
        return partial_response(failed)

    def _ready(self, message: Received) -> tuple[Received, QueueOwner, BusEntry]:
        """Raises Refused for anything that the dispatcher cannot have sent."""
        owner = owner_of(message, self.registry)
        if owner is None:
            raise Refused("not-found", "no tenant has this queue: it was deleted")
        event = parse_json(message.body.encode("utf-8", "surrogatepass"), depth=OWN_DEPTH)
        if not isinstance(event, dict) or event.get("tenant") != owner.tenant:
            raise Refused("malformed", "not a result event of the queue's tenant")
        try:
            time = event_time(event["time"])
            entry = BusEntry(owner.tenant, str(event["type"]), message.body, time)
        except (KeyError, ValueError) as error:
            raise Refused("malformed", "a result event needs type and time") from error
        return message, owner, entry

    def _pause(self, message: Received) -> timedelta:
        ceiling = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(message.receive_count, 20))
        return timedelta(seconds=FIRST_PAUSE_S + ceiling * self.random())

    def _bury(self, message: Received, reason: str) -> list[Received]:
        self.logger.warning("buried", extra={"action": "result_buried", "reason": reason})
        return [] if bury(message, reason, self.queues, self.dead_letters_url) else [message]

    def _log(self, message: Received, entry: BusEntry, code: str | None) -> None:
        action = "result_published" if code is None else "result_not_published"
        about = {"action": action, "tenant": entry.tenant, "task": message.attributes.get("task"), "code": code}
        self.logger.info("result", extra=about)
