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
from fairlane.domain import catalog, targets
from fairlane.domain.errors import Refused, Unavailable
from fairlane.domain.patterns import check_pattern
from fairlane.ports import Clock, Entry, Provisioner, ResultsBus, RuleTarget, SubscriptionRules

PREFIX = "subscription#"
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

    def put(self, tenant: str, name: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Create or change; (status, subscription)."""
        wanted = bodies.checked(bodies.SubscriptionBody, body)
        check_pattern(wanted["pattern"], "#/pattern")
        owner = self.documents.get(catalog.TENANTS, tenant, f"tenant {tenant}")
        if owner.doc["status"] == "draining":
            raise Refused("conflict", "This tenant is being deleted.")
        target = self._target(wanted["target"], owner.doc["targets"])
        old = self.documents.find(tenant, catalog.subscription_item(name))
        if old is None and sum(1 for _ in self.documents.each(tenant, PREFIX)) >= MOST_SUBSCRIPTIONS:
            raise Refused("conflict", f"A tenant may have {MOST_SUBSCRIPTIONS} subscriptions: delete one first.")
        before = old.doc["target"] if old else None
        rule_arn = self.rules.put(tenant, name, wanted["pattern"], rule_target(target))
        doc = {"pattern": wanted["pattern"], "target": target, "rule_arn": rule_arn}
        entry = self.documents.save(tenant, catalog.subscription_item(name), doc, old)
        if before is not None and before != target:
            self.rules.forget(tenant, name, rule_target(before))
        return (200 if old else 201), shown(entry)

    def test(self, tenant: str, name: str) -> dict[str, Any]:
        """Send a sample event the way of the results, to this subscription alone. Raises Refused (404, 503)."""
        entry = self._entry(tenant, name)
        # the rule of an older version does not know what is for one subscription alone
        self.rules.put(tenant, name, entry.doc["pattern"], rule_target(entry.doc["target"]))
        [code] = self.bus.publish([sample_entry(tenant, name, entry.doc["pattern"], self.now())])
        if code is not None:
            raise Unavailable("The results bus did not take the sample event: repeat this.")
        return shown(entry)

    def get(self, tenant: str, name: str) -> dict[str, Any]:
        """One. Raises Refused (404)."""
        return shown(self._entry(tenant, name))

    def page(self, tenant: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """`{"items", "cursor"}`."""
        return self.documents.page(tenant, PREFIX, parameters, shown)

    def delete(self, tenant: str, name: str) -> None:
        """Remove rule and document. Raises Refused (404)."""
        entry = self.documents.find(tenant, catalog.subscription_item(name))
        self.rules.delete(tenant, name, rule_target(entry.doc["target"]) if entry else None)
        if entry is None:
            raise Refused("not-found", f"There is no subscription {name}.")
        self.documents.delete(tenant, entry.item)

    def delete_all(self, tenant: str) -> None:
        """Remove every subscription of a tenant."""
        for entry in list(self.documents.each(tenant, PREFIX)):
            self.delete(tenant, entry.item.removeprefix(PREFIX))

    def _entry(self, tenant: str, name: str) -> Entry:
        return self.documents.get(tenant, catalog.subscription_item(name), f"subscription {name}")

    def _target(self, wanted: Mapping[str, Any], patterns: list[str]) -> dict[str, str]:
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
        kind = next(iter(wanted))
        raise bodies.not_available(f"#/target/{kind}", f"the target {kind}")


def shown(entry: Entry) -> dict[str, Any]:
    """The subscription as the API shows it; `rule_arn` is what a queue's policy should admit."""
    names = ("pattern", "target", "rule_arn", "created_at", "updated_at")
    return {"name": entry.item.removeprefix(PREFIX), **{name: entry.doc[name] for name in names}}


def rule_target(target: Mapping[str, str]) -> RuleTarget:
    """What the rule of a subscription with that target sends to."""
    ((kind, arn),) = target.items()
    return RuleTarget(kind, arn)
