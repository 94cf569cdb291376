"""The documents of the API as types: exactly the JSON that goes over the wire, so fields added later pass through.

No behaviour here. Which call takes or gives which document stands in `calls`.
"""

from collections.abc import Mapping, Sequence
from typing import Generic, Literal, NotRequired, TypedDict, TypeVar, final

Item = TypeVar("Item")

Event = Mapping[str, object]
"""A CloudEvent in its structured JSON form."""

TaskStatus = Literal[
    "scheduled", "queued", "running", "waiting", "retrying", "succeeded", "failed", "cancelled", "expired"
]
#: An ended task never changes its status.
ENDS: frozenset[TaskStatus] = frozenset({"succeeded", "failed", "cancelled", "expired"})

Scope = Literal["submit", "read", "manage", "admin"]


class Page(TypedDict, Generic[Item]):
    """One page of a list. It may be empty and still have a cursor: only a null cursor is the end."""

    items: list[Item]
    cursor: str | None


class FieldError(TypedDict):
    #: A JSON pointer into the body.
    pointer: str
    detail: str


class Problem(TypedDict):
    """An error as RFC 9457 has it. `type` is `urn:fairlane:problem:<kind>`."""

    type: str
    title: str
    status: int
    detail: NotRequired[str]
    errors: NotRequired[list[FieldError]]


class Health(TypedDict):
    status: str


# --- platform -----------------------------------------------------------------------------------------------------


class Limits(TypedDict, total=False):
    submit_rate: float | None
    submit_burst: int | None
    backlog: int | None
    concurrency: int | None
    payload_bytes: int | None


class TenantSpec(TypedDict, total=False):
    """What a tenant is to be. What is left out gets its default, also when the tenant exists already."""

    isolation: Literal["dedicated", "pooled"]
    limits: Limits
    #: Patterns of the names and ARNs that the tenant may name in functions and subscriptions.
    targets: Sequence[str]
    retention_days: int


class Tenant(TypedDict):
    tenant: str
    isolation: str
    limits: Limits
    targets: list[str]
    retention_days: int
    status: str
    paused: bool
    paused_at: str | None
    created_at: str
    updated_at: str


class Key(TypedDict):
    keyid: str
    scopes: list[Scope]
    label: str | None
    created_at: str
    expires_at: str | None


class NewKey(Key):
    """A key as only its creation shows it."""

    key: str


# --- own tenant ---------------------------------------------------------------------------------------------------

#: The key is spelled `lambda`, which is no name in Python.
LambdaTarget = TypedDict("LambdaTarget", {"lambda": str})


class Endpoint(TypedDict):
    url: str


class HttpTarget(TypedDict):
    http: Endpoint


class StateMachineTarget(TypedDict):
    state_machine: str


FunctionTarget = LambdaTarget | HttpTarget | StateMachineTarget


class QueueTarget(TypedDict):
    sqs: str


class RetrySpec(TypedDict, total=False):
    """Durations in seconds. `non_retryable` has error types that end a task at once."""

    max_attempts: int
    base: float
    cap: float
    non_retryable: Sequence[str]


class FunctionSpec(TypedDict):
    """What is to run a task type."""

    target: FunctionTarget
    mode: NotRequired[Literal["sync", "deferred"]]
    timeout: NotRequired[float]
    heartbeat_timeout: NotRequired[float | None]
    retry: NotRequired[RetrySpec]
    lane: NotRequired[str | None]
    concurrency: NotRequired[int | None]
    retain: NotRequired[bool]


class Pressure(TypedDict):
    """Back-pressure of a function's target."""

    concurrency: int
    since: str
    throttles: int


class Function(TypedDict):
    type: str
    target: LambdaTarget
    mode: str
    timeout: float
    retry: RetrySpec
    lane: str | None
    concurrency: int | None
    retain: bool
    #: null where nothing counts them.
    running: int | None
    pressure: Pressure | None
    paused: bool
    paused_at: str | None
    created_at: str
    updated_at: str


class LaneSpec(TypedDict, total=False):
    concurrency: int | None
    rate: float | None
    burst: int | None
    ordered: bool
    weight: float | None


class Lane(LaneSpec):
    lane: str
    status: Literal["provisioning", "active", "paused", "draining"]
    paused_at: str | None
    paused_by: Literal["lane", "tenant"] | None
    depth: int
    running: int
    #: Seconds; null when nothing waits.
    oldest_age: float | None
    not_enforced: list[str]


class BusTarget(TypedDict):
    #: ARN of an event bus.
    event_bus: str


class Webhook(TypedDict):
    url: str


class WebhookTarget(TypedDict):
    #: Results are posted there, signed: see `webhooks.verify`.
    webhook: Webhook


class ChainedTask(TypedDict):
    type: str
    lane: NotRequired[str]


class TaskTarget(TypedDict):
    #: Each result submits a task of that type.
    task: ChainedTask


SubscriptionTarget = LambdaTarget | QueueTarget | BusTarget | WebhookTarget | TaskTarget


class SubscriptionSpec(TypedDict):
    """`pattern` is an EventBridge event pattern over `detail-type` and `detail` (the result CloudEvent)."""

    pattern: Mapping[str, object]
    target: SubscriptionTarget


