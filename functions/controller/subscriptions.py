"""Subscriptions: EventBridge rules over a tenant's result events.

The rule's name is derived from tenant and subscription, so making it is repeatable: the rule
comes first, then the document. A controller that dies in between leaves a rule that the repeated
PUT takes over and that DELETE removes, document or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller import bodies
from controller.registry import Documents
from controller.sample import sample_entry
from controller.webhooks import WebhookPlaces
from fairlane.deliveries import DeliveryStore
from fairlane.domain import catalog, targets
from fairlane.domain.delivery import Endpoint
from fairlane.domain.errors import Refused, Unavailable
from fairlane.domain.patterns import check_pattern
from fairlane.ports.bus import ResultsBus
from fairlane.ports.control import Provisioner, RuleTarget, SubscriptionRules
from fairlane.ports.registry import Entry
from fairlane.ports.running import Clock

PREFIX = catalog.SUBSCRIPTION_PREFIX
#: Targets that the deliverer itself sends to, from the tenant's webhooks queue.
QUEUED = frozenset({"webhook", "task"})
#: Of the 300 rules of the bus: no three tenants take them all.
MOST_SUBSCRIPTIONS = 20


@dataclass(frozen=True)
class Subscriptions:
    """The use case."""

    documents: Documents
    rules: SubscriptionRules
    provisioning: Provisioner
    bus: ResultsBus
    home: targets.Home
    now: Clock
    webhooks: WebhookPlaces
    deliveries: DeliveryStore

    def put(self, tenant: str, name: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Create or change, and resume; (status, subscription, with its signing secret when that is new)."""
        wanted = bodies.checked(bodies.SubscriptionBody, body)
        check_pattern(wanted["pattern"], "#/pattern")
        owner = self.documents.get(catalog.TENANTS, tenant, f"tenant {tenant}")
        if owner.doc["status"] == "draining":
            raise Refused("conflict", "This tenant is being deleted.")
        target = self._target(tenant, wanted["target"], owner.doc["targets"])
        old = self.documents.find(tenant, catalog.subscription_item(name))
        if old is None and sum(1 for _ in self.documents.each(tenant, PREFIX)) >= MOST_SUBSCRIPTIONS:
            raise Refused("conflict", f"A tenant may have {MOST_SUBSCRIPTIONS} subscriptions: delete one first.")
        doc = {"pattern": wanted["pattern"], "target": target}
        once = self._prepare_webhook(tenant, name, doc, old)
        doc["rule_arn"] = self.rules.put(tenant, name, wanted["pattern"], rule_target(doc))
        entry = self.documents.save(tenant, catalog.subscription_item(name), doc, old)
        if old is not None:
            self._leave(tenant, name, old.doc, target)
        return (200 if old else 201), {**shown(entry, Endpoint()), **once}

    def get(self, tenant: str, name: str) -> dict[str, Any]:
        """One. Raises Refused (404)."""
        return self._shown(self._entry(tenant, name))

    def page(self, tenant: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """`{"items", "cursor"}`."""
        return self.documents.page(tenant, PREFIX, parameters, self._shown)

    def test(self, tenant: str, name: str) -> dict[str, Any]:
        """Send a sample event the way of the results, to this subscription alone. Raises Refused (404, 503)."""
        entry = self._entry(tenant, name)
        self._refresh(tenant, name, entry)
        [code] = self.bus.publish([sample_entry(tenant, name, entry.doc["pattern"], self.now())])
        if code is not None:
            raise Unavailable("The results bus did not take the sample event: repeat this.")
        return self._shown(entry)

    def rotate(self, tenant: str, name: str) -> dict[str, Any]:
        """A new signing secret beside the present one. Raises Refused (404, 409)."""
        entry = self._entry(tenant, name)
        if "webhook" not in entry.doc["target"]:
            raise Refused("conflict", f"The subscription {name} is no webhook: it has no signing secret.")
        return {**self._shown(entry), **self.webhooks.rotate(tenant, name)}

    def resume(self, tenant: str, name: str) -> dict[str, Any]:
        """Post to a paused or disabled webhook again. Nothing happens to one that is active. Raises Refused (404)."""
        entry = self._entry(tenant, name)
        self.deliveries.resume(tenant, name)
        return shown(entry, Endpoint())

    def is_sendable(self, tenant: str, name: str) -> bool:
        """Whether what is for this subscription alone reaches a target that takes it."""
        entry = self.documents.find(tenant, catalog.subscription_item(name))
        if entry is None or self._endpoint(entry).stopped is not None:
            return False
        self._refresh(tenant, name, entry)
        return True

    def delete(self, tenant: str, name: str) -> None:
        """Remove rule and documents. Raises Refused (404)."""
        entry = self.documents.find(tenant, catalog.subscription_item(name))
        self.rules.delete(tenant, name, rule_target(entry.doc) if entry else None)
        if entry is None or _is_queued(entry.doc["target"]):
            self.webhooks.forget(tenant, name)
            self.deliveries.resume(tenant, name)
        if entry is None:
            raise Refused("not-found", f"There is no subscription {name}.")
        self.documents.delete(tenant, entry.item)

    def delete_all(self, tenant: str) -> None:
        """Remove every subscription of a tenant, and its webhooks queue."""
        for entry in list(self.documents.each(tenant, PREFIX)):
            self.delete(tenant, entry.item.removeprefix(PREFIX))
        self.webhooks.remove(tenant)

    def _entry(self, tenant: str, name: str) -> Entry:
        return self.documents.get(tenant, catalog.subscription_item(name), f"subscription {name}")

    def _shown(self, entry: Entry) -> dict[str, Any]:
        return shown(entry, self._endpoint(entry))

    def _endpoint(self, entry: Entry) -> Endpoint:
        if not _is_queued(entry.doc["target"]):
            return Endpoint()
        return self.deliveries.endpoint(entry.partition, entry.item.removeprefix(PREFIX))

    def _refresh(self, tenant: str, name: str, entry: Entry) -> None:
        """The rule of an older version does not know what is for one subscription alone."""
        self.rules.put(tenant, name, entry.doc["pattern"], rule_target(entry.doc))

    def _prepare_webhook(self, tenant: str, name: str, doc: dict[str, Any], old: Entry | None) -> dict[str, str]:
        """Queue and secret are there before the rule. Gives what the answer shows once."""
        if not _is_queued(doc["target"]):
            return {}
        doc["queue_arn"] = self.webhooks.queue(tenant)
        self.deliveries.resume(tenant, name)
        if "webhook" not in doc["target"] or (old is not None and "webhook" in old.doc["target"]):
            return {}
        return {"secret": self.webhooks.new_secret(tenant, name)}

    def _leave(self, tenant: str, name: str, before: Mapping[str, Any], target: Mapping[str, Any]) -> None:
        """Take back what a target that is not the subscription's any more needed."""
        if before["target"] == target:
            return
        self.rules.forget(tenant, name, rule_target(before))
        if _is_queued(before["target"]) and "webhook" not in target:
            self.webhooks.forget(tenant, name)
            self.deliveries.resume(tenant, name)

    def _target(self, tenant: str, wanted: Mapping[str, Any], patterns: list[str]) -> dict[str, Any]:
        if "sqs" in wanted:
            queue = targets.queue(wanted["sqs"], "#/target/sqs")
            targets.check_allowed(queue, patterns, self.home, "#/target/sqs")
            return {"sqs": queue.arn}
        if "lambda_" in wanted:
            pointer = "#/target/lambda"
            function = targets.lambda_function(wanted["lambda_"], self.home, pointer)
            targets.check_allowed(function, patterns, self.home, pointer)
            if self.provisioning.function(function.arn) is None:
                raise bodies.refused(pointer, "is no function that Fairlane can see")
            return {"lambda": function.arn}
        if "event_bus" in wanted:
            bus = targets.event_bus(wanted["event_bus"], "#/target/event_bus")
            targets.check_allowed(bus, patterns, self.home, "#/target/event_bus")
            return {"event_bus": bus.arn}
        if "task" in wanted:
            self._check_task(tenant, wanted["task"])
            return {"task": wanted["task"]}
        return {"webhook": {"url": self.webhooks.check(wanted["webhook"]["url"])}}

    def _check_task(self, tenant: str, task: Mapping[str, str]) -> None:
        for name, item in (("type", catalog.function_item), ("lane", catalog.lane_item)):
            if name in task and self.documents.find(tenant, item(task[name])) is None:
                raise bodies.refused(f"#/target/task/{name}", "is none of this tenant's")


def shown(entry: Entry, endpoint: Endpoint) -> dict[str, Any]:
    """The subscription as the API shows it; `rule_arn` is what a queue's policy should admit."""
    names = ("pattern", "target", "rule_arn", "created_at", "updated_at")
    return {
        "name": entry.item.removeprefix(PREFIX),
        **{name: entry.doc[name] for name in names},
        "status": endpoint.stopped.value if endpoint.stopped else "active",
        "reason": endpoint.reason or None,
    }


def rule_target(doc: Mapping[str, Any]) -> RuleTarget:
    """What the rule of a subscription with that document sends to."""
    ((kind, value),) = doc["target"].items()
    return RuleTarget("webhook", doc["queue_arn"]) if kind in QUEUED else RuleTarget(kind, value)


def _is_queued(target: Mapping[str, Any]) -> bool:
    return not QUEUED.isdisjoint(target)
