"""What a rule's target did not take: EventBridge has given it up, and it is kept as a failed delivery.

EventBridge puts the event into the rules' dead-letter queue with attributes: which rule, why, after how
many tries. A rule belongs to a subscription of the event's tenant, found by the rule's ARN.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from deliverer.tally import Measure, of_given_up
from fairlane.deliveries import DeliveryStore, failed_delivery
from fairlane.domain.catalog import SUBSCRIPTION_PREFIX
from fairlane.domain.delivery import FailedDelivery
from fairlane.domain.errors import Refused
from fairlane.domain.names import NAME
from fairlane.events import Event, event_json
from fairlane.http import parse_json
from fairlane.ports.queues import Queues
from fairlane.ports.registry import RegistryReader
from fairlane.ports.running import Clock
from fairlane.received import OWN_DEPTH, Received, bury

#: A tenant has fewer subscriptions.
MOST = 100


@dataclass(frozen=True)
class Undelivered:
    """The use case. May be repeated: the same failure is kept under the same id."""

    registry: RegistryReader
    deliveries: DeliveryStore
    queues: Queues
    now: Clock
    measure: Measure
    logger: Logger
    dead_letters_url: str

    def __call__(self, messages: Sequence[Received]) -> list[Received]:
        """The messages that must stay."""
        return [message for message in messages if not self._is_done(message)]

    def _is_done(self, message: Received) -> bool:
        try:
            self._keep(message)
        except Refused as refused:
            return bury(message, refused.detail, self.queues, self.dead_letters_url)
        except Exception:
            self.logger.exception("not kept", extra={"action": "undelivered_not_kept"})
            return False
        return True

    def _keep(self, message: Received) -> None:
        event = _event_of(message)
        tenant = str(event.get("tenant", ""))
        name = self._subscription(tenant, message.attributes.get("RULE_ARN", ""))
        if name is None:
            about = {"action": "undelivered_without_subscription", "tenant": tenant, "event": event.get("id")}
            self.logger.warning("undelivered", extra=about)
            return
        delivery = self._delivery(event, tenant, name, message.attributes)
        self.deliveries.give_up(delivery, event_json(event))
        self.measure(of_given_up(delivery))
        about = {"action": "undelivered_kept", "tenant": tenant, "subscription": name, "event": delivery.event_id}
        self.logger.info("undelivered", extra=about | {"error": delivery.error})

    def _subscription(self, tenant: str, rule_arn: str) -> str | None:
        """The rule's subscription; None when it was deleted meanwhile."""
        if not NAME.fullmatch(tenant):
            raise Refused("malformed", "not an event of a tenant")
        found = self.registry.query(tenant, SUBSCRIPTION_PREFIX, limit=MOST)
        mine = (entry for entry in found if entry.doc.get("rule_arn") == rule_arn)
        return next((entry.item.removeprefix(SUBSCRIPTION_PREFIX) for entry in mine), None)

    def _delivery(
        self, event: Mapping[str, Any], tenant: str, name: str, attributes: Mapping[str, str]
    ) -> FailedDelivery:
        code, text = attributes.get("ERROR_CODE", "UNKNOWN"), attributes.get("ERROR_MESSAGE", "")
        tries = attributes.get("RETRY_ATTEMPTS", "0")
        attempts = int(tries) + 1 if tries.isascii() and tries.isdigit() else 1
        try:
            return failed_delivery(
                event,
                tenant=tenant,
                subscription=name,
                attempts=attempts,
                error=f"{code}: {text}" if text else code,
                now=self.now(),
            )
        except (KeyError, ValueError) as error:
            raise Refused("malformed", "a result event needs id, type and time") from error


def _event_of(message: Received) -> Event:
    """The result event: as EventBridge tells it, or as a webhook's rule makes it."""
    body = parse_json(message.body.encode("utf-8", "surrogatepass"), depth=OWN_DEPTH)
    event = (body.get("detail") or body.get("event")) if isinstance(body, dict) else None
    if not isinstance(event, dict):
        raise Refused("malformed", "not a result event")
    return event
