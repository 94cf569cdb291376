"""Deliveries that were given up: what keeps them, and how one is made of an event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from fairlane.domain.delivery import Endpoint, FailedDelivery, task_of
from fairlane.events import event_time
from fairlane.ports.web import NoReply, Reply

ERROR_LIMIT = 300


@dataclass(frozen=True)
class DeliveryQuery:
    """A list request; `after` is the id after which the page starts."""

    limit: int
    after: str | None = None
    status: str | None = None
    subscription: str | None = None
    task: str | None = None


@dataclass(frozen=True)
class DeliveryPage:
    """Deliveries that match, and where the next page starts (None: there is none)."""

    deliveries: Sequence[FailedDelivery]
    next_after: str | None


class DeliveryStore(Protocol):
    """The Deliveries table. Every write may be repeated; nothing is written while all goes well."""

    def endpoint(self, tenant: str, subscription: str) -> Endpoint:
        """How posting to the subscription has gone lately."""

    def note_endpoint(self, tenant: str, subscription: str, endpoint: Endpoint) -> None:
        """Remember it, unless the endpoint was stopped meanwhile."""

    def resume(self, tenant: str, subscription: str) -> None:
        """Forget what went wrong, a stop included."""

    def give_up(self, delivery: FailedDelivery, event: str) -> None:
        """Keep the event and why it was not taken, and tell its task."""

    def delivered(self, delivery: FailedDelivery) -> None:
        """Forget a delivery that was taken after all, and tell its task."""

    def redriven(self, delivery: FailedDelivery, at: datetime) -> None:
        """Note that it was sent again."""

    def get(self, tenant: str, delivery_id: str) -> FailedDelivery | None:
        """One, or None."""

    def event(self, delivery: FailedDelivery) -> str | None:
        """The event as JSON text; None when it is gone."""

    def page(self, tenant: str, query: DeliveryQuery) -> DeliveryPage:
        """One page, newest first."""


class Submitter(Protocol):
    """The gateway, for results that chain the next task."""

    def submit(self, tenant: str, event: Mapping[str, Any]) -> Reply | NoReply:
        """As over HTTP: 202, 200 for a duplicate, else a refusal. Never raises for an outage."""


def failed_delivery(
    event: Mapping[str, Any], *, tenant: str, subscription: str, attempts: int, error: str, now: datetime
) -> FailedDelivery:
    """The delivery of that event to the subscription, as given up now. Raises KeyError and ValueError for no event."""
    return FailedDelivery(
        tenant=tenant,
        subscription=subscription,
        event_id=str(event["id"]),
        event_type=str(event["type"]),
        time=event_time(event["time"]),
        task=task_of(event),
        attempts=attempts,
        error=error[:ERROR_LIMIT],
        failed_at=now,
    )
