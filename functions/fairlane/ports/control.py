"""What the control plane makes: queues, mappings, rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from fairlane.domain.concurrency import Scaling
from fairlane.ports.queues import Depth


@dataclass(frozen=True)
class Queue:
    """A queue that exists."""

    name: str
    url: str
    arn: str


@dataclass(frozen=True)
class FunctionFacts:
    """What AWS says of a Lambda function: its own timeout, and whether it runs each tenant by itself."""

    timeout_s: int
    per_tenant: bool = False


@dataclass(frozen=True)
class Asynchronous:
    """What AWS does with asynchronous calls of a function: how often it repeats one that failed, and for how long."""

    retries: int
    event_age_s: int


class StateMachines(Protocol):
    """What AWS says of tenants' state machines."""

    def kind(self, arn: str) -> str | None:
        """STANDARD or EXPRESS; None where there is none, or it may not be seen."""


class Provisioner(Protocol):
    """Queues and event source mappings. Every call is idempotent."""

    def queue(self, name: str, *, visibility_timeout_s: int, redrive_arn: str, tags: dict[str, str]) -> Queue:
        """The queue of that name with these settings; ordered when the name ends in `.fifo`."""

    def find_queue(self, name: str) -> str | None:
        """URL of the queue of that name, if there is one."""

    def let_rules_send(self, queue: Queue, rules_arn: str) -> None:
        """Let EventBridge rules of that ARN pattern send to the queue, and nobody else by its policy."""

    def set_visibility(self, url: str, visibility_timeout_s: int) -> None:
        """Change the queue's visibility timeout."""

    def depth(self, url: str) -> Depth:
        """What is in the queue; zeros when it is gone."""

    def delete_queue(self, url: str) -> None:
        """Remove the queue."""

    def mapping(self, queue_arn: str, function: str, scaling: Scaling, *, enabled: bool = True) -> bool:
        """Map the queue to the function with these settings; whether that is in force (else: call again later)."""

    def delete_mapping(self, queue_arn: str) -> None:
        """Remove the queue's mapping."""

    def function(self, name: str) -> FunctionFacts | None:
        """What AWS says of a tenant's function; None when there is none, or it may not be seen."""

    def asynchronous(self, name: str, *, longest_event_age_s: int) -> Asynchronous:
        """How asynchronous calls are repeated. Where nothing is set: not at all, and not after that time."""


@dataclass(frozen=True)
class RuleTarget:
    """Where a rule sends: a kind of subscription target, and the resource that stands for it."""

    kind: str
    arn: str


class QueueAges(Protocol):
    """How long the oldest message of queues has waited, about."""

    def oldest(self, urls: Mapping[str, str]) -> Mapping[str, timedelta | None]:
        """By the queues' names; None: not known. For queues that are not empty."""


class SubscriptionRules(Protocol):
    """One rule on the results bus for each subscription, always AND-ed with its tenant."""

    def put(self, tenant: str, name: str, pattern: Mapping[str, Any], target: RuleTarget) -> str:
        """Make the rule what the subscription says; the rule's ARN. Raises Refused for a pattern that is none."""

    def forget(self, tenant: str, name: str, target: RuleTarget) -> None:
        """Take back what a target that the subscription no longer has was permitted."""

    def delete(self, tenant: str, name: str, target: RuleTarget | None) -> None:
        """Remove the rule."""
