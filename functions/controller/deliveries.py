"""Deliveries that were given up: listed, and sent again.

Sending again takes the way of the results, for the one subscription alone (decision 0024), with the same
event id. What if it stops in between: the event is on the bus and the delivery still `failed`, so the next
redrive sends it once more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controller import bodies
from controller.subscriptions import Subscriptions
from fairlane.deliveries import DeliveryQuery, DeliveryStore
from fairlane.domain.delivery import DELIVERY_ID, DeliveryStatus, FailedDelivery, delivery_view
from fairlane.domain.errors import FieldError, Refused
from fairlane.domain.names import NAME, TASK_ID
from fairlane.ports.bus import BusEntry, ResultsBus
from fairlane.ports.running import Clock

LIMITS = range(1, 101)
DEFAULT_LIMIT = 20
PARAMETERS = frozenset({"status", "subscription", "task", "limit", "cursor"})
#: API Gateway gives up after 29 s: what is left then is the next request's.
LONGEST = timedelta(seconds=18)
PAGE = 50


@dataclass
class _Count:
    matched: int = 0
    done: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Deliveries:
    """The use case."""

    deliveries: DeliveryStore
    subscriptions: Subscriptions
    bus: ResultsBus
    now: Clock

    def page(self, tenant: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """`{"items", "cursor"}`, newest first. Raises Refused (400) for a wrong parameter."""
        page = self.deliveries.page(tenant, _query(parameters))
        return {"items": [delivery_view(each) for each in page.deliveries], "cursor": page.next_after}

    def redrive(self, tenant: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send again; how many there were, and a cursor when there was no time for all."""
        wanted = bodies.checked(bodies.RedriveBody, body)
        until, count = self.now() + LONGEST, _Count()
        sendable: dict[str, bool] = {}
        cursor: str | None = None
        for chosen, next_cursor in self._chosen(tenant, wanted):
            self._send(tenant, chosen, sendable, count)
            cursor = next_cursor
            if self.now() >= until:
                break
        status = "done" if cursor is None else "running"
        counts = {"matched": count.matched, "done": count.done, "failed": count.failed}
        return {"action": "redrive", "status": status, **counts, "cursor": cursor}

    def _chosen(self, tenant: str, wanted: Mapping[str, Any]) -> Iterator[tuple[Sequence[FailedDelivery], str | None]]:
        """Pages of deliveries, with where the next one starts."""
        if wanted["ids"] is not None:
            found = [self.deliveries.get(tenant, each) for each in dict.fromkeys(wanted["ids"])]
            if None in found:
                raise Refused("not-found", f"There is no delivery {wanted['ids'][found.index(None)]}.")
            yield [each for each in found if each is not None], None
            return
        after = wanted["cursor"]
        while True:
            query = DeliveryQuery(PAGE, after, DeliveryStatus.FAILED.value, **wanted["filter"])
            page = self.deliveries.page(tenant, query)
            yield page.deliveries, page.next_after
            after = page.next_after
            if after is None:
                return

    def _send(self, tenant: str, chosen: Sequence[FailedDelivery], sendable: dict[str, bool], count: _Count) -> None:
        count.matched += len(chosen)
        ready: list[tuple[FailedDelivery, BusEntry]] = []
        for delivery in chosen:
            name = delivery.subscription
            if name not in sendable:
                sendable[name] = self.subscriptions.is_sendable(tenant, name)
            event = self.deliveries.event(delivery) if sendable[name] else None
            if event is not None:
                ready.append((delivery, BusEntry(tenant, delivery.event_type, event, delivery.time, name)))
        count.failed += len(chosen) - len(ready)
        codes = self.bus.publish([entry for _, entry in ready])
        for (delivery, _), code in zip(ready, codes, strict=True):
            if code is None:
                self.deliveries.redriven(delivery, self.now())
                count.done += 1
            else:
                count.failed += 1


def _query(parameters: Mapping[str, str]) -> DeliveryQuery:
    unknown = sorted(set(parameters) - PARAMETERS)
    if unknown:
        raise _wrong(unknown[0], f"is not a parameter here; there are {', '.join(sorted(PARAMETERS))}")
    status = parameters.get("status")
    if status is not None and status not in set(DeliveryStatus):
        raise _wrong("status", f"must be one of {', '.join(DeliveryStatus)}")
    for name, pattern in (("subscription", NAME), ("task", TASK_ID), ("cursor", DELIVERY_ID)):
        if name in parameters and not pattern.fullmatch(parameters[name]):
            raise _wrong(name, "is none")
    return DeliveryQuery(
        limit=_limit(parameters.get("limit")),
        after=parameters.get("cursor"),
        status=status,
        subscription=parameters.get("subscription"),
        task=parameters.get("task"),
    )


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) in LIMITS):  # noqa: PLR2004
        raise _wrong("limit", f"must be {LIMITS.start} to {LIMITS.stop - 1}")
    return int(text)


def _wrong(name: str, detail: str) -> Refused:
    return Refused("malformed", f"{name} {detail}.", (FieldError(f"#/query/{name}", detail),))