class Subscription(TypedDict):
    name: str
    pattern: dict[str, object]
    target: SubscriptionTarget
    rule_arn: str
    #: `active`, or of a webhook that was stopped `paused` or `disabled`, with the reason.
    status: str
    reason: str | None
    #: Only in the answer that makes a webhook.
    secret: NotRequired[str]
    created_at: str
    updated_at: str


class Used(TypedDict):
    """`limit` null: no limit; then `used` is null too, as nobody counts."""

    limit: int | None
    used: int | None


class SubmitUsage(TypedDict):
    rate: float | None
    burst: int | None
    #: Tasks that may be submitted at once now.
    available: int | None


class LaneUsage(TypedDict):
    concurrency: Used
    #: What the lane has of the platform's capacity while that is short.
    share: int | None
    rate: float | None
    burst: int | None


class FunctionUsage(TypedDict):
    concurrency: Used
    #: Attempts at once that back-pressure allows.
    pressure: int | None


class UsageOfTenant(TypedDict):
    submit: SubmitUsage
    backlog: Used
    concurrency: Used
    lanes: dict[str, LaneUsage]
    functions: dict[str, FunctionUsage]


class Usage(TypedDict):
    """A tenant's limits, and what is used of them."""

    at: str
    limits: dict[str, float | None]
    usage: UsageOfTenant


class NewSecret(Subscription):
    previous_secret_until: str


class DeliveryFilter(TypedDict, total=False):
    status: Literal["failed", "redriven"]
    subscription: str
    task: str


class FailedDelivery(TypedDict):
    """A result event that a subscription's target did not take."""

    id: str
    subscription: str
    event_id: str
    type: str
    task: str | None
    time: str
    status: Literal["failed", "redriven"]
    attempts: int
    error: str
    failed_at: str
    redriven_at: str | None


class RedriveSpec(TypedDict, total=False):
    """Certain deliveries, those that failed and match, or (empty) all that failed."""

    ids: Sequence[str]
    filter: DeliveryFilter
    cursor: str | None


class Redrive(TypedDict):
    action: str
    status: Literal["done", "running"]
    matched: int
    done: int
    failed: int
    cursor: str | None


# --- tasks --------------------------------------------------------------------------------------------------------


@final
class Accepted(TypedDict):
    """The answer to an event that was taken. `duplicate`: it had been taken before (perhaps by our own repeat)."""

    id: str
    status: TaskStatus
    duplicate: bool


OperationAction = Literal["cancel", "redo"]


class OperationFilter(TypedDict, total=False):
    """Which tasks a bulk operation is about: all conditions must hold."""

    status: TaskStatus
    type: str
    lane: str
    source: str
    created_after: str
    created_before: str


class Operation(TypedDict):
    """A bulk operation, and how far it is."""

    id: str
    action: OperationAction
    status: Literal["running", "done", "failed", "cancelled"]
    matched: int
    done: int
    failed: int
    filter: OperationFilter
    error: str | None
    created_at: str
    ended_at: str | None


class Redone(TypedDict):
    """The new task that runs another one's event again."""

    id: str
    status: TaskStatus
    duplicate: bool
    redo_of: str


@final
class RefusedEvent(TypedDict):
    """The answer to one event of a batch that was refused."""

    error: Problem


Answer = Accepted | RefusedEvent


class Answers(TypedDict):
    """What a batch is answered with, in the order of its events."""

    items: list[Answer]


class TaskError(TypedDict):
    type: str
    message: str


class Moment(TypedDict):
    """One line of a task's timeline."""

    at: str
    status: TaskStatus
    attempt: int
    detail: str


class Delivery(TypedDict):
    status: str
    attempts: int
    error: str | None


class Task(TypedDict):
    id: str
    type: str
    source: str
    event_id: str
    lane: str
    status: TaskStatus
    attempt: int
    max_attempts: int
    created_at: str
    started_at: str | None
    ended_at: str | None
    not_before: str | None
    expires_at: str | None
    result: object
    error: TaskError | None
    progress: float | None
    redo_of: str | None
    delivery: Delivery
    timeline: list[Moment]


class Wait(TypedDict):
    """One thing that a task waits for. `remedy` is what would change it; null where time alone does."""

    kind: str
    what: str
    limit: float | None
    used: float | None
    since: str | None
    until: str | None
    remedy: str | None


class Position(TypedDict):
    """What is in the lane's queue, approximately."""

    ahead_at_most: int
    hidden: int
    delayed: int


class Estimate(TypedDict):
    """When the next attempt starts, or the present one is over, if `basis` holds. Null: not known."""

    of: Literal["start", "outcome"]
    earliest: str | None
    latest: str | None
    basis: str


class End(TypedDict):
    why: str
    remedy: str | None
    result_sent: bool


class Explanation(TypedDict):
    """Why a task is where it is."""

    id: str
    status: TaskStatus
    summary: str
    waits_for: list[Wait]
    position: Position | None
    estimate: Estimate | None
    end: End | None
    notes: list[str]
    checked_at: str


class TaskFilter(TypedDict, total=False):
    """Which tasks to list. Times are RFC 3339."""

    status: TaskStatus
    type: str
    lane: str
    source: str
    created_after: str
    created_before: str
    order: Literal["desc", "asc"]
