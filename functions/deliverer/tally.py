"""What is measured of deliveries, for each subscription: a line of metrics a batch."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fairlane.domain.delivery import FailedDelivery

NAMESPACE_DIMENSIONS = ("tenant", "subscription")


@dataclass
class Tally:
    """Of one subscription in one batch."""

    tenant: str
    subscription: str
    #: From the task's end to the endpoint's 2xx (ms), for each event that was taken.
    lags_ms: list[int] = field(default_factory=list)
    failed_posts: int = 0
    given_up: int = 0

    def took(self, event_at: datetime, now: datetime) -> None:
        """An event was taken."""
        self.lags_ms.append((now - event_at) // timedelta(milliseconds=1))


Measure = Callable[[Tally], None]


def of_given_up(delivery: FailedDelivery) -> Tally:
    """One delivery that somebody else has given up."""
    return Tally(delivery.tenant, delivery.subscription, given_up=1)
