"""Which AWS resources a tenant may name: the platform's patterns, and never Fairlane's own.

A pattern is an ARN or a name, in which `*` stands for any text. One that begins with `arn:` is
compared with the ARN, any other with the resource's name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fairlane.domain.errors import FieldError, Refused

_LAMBDA_NAME = r"[A-Za-z0-9_-]{1,140}(?::[A-Za-z0-9$_-]{1,128})?"
_LAMBDA = re.compile(rf"(?P<arn>arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{{12}}:function:)?(?P<name>{_LAMBDA_NAME})")
_STATE_MACHINE = re.compile(
    r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:(?P<name>[A-Za-z0-9_-]{1,80})(?::[A-Za-z0-9_-]{1,128})?"
)
_QUEUE = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:(?P<name>[A-Za-z0-9_-]{1,80}(?:\.fifo)?)")
_BUS = re.compile(r"arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus/(?P<name>[A-Za-z0-9._/-]{1,256})")


@dataclass(frozen=True)
class Home:
    """Where this deployment lives: what completes a bare name, and what marks its own resources."""

    stack: str
    region: str
    account: str
    partition: str = "aws"

    def owns(self, name: str) -> bool:
        """Whether a resource is Fairlane's own; `<stack>-target-...` is for tenants' functions."""
        return name.startswith(f"{self.stack}-") and not name.startswith(f"{self.stack}-target-")


@dataclass(frozen=True)
class Resource:
    """A resource that a tenant names."""

    arn: str
    name: str


def lambda_function(text: str, home: Home, pointer: str) -> Resource:
    """A function by name or ARN, maybe with a version or alias. Raises Refused (422)."""
    found = _LAMBDA.fullmatch(text)
    if not found:
        raise _refused(pointer, "must be the name or the ARN of a Lambda function")
    prefix = found["arn"] or f"arn:{home.partition}:lambda:{home.region}:{home.account}:function:"
    return Resource(prefix + found["name"], found["name"].partition(":")[0])


def queue(text: str, pointer: str) -> Resource:
    """An SQS queue by ARN. Raises Refused (422)."""
    found = _QUEUE.fullmatch(text)
    if not found:
        raise _refused(pointer, "must be the ARN of an SQS queue")
    return Resource(text, found["name"])


def state_machine(text: str, pointer: str) -> Resource:
    """A state machine by ARN, maybe with a version or alias. Raises Refused (422)."""
    found = _STATE_MACHINE.fullmatch(text)
    if not found:
        raise _refused(pointer, "must be the ARN of a Step Functions state machine")
    return Resource(text, found["name"])


def event_bus(text: str, pointer: str) -> Resource:
    """An EventBridge event bus by ARN. Raises Refused (422)."""
    found = _BUS.fullmatch(text)
    if not found:
        raise _refused(pointer, "must be the ARN of an EventBridge event bus")
    return Resource(text, found["name"])


def check_allowed(resource: Resource, patterns: Sequence[str], home: Home, pointer: str) -> None:
    """Raises Refused (422) unless the tenant may name it. Says nothing of whether it exists."""
    if home.owns(resource.name) or not any(_fits(pattern, resource) for pattern in patterns):
        raise _refused(pointer, "is not among the targets that the platform allows this tenant")


def _fits(pattern: str, resource: Resource) -> bool:
    text = resource.arn if pattern.startswith("arn:") else resource.name
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text) is not None


def _refused(pointer: str, detail: str) -> Refused:
    return Refused("refused", f"{pointer} {detail}.", (FieldError(pointer, detail),))
