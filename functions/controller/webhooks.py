"""Webhooks of tenants: their queue, their URLs and secrets.

All webhooks of a tenant share a queue, made with the first one; each message says whose it is. Secrets
lie in documents of their own, so that nothing that shows a subscription can show one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.registry import Documents
from fairlane.domain import catalog, names
from fairlane.domain.concurrency import LARGEST_BATCH, Scaling
from fairlane.domain.endpoints import endpoint
from fairlane.domain.signing import Secrets, new_secret
from fairlane.ports.control import Provisioner
from fairlane.ports.running import Clock

POINTER = "#/target/webhook/url"
VISIBILITY_S = 90
#: Batches of one tenant's webhooks that are posted at once.
MOST_BATCHES = 5


@dataclass(frozen=True)
class WebhookSettings:
    """Names and ARNs that webhooks are made with."""

    stack: str
    deliverer: str
    result_redrive_arn: str
    #: ARN pattern of every subscription's rule.
    rules_arn: str
    #: Whether tenants may name private addresses and plain http.
    allow_private: bool


@dataclass(frozen=True)
class WebhookPlaces:
    """The use case. Every step may be repeated."""

    documents: Documents
    provisioning: Provisioner
    now: Clock
    settings: WebhookSettings

    def check(self, url: str) -> str:
        """The URL, when it may be called. Raises Refused (422)."""
        endpoint(url, allow_private=self.settings.allow_private, pointer=POINTER)
        return url

    def queue(self, tenant: str) -> str:
        """ARN of the tenant's webhooks queue; it is made with the first webhook."""
        place = self.documents.find(tenant, catalog.WEBHOOKS)
        if place is not None:
            return str(place.doc["queue_arn"])
        queue = self.provisioning.queue(
            names.webhooks_queue(self.settings.stack, tenant),
            visibility_timeout_s=VISIBILITY_S,
            redrive_arn=self.settings.result_redrive_arn,
            tags={"fairlane:stack": self.settings.stack, "fairlane:tenant": tenant},
        )
        self.provisioning.let_rules_send(queue, self.settings.rules_arn)
        # who owns a queue is known before anything can come out of it
        owner = {"tenant": tenant, "lane": "", "queue_url": queue.url, "results_url": queue.url}
        partition = catalog.queue_partition(queue.name)
        self._save(partition, "queue", {**owner, "kind": catalog.WEBHOOKS})
        self.provisioning.mapping(queue.arn, self.settings.deliverer, Scaling(LARGEST_BATCH, MOST_BATCHES))
        self._save(tenant, catalog.WEBHOOKS, {"queue_arn": queue.arn, "queue_url": queue.url})
        return queue.arn

    def new_secret(self, tenant: str, name: str) -> str:
        """A first secret; whatever a controller that died has left was never shown to anybody."""
        secret = new_secret()
        self._save(tenant, catalog.webhook_item(name), Secrets(secret).doc())
        return secret

    def rotate(self, tenant: str, name: str) -> Mapping[str, Any]:
        """A new secret beside the present one; the answer is the only one that shows it."""
        item = catalog.webhook_item(name)
        old = self.documents.get(tenant, item, f"webhook {name}")
        rotated = Secrets.of(old.doc).rotated(new_secret(), self.now())
        self.documents.save(tenant, item, rotated.doc(), old)
        return {"secret": rotated.current, "previous_secret_until": rotated.doc()["previous_until"]}

    def forget(self, tenant: str, name: str) -> None:
        """Remove the secrets."""
        self.documents.delete(tenant, catalog.webhook_item(name))

    def remove(self, tenant: str) -> None:
        """Remove the queue, its mapping and every secret."""
        self.documents.delete_all(tenant, catalog.WEBHOOK_PREFIX)
        place = self.documents.find(tenant, catalog.WEBHOOKS)
        if place is None:
            return
        self.provisioning.delete_mapping(place.doc["queue_arn"])
        self.provisioning.delete_queue(place.doc["queue_url"])
        self.documents.delete(catalog.queue_partition(place.doc["queue_arn"].rpartition(":")[2]), "queue")
        self.documents.delete(tenant, catalog.WEBHOOKS)

    def _save(self, partition: str, item: str, doc: Mapping[str, Any]) -> None:
        self.documents.save(partition, item, doc, self.documents.find(partition, item))
