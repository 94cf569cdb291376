"""What the registry holds: where each kind of document lies and how the functions read it.

A document's dictionary is what the API shows, plus what only Fairlane needs (queue URLs, mapping ids).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from fairlane.domain.admission import SubmitLimits
from fairlane.domain.deferral import START_TIMEOUT
from fairlane.domain.retry import RetryPolicy

TENANTS = "#tenants"
DEFAULT_LANE = "default"

#: A synchronous function's longest timeout under each dispatcher (s): 60 and 900 less room for the rest.
SHORT_TIMEOUT_S = 50
LONG_TIMEOUT_S = 870
#: An HTTP endpoint says nothing of how long it may take: this, where the function does not say it either.
DEFAULT_HTTP_TIMEOUT_S = 30
#: A deferred attempt's longest time, and its time where the function says none (s).
LONGEST_DEFERRED_S = 7 * 24 * 3600
DEFAULT_DEFERRED_TIMEOUT_S = 3600
#: Visibility timeouts of a lane's queue under each dispatcher (s): the time to recover from a crash.
SHORT_VISIBILITY_S = 90
LONG_VISIBILITY_S = 960
#: The biggest event a tenant may be allowed: an SQS message has 1 MiB, its attributes included.
LARGEST_PAYLOAD_BYTES = 1_000_000
DEFAULT_PAYLOAD_BYTES = 256 * 1024

SUBSCRIPTION_PREFIX = "subscription#"
WEBHOOK_PREFIX = "webhook#"
#: The kind of a queue of results for webhooks, and the tenant's document of it.
WEBHOOKS = "webhooks"


def function_item(task_type: str) -> str:
    """Item name of a function in its tenant's partition."""
    return f"function#{task_type}"


def lane_item(lane: str) -> str:
    """Item name of a lane."""
    return f"lane#{lane}"


def subscription_item(name: str) -> str:
    """Item name of a subscription."""
    return f"{SUBSCRIPTION_PREFIX}{name}"


def webhook_item(name: str) -> str:
    """Item name of the secrets of a webhook."""
    return f"{WEBHOOK_PREFIX}{name}"


def key_item(keyid: str) -> str:
    """Item name of a key, for listing; the key itself lies in its own partition."""
    return f"key#{keyid}"


def queue_partition(queue_name: str) -> str:
    """Where the owner of a queue is found by the queue's name."""
    return f"queue#{queue_name}"


def is_drained(lane: Mapping[str, Any]) -> bool:
    """Whether a lane's document stands for a deleted lane, whose empty queue only waits to be removed."""
    return lane.get("status") == "removing" or bool(lane.get("status") == "draining" and lane.get("drained_since"))


def is_long(timeout_s: float, mode: str = "sync") -> bool:
    """Whether a function needs the long dispatcher, which waits for its end."""
    return mode == "sync" and timeout_s > SHORT_TIMEOUT_S


@dataclass(frozen=True)
class Tenant:
    """What the gateway needs of a tenant."""

    status: str
    payload_bytes: int
    retention_days: int
    #: None: submitting is not limited, and costs nothing to check.
    submit: SubmitLimits | None = None

    @classmethod
    def of(cls, doc: Mapping[str, Any]) -> Self:
        """From its registry document."""
        limit = doc["limits"].get("payload_bytes") or DEFAULT_PAYLOAD_BYTES
        return cls(doc["status"], min(limit, LARGEST_PAYLOAD_BYTES), doc["retention_days"], SubmitLimits.of(doc))


@dataclass(frozen=True)
class Function:
    """What runs a task type."""

    target: Mapping[str, Any]
    timeout: timedelta
    retry: RetryPolicy
    lane: str
    #: Keep every task's event, so that it can be redone however the task ends.
    retain: bool = False
    #: Whether only the long dispatcher can run it.
    is_long: bool = False
    #: Whether it is only started, and calls back.
    deferred: bool = False
    #: Deferred only: an attempt that says nothing for so long is over.
    heartbeat_timeout: timedelta | None = None

    @property
    def call_timeout(self) -> timedelta:
        """How long the dispatcher waits for it."""
        return min(self.timeout, START_TIMEOUT) if self.deferred else self.timeout

    @classmethod
    def of(cls, doc: Mapping[str, Any]) -> Self:
        """From its registry document."""
        retry = doc["retry"]
        return cls(
            target={**doc["target"], "per_tenant": doc.get("per_tenant", False)},
            timeout=timedelta(seconds=doc["timeout"]),
            retry=RetryPolicy(
                max_attempts=retry["max_attempts"],
                base_s=retry["base"],
                cap_s=retry["cap"],
                non_retryable=tuple(retry["non_retryable"]),
            ),
            lane=doc["lane"],
            retain=doc.get("retain", False),
            is_long=is_long(doc["timeout"], doc.get("mode", "sync")),
            deferred=doc.get("mode") == "deferred",
            heartbeat_timeout=_seconds(doc.get("heartbeat_timeout")),
        )


@dataclass(frozen=True)
class Lane:
    """A lane, as the gateway reads it."""

    status: str
    #: None until its queue is there.
    queue_url: str | None
    long: bool
    ordered: bool
    #: Deleted and empty: no message may be sent to its queue any more.
    drained: bool

    @property
    def takes_messages(self) -> bool:
        """Whether a message of a task that is recorded already may be sent to its queue."""
        return self.queue_url is not None and not self.drained

    @classmethod
    def of(cls, doc: Mapping[str, Any]) -> Self:
        """From its registry document."""
        return cls(
            status=doc.get("status", "active"),
            queue_url=doc.get("queue_url"),
            long=doc.get("long", False),
            ordered=doc.get("ordered", False),
            drained=is_drained(doc),
        )


def _seconds(value: float | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)


@dataclass(frozen=True)
class QueueOwner:
    """Whose a queue is: the identity of everything that comes out of it."""

    tenant: str
    lane: str
    queue_url: str
    results_url: str
    #: `webhooks`, or empty for lanes and results.
    kind: str = ""

    @classmethod
    def of(cls, doc: Mapping[str, Any]) -> Self:
        """From its registry document."""
        return cls(doc["tenant"], doc["lane"], doc["queue_url"], doc["results_url"], doc.get("kind", ""))
