"""One webhook message: whose it is, what is posted, and how a post came out."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fairlane.deliveries import failed_delivery
from fairlane.domain.catalog import QueueOwner
from fairlane.domain.delivery import BUSY, GONE, TOO_MANY, FailedDelivery, retry_after
from fairlane.domain.errors import Refused
from fairlane.domain.names import NAME, subscription_resource
from fairlane.domain.times import EPOCH
from fairlane.events import Event, event_json
from fairlane.http import parse_json
from fairlane.ports.web import NoReply, Reply
from fairlane.received import OWN_DEPTH, Received

SUCCESS = range(200, 300)


@dataclass(frozen=True)
class Posting:
    """A message of a tenant's webhooks queue."""

    message: Received
    owner: QueueOwner


@dataclass(frozen=True)
class Webhook:
    """What a rule has put into the queue: an event for one subscription."""

    message: Received
    owner: QueueOwner
    subscription: str
    event: Event
    #: Sent for this subscription alone: a sample, or a delivery that had been given up.
    is_redriven: bool

    @property
    def body(self) -> bytes:
        """The structured CloudEvent."""
        return event_json(self.event).encode()

    @property
    def key(self) -> tuple[str, str]:
        """Tenant and subscription."""
        return self.owner.tenant, self.subscription

    @property
    def event_id(self) -> str:
        """The webhook's id: the same at every attempt."""
        return str(self.event["id"])

    def given_up(self, error: str, now: Any) -> FailedDelivery:
        """The delivery, as one that nobody tries any more."""
        return failed_delivery(
            self.event,
            tenant=self.owner.tenant,
            subscription=self.subscription,
            attempts=self.message.receive_count,
            error=error,
            now=now,
        )


def webhook_of(posting: Posting) -> Webhook:
    """Raises Refused for what no rule of the tenant's can have sent."""
    message, owner = posting.message, posting.owner
    body = parse_json(message.body.encode("utf-8", "surrogatepass"), depth=OWN_DEPTH)
    event = body.get("event") if isinstance(body, dict) else None
    name = body.get("subscription") if isinstance(body, dict) else None
    if not isinstance(event, dict) or not isinstance(name, str) or not NAME.fullmatch(name):
        raise Refused("malformed", "not an event for a webhook")
    if event.get("tenant") != owner.tenant:
        raise Refused("malformed", "not an event of the queue's tenant")
    resources = body.get("resources")
    is_redriven = isinstance(resources, list) and subscription_resource(owner.tenant, name) in resources
    webhook = Webhook(message, owner, name, event, is_redriven)
    try:
        webhook.given_up("", EPOCH)
    except (KeyError, ValueError) as error:
        raise Refused("malformed", "an event for a webhook needs id, type and time") from error
    return webhook


@dataclass(frozen=True)
class Posted:
    """How a post came out; `error` is empty when it went well."""

    error: str
    is_gone: bool = False
    #: Trying again cannot help.
    is_final: bool = False
    #: What the endpoint asked for.
    wait: timedelta | None = None

    @classmethod
    def of(cls, reply: Reply | NoReply) -> "Posted":
        """Success is 2xx and nothing else: a redirect is not followed."""
        if isinstance(reply, NoReply):
            return cls(f"{reply.reason.value}: {reply.message}")
        if reply.status in SUCCESS:
            return cls("")
        wait = retry_after(reply.retry_after) if reply.status in (TOO_MANY, BUSY) else None
        return cls(f"HTTP {reply.status}", is_gone=reply.status == GONE, wait=wait)
