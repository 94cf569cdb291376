"""Names: which are legal, which AWS names are derived from them, and ids of tasks.

AWS's limits are tighter than ours (a queue name has 80 characters), so long names are
shortened and carry a hash of the full name.
"""

import hashlib
import re
from base64 import b32encode

from fairlane.domain.errors import FieldError, Refused

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
TASK_TYPE = re.compile(r"[A-Za-z0-9._-]{1,128}")
TASK_ID = re.compile(r"t_[a-z2-7]{26}")
OPERATION_ID = re.compile(r"op_[a-z2-7]{26}")

QUEUE_NAME_LIMIT = 80
RULE_NAME_LIMIT = 64
#: How the names of ordered queues end.
FIFO = ".fifo"


def check_name(value: str, field: str, *, pointer: str | None = None) -> str:
    """`value`, when it is a legal name (tenant, lane, subscription). Raises Refused (400)."""
    return _check(NAME, value, field, "1 to 63 of a-z, 0-9 and -, the first not -", pointer)


def check_task_type(value: str) -> str:
    """`value`, when it is a legal task type. Raises Refused (400)."""
    return _check(TASK_TYPE, value, "type", "1 to 128 of A-Z, a-z, 0-9, '.', '_' and '-'")


def _check(pattern: re.Pattern[str], value: str, field: str, remedy: str, pointer: str | None = None) -> str:
    if pattern.fullmatch(value):
        return value
    error = FieldError(pointer or f"#/path/{field}", f"must be {remedy}")
    raise Refused("malformed", f"{field} is not a legal name: use {remedy}.", (error,))


def task_id(tenant: str, source: str, event_id: str) -> str:
    """The id of the task of an event. Deterministic, so that the record's put is the deduplication."""
    return "t_" + _digest(tenant, source, event_id, length=26)


def operation_id(tenant: str, key: str) -> str:
    """The id of the bulk operation that a tenant starts under a key of its own."""
    return "op_" + _digest(tenant, key, length=26)


def shortened(prefix: str, *parts: str, limit: int) -> str:
    """`prefix-part-part`, cut and hashed where it would exceed `limit` characters or could be read in two ways.

    No name has an underscore, so no name that is written out equals one that carries a hash.
    """
    name = "-".join((prefix, *parts) if prefix else parts)
    ambiguous = len(parts) > 1 and any("-" in part for part in parts)  # a-b + c reads as a + b-c
    if len(name) <= limit and not ambiguous:
        return name
    digest = _digest(*parts, length=10)
    # "-_": the roles' patterns want a hyphen before the last part
    return f"{name[: limit - 12]}-_{digest}"


def lane_queue(stack: str, tenant: str, lane: str, *, ordered: bool = False) -> str:
    """Name of a lane's own queue; SQS wants the suffix for ordered ones, within its limit."""
    if ordered:
        return shortened(f"{stack}-lane", tenant, lane, limit=QUEUE_NAME_LIMIT - len(FIFO)) + FIFO
    return shortened(f"{stack}-lane", tenant, lane, limit=QUEUE_NAME_LIMIT)


def results_queue(stack: str, tenant: str) -> str:
    """Name of a tenant's results queue."""
    return shortened(f"{stack}-results", tenant, limit=QUEUE_NAME_LIMIT)


def subscription_rule(tenant: str, subscription: str) -> str:
    """Name of a subscription's EventBridge rule."""
    return shortened("", tenant, subscription, limit=RULE_NAME_LIMIT)


def rule_target(arn: str) -> str:
    """Id of a rule's target: another for each resource, so that old and new can stand side by side."""
    return f"to-{_digest(arn, length=26)}"


def webhooks_queue(stack: str, tenant: str) -> str:
    """Name of the queue of a tenant's results for its webhooks."""
    return shortened(f"{stack}-webhooks", tenant, limit=QUEUE_NAME_LIMIT)


def subscription_resource(tenant: str, subscription: str) -> str:
    """What stands in `resources` of an event that is for one subscription alone, whatever its pattern."""
    return f"fairlane:subscription/{tenant}/{subscription}"


def tenant_resource(tenant: str) -> str:
    """What stands in `resources` of a tenant's events on the bus; rules AND it, tenants cannot write it."""
    return f"fairlane:tenant/{tenant}"


def _digest(*parts: str, length: int) -> str:
    # lengths first, so that no two lists of parts give the same text
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:length]
