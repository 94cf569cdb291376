"""When a webhook is posted again, when its endpoint rests, and when Fairlane gives up.

Two things are counted apart. A *delivery* is one event for one subscription: it is tried on a growing
schedule for three days. An *endpoint* is a subscription's URL: after failures in a row it rests, so that
a dead one costs its neighbours no time; after days of nothing but failures it is paused.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from fairlane.domain.times import rfc3339, sortable

#: Pauses after the first, second ... attempt (s); the last one repeats. SQS hides for 12 hours at most.
SCHEDULE_S = (2, 10, 30, 120, 600, 1_800, 7_200, 18_000, 32_400)
#: Each pause is so much longer or shorter, at random.
JITTER = 0.2
GIVE_UP_AFTER = timedelta(days=3)
#: An endpoint that fails for so long without one success is paused.
PAUSE_AFTER = timedelta(days=5)
#: So many failed posts in a row, and the endpoint rests.
FEW_FAILURES = 5
SHORTEST_REST, LONGEST_REST = timedelta(seconds=10), timedelta(minutes=10)
#: A `Retry-After` of more is not believed.
LONGEST_RETRY_AFTER = timedelta(hours=11)
GONE, TOO_MANY, BUSY = 410, 429, 503
#: How long a delivery that failed can be looked at and sent again.
KEEP_FAILED = timedelta(days=30)


class Stopped(StrEnum):
    """Why nothing is posted to an endpoint, until somebody resumes it."""

    PAUSED = "paused"
    DISABLED = "disabled"


@dataclass(frozen=True)
class Endpoint:
    """How posting to a subscription's URL has gone lately. All empty while it goes well."""

    failures: int = 0
    failing_since: datetime | None = None
    rests_until: datetime | None = None
    rest: timedelta = timedelta()
    stopped: Stopped | None = None
    reason: str = ""

    @property
    def is_well(self) -> bool:
        """Nothing to remember."""
        return self == Endpoint()

    def rests(self, now: datetime) -> bool:
        """Whether nothing may be posted yet."""
        return self.rests_until is not None and self.rests_until > now

    @property
    def probes(self) -> bool:
        """Whether one post has to go well before the others follow."""
        return self.failures >= FEW_FAILURES

    def after_failures(self, count: int, *, reason: str, wait: timedelta | None, now: datetime) -> "Endpoint":
        """After posts that failed while none went well. `wait`: what the endpoint asked for."""
        failures = self.failures + count
        rest = min(LONGEST_REST, max(SHORTEST_REST, 2 * self.rest)) if failures >= FEW_FAILURES else timedelta()
        until = now + max(rest, wait or timedelta())
        return replace(
            self,
            failures=failures,
            failing_since=self.failing_since or now,
            rests_until=until if until > now else None,
            rest=rest,
            reason=reason,
        )

    def must_pause(self, now: datetime) -> bool:
        """Whether it has failed for too long."""
        return self.failing_since is not None and now - self.failing_since >= PAUSE_AFTER


def pause(attempt: int, random: Callable[[], float], wait: timedelta | None = None) -> timedelta:
    """How long after the attempt of that number (from 1). `wait`: what the endpoint asked for at least."""
    base = SCHEDULE_S[min(attempt, len(SCHEDULE_S)) - 1]
    jittered = timedelta(seconds=base * (1 - JITTER + 2 * JITTER * random()))
    return max(jittered, wait or timedelta())


def retry_after(header: str | None) -> timedelta | None:
    """The `Retry-After` header in its form in seconds; a date is not read, as clocks differ."""
    if header is None or not re.fullmatch(r"\s*[0-9]{1,9}\s*", header):
        return None
    return min(LONGEST_RETRY_AFTER, timedelta(seconds=int(header)))


class DeliveryStatus(StrEnum):
    """Of a delivery that was given up."""

    FAILED = "failed"
    #: Sent again; what became of it is not known yet, or cannot be.
    REDRIVEN = "redriven"


@dataclass(frozen=True)
class FailedDelivery:
    """A result event that one subscription's target did not take."""

    tenant: str
    subscription: str
    #: Of the event: the same however often it is sent, so that a failure recorded twice is one.
    event_id: str
    event_type: str
    time: datetime
    #: Id and generation of the task whose end the event tells; None for a sample.
    task: tuple[str, int] | None
    attempts: int
    error: str
    failed_at: datetime
    status: DeliveryStatus = DeliveryStatus.FAILED
    redriven_at: datetime | None = None

    @property
    def id(self) -> str:
        """Sorts by the time of the event. No part of it has a full stop."""
        return f"{sortable(self.time)}.{self.subscription}.{self.event_id}"


DELIVERY_ID = re.compile(r"[0-9]{8}T[0-9]{9}\.[a-z0-9-]{1,63}\.[A-Za-z0-9_-]{1,200}")


def delivery_view(delivery: FailedDelivery) -> dict[str, Any]:
    """The delivery as the API shows it."""
    return {
        "id": delivery.id,
        "subscription": delivery.subscription,
        "event_id": delivery.event_id,
        "type": delivery.event_type,
        "task": delivery.task[0] if delivery.task else None,
        "time": rfc3339(delivery.time),
        "status": delivery.status.value,
        "attempts": delivery.attempts,
        "error": delivery.error,
        "failed_at": rfc3339(delivery.failed_at),
        "redriven_at": rfc3339(delivery.redriven_at),
    }


def task_of(event: Mapping[str, Any]) -> tuple[str, int] | None:
    """Task id and generation of a result event; None for a sample or an event about something else."""
    event_id, subject = str(event.get("id", "")), str(event.get("subject", ""))
    generation = event_id.removeprefix(f"{subject}-")
    if not subject or generation == event_id or not (generation.isascii() and generation.isdigit()):
        return None
    return subject, int(generation)
