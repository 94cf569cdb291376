"""What the use cases need of the outside world. Adapters in `fairlane.aws`; fakes in the tests."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from fairlane.domain.admission import Drift, Meter, SubmitLimits
from fairlane.domain.attention import Attention, Kind
from fairlane.domain.concurrency import Scaling
from fairlane.domain.operation import Operation
from fairlane.domain.slots import Change, Slots
from fairlane.domain.task import Moment, Outcome, Task, TaskError, Touch

Clock = Callable[[], datetime]
"""Now: aware, UTC, whole milliseconds."""

T = TypeVar("T")
R = TypeVar("R")


class Parallel(Protocol):
    """Runs a call for each item at once; hands over (index, outcome) in groups, as they come."""

    def __call__(self, call: Callable[[T], R], items: Sequence[T]) -> Iterator[list[tuple[int, R]]]:
        """Every item's outcome comes exactly once. An exception of a call is raised."""


# --- tasks ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Created:
    """The half of `create` that wrote the record."""

    task: Task


@dataclass(frozen=True)
class Existing:
    """The half of `create` that met a record with this id."""

    task: Task


@dataclass(frozen=True)
class Refusal:
    """A conditional write that was refused, with the record as it was (None: there is none)."""

    task: Task | None


class TaskStore(Protocol):
    """The Tasks table. Every write is conditional, carries a nonce and may be repeated."""

    def create(self, task: Task) -> Created | Existing:
        """Put the record unless there is one."""

    def prolong(self, task: Task, *, now: datetime) -> bool:
        """Let an unended record live as long as a message sent now; False when the record is gone."""

    def get(self, tenant: str, task_id: str) -> Task | None:
        """The task with its result, read consistently."""

    def load_result(self, task: Task) -> Task:
        """The task with the result that lies in an item of its own, if it does."""

    def claim(
        self, tenant: str, task_id: str, *, generation: int, now: datetime, lease_until: datetime, detail: str = ""
    ) -> Task | Refusal:
        """Start an attempt: the conditions of `Step.CLAIM`. `detail` goes into the timeline."""

    def note(self, tenant: str, task_id: str, *, generation: int, moment: Moment) -> Task | Refusal:
        """Add to the timeline of a task that waits for its first attempt."""

    def commit(self, task: Task, outcome: Outcome) -> Task | Refusal:
        """Write how the attempt of `task.claim` came out. Fenced by the claim."""

    def touch(self, task: Task, touch: Touch) -> Task | Refusal:
        """Note something of the attempt `task.claim` while it is under way."""

    def page(self, tenant: str, query: "TaskQuery") -> "TaskPage":
        """One page of a tenant's tasks by creation time."""


@dataclass(frozen=True)
class TaskQuery:
    """A list request; `after` is the time key after which the page starts."""

    limit: int
    newest_first: bool = True
    after: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    status: str | None = None
    type: str | None = None
    lane: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class TaskPage:
    """Tasks that match, and where the next page starts (None: there is none)."""

    tasks: Sequence[Task]
    next_after: str | None


@dataclass(frozen=True)
class Noted:
    """An entry of the index `attention`: of which task (or operation), why, and when it is wanted."""

    tenant: str
    name: str
    attention: Attention


class AttentionIndex(Protocol):
    """The sparse index of what the janitor has to come back to. It may show what has changed meanwhile."""

    def noted(self, kind: Kind, *, until: datetime) -> Iterator[Noted]:
        """The entries that are wanted by then, the earliest first; read page by page."""

    def holds(self, tenant: str) -> bool:
        """Whether any task of the tenant is noted, at whatever time. Reads every entry: for rare use."""

    def without_message(self, tenant: str) -> int:
        """How many of the tenant's unended tasks no lane message holds. Reads their entries of all tenants."""

    def settle(self, noted: Noted) -> None:
        """Take the entry back, unless it has changed meanwhile."""

    def postpone(self, noted: Noted, until: datetime) -> None:
        """Come back to it then, unless it has changed meanwhile."""


class OperationStore(Protocol):
    """Bulk operations. A running one stands in the index `attention`."""

    def create(self, operation: Operation) -> Operation:
        """Put it unless there is one with this id; the one that is there now."""

    def get(self, tenant: str, operation_id: str) -> Operation | None:
        """The operation, read consistently."""

    def save(self, operation: Operation, *, again_at: datetime) -> bool:
        """Write it as the next version, noted for `again_at` while it runs; False when it has changed meanwhile."""


class EventStore(Protocol):
    """Events that outlive their message: of tasks that no message holds, and of ends that may be redone."""

    def keep(self, task: Task, event: str, *, until: datetime) -> None:
        """Store the event's JSON text for this generation of the task. May be repeated."""

    def load(self, task: Task) -> str | None:
        """The text, or None: it was not kept, or not so long."""


@dataclass(frozen=True)
class Reservation:
    """What a deduplication key stands for: the task's id and the hash of its event."""

    task_id: str
    payload_hash: str


class DedupStore(Protocol):
    """The Dedup table: explicit deduplication keys."""

    def reserve(self, tenant: str, key: str, wanted: Reservation, *, now: datetime, window: timedelta) -> Reservation:
        """Take the key for `window` unless it is taken; whoever has it now."""


# --- slots ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Changed:
    """The half of `change` that wrote; `slots` is what is there now."""

    slots: Slots


@dataclass(frozen=True)
class NotChanged:
    """The half of `change` that met something else than it expected: what is there."""

    slots: Slots


class SlotStore(Protocol):
    """The slots of each tenant, in the Quotas table."""

    def look(self, tenant: str) -> Slots:
        """What is in use now, read consistently."""

    def change(self, tenant: str, change: Change) -> Changed | NotChanged:
        """Make the change in one conditional write. May be repeated where `change.mine` is a lease in it."""

    def set_shares(self, tenant: str, shares: Mapping[str, int | None]) -> None:
        """What the platform's allocator leaves to each lane; None takes its share away."""


class Turns(Protocol):
    """How the threads of one batch wait for each other. Entered, it is a lock."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def wait(self, longest: timedelta) -> bool:
        """Let the others go on until somebody tells, or so long; False where nobody can wait. Holds the lock again."""

    def tell(self) -> None:
        """Wake those who wait."""


# --- admission --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """The permits are taken; the meter as it is now."""

    meter: Meter


@dataclass(frozen=True)
class Short:
    """Nothing was taken; the meter as it was (None: there is none)."""

    meter: Meter | None


class AdmissionStore(Protocol):
    """One meter a tenant in the Quotas table. A crash in between counts too much, never too little."""

    def look(self, tenant: str) -> Meter | None:
        """The meter, read consistently."""

    def start(self, tenant: str, meter: Meter, *, instead_of: Meter | None, now: datetime) -> Meter | None:
        """Write `meter` in place of the one that was read; whichever is there afterwards."""

    def take(self, tenant: str, limits: SubmitLimits, count: int, *, now: datetime, is_full: bool) -> Taken | Short:
        """Take `count` permits if there are as many; `is_full`: whether the bucket is believed to be."""

    def give_back(self, tenant: str, *, places: int, tokens_ns: int = 0, now: datetime) -> None:
        """Take less off the backlog (never below 0), and give tokens back. Never done twice, perhaps not at all."""

    def correct(self, tenant: str, seen: Meter, *, by: int, drift: Drift | None, now: datetime) -> bool:
        """Add `by` to the backlog and note `drift`, if the drift noted so far is still the one that was seen."""


class Depths(Protocol):
    """How much lies in a tenant's lane queues."""

    def unended(self, tenant: str) -> int:
        """Messages in all of them, in any state."""

    def of(self, queue_url: str) -> "Depth":
        """What is in one queue; zeros when it is gone."""


# --- queues -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Message:
    """A message to send: its body and its string attributes.

    `group` and `dedup` are for ordered queues (the same `dedup` within five minutes is the same message there), which
    in turn know no delay.
    """

    body: str
    attributes: Mapping[str, str]
    delay: timedelta = timedelta()
    group: str = ""
    dedup: str = ""


class Queues(Protocol):
    """Amazon SQS, as far as messages go."""

    def send(self, queue_url: str, messages: Sequence[Message]) -> Sequence[bool]:
        """Send; tells for each message whether the queue confirmed it."""

    def hide(self, queue_url: str, receipts: Mapping[str, timedelta]) -> None:
        """Set the visibility timeout of received messages. Best effort: the queue's own applies else."""


# --- targets ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Returned:
    """The function returned; `result` is JSON text."""

    result: str


@dataclass(frozen=True)
class Raised:
    """The function raised, or the call was refused; `permanent` when repeating cannot help."""

    error: TaskError
    permanent: bool = False
    #: The pause that the function itself asks for; None: the retry policy decides.
    pause: timedelta | None = None


@dataclass(frozen=True)
class Throttled:
    """The target has no capacity now: nothing was started."""

    error: TaskError
    #: What the target itself asks for: no call before that.
    pause: timedelta = timedelta()


@dataclass(frozen=True)
class Unknown:
    """No answer: the function may be running still, until its own timeout."""

    error: TaskError


Answer = Returned | Raised | Throttled | Unknown


@dataclass(frozen=True)
class Started:
    """The target has taken a deferred attempt over: it will call back."""


Starting = Started | Answer


class Starter(Protocol):
    """Starts what runs a task type, for deferred attempts."""

    def start(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta, name: str) -> Starting:
        """Start it; the answer comes within `timeout`. `name` is the same for each start of one attempt."""

    def execution(self, target: Mapping[str, Any], name: str) -> str | None:
        """What will run the attempt of that name, where it can be looked at and stopped."""


@dataclass(frozen=True)
class Running:
    """An execution runs still."""


class Executions(Protocol):
    """What runs deferred attempts and can be looked at: executions of Step Functions."""

    def look(self, execution: str) -> Returned | Raised | Running | None:
        """What it came to; None where there is none, or nobody says."""

    def input(self, execution: str) -> str | None:
        """The event that it was started with."""

    def stop(self, execution: str) -> None:
        """Stop it, where it runs. Best effort."""


class Target(Protocol):
    """Calls what runs a task type."""

    def call(self, target: Mapping[str, Any], event: Mapping[str, Any], *, timeout: timedelta) -> Answer:
        """Call and wait, `timeout` at most."""


# --- the web ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    """A complete answer of a web server, whatever its status. Redirects are answers: none is followed."""

    status: int
    body: bytes
    #: The header of that name, unread.
    retry_after: str | None = None
    #: The body is longer than was allowed: this is its beginning.
    cut: bool = False


class NoReplyReason(StrEnum):
    """Why there is no answer, by what that means."""

    FORBIDDEN = "ForbiddenAddress"  # its address may not be called: nothing was sent
    UNREACHABLE = "Unreachable"  # no address, connection or TLS: nothing was sent
    BROKEN = "BrokenAnswer"  # the connection ended early, or its answer was none
    TIMEOUT = "Timeout"  # sent, and no complete answer in time: the server may be at it still


@dataclass(frozen=True)
class NoReply:
    """There was no complete answer."""

    reason: NoReplyReason
    message: str


class Web(Protocol):
    """POST to URLs that tenants gave, guarded."""

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeout: timedelta, answer_limit: int
    ) -> Reply | NoReply:
        """POST once; `timeout` bounds all of it, from the name's resolution to the answer's last byte."""


# --- registry ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One document of the registry; `version` grows with each write."""

    partition: str
    item: str
    doc: Mapping[str, Any]
    version: int


class RegistryReader(Protocol):
    """The Registry table, for reading."""

    def get(self, partition: str, item: str) -> Entry | None:
        """The document, or None."""

    def query(self, partition: str, prefix: str, *, limit: int, after: str | None = None) -> Sequence[Entry]:
        """Documents of a partition by item name."""


class Registry(RegistryReader, Protocol):
    """The Registry table, for the controller."""

    def put(self, entry: Entry, *, expected: int) -> None:
        """Write `entry` if the stored version is `expected` (0: not there). Raises Refused (409)."""

    def delete(self, partition: str, item: str) -> None:
        """Remove; nothing happens where there is nothing."""


# --- the bus ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class BusEntry:
    """One event for the results bus."""

    tenant: str
    detail_type: str
    detail: str
    time: datetime
    #: For this subscription alone, whatever its pattern; None: for all of the tenant's that match.
    subscription: str | None = None


class ResultsBus(Protocol):
    """EventBridge, for publishing."""

    def publish(self, entries: Sequence[BusEntry]) -> Sequence[str | None]:
        """For each entry None when the bus accepted it, else the error code."""


# --- the control plane ------------------------------------------------------------------------


@dataclass(frozen=True)
class Queue:
    """A queue that exists."""

    name: str
    url: str
    arn: str


@dataclass(frozen=True)
class Depth:
    """Approximate counts, as SQS tells them."""

    visible: int
    in_flight: int
    delayed: int

    @property
    def messages(self) -> int:
        """All of them, in any state."""
        return self.visible + self.in_flight + self.delayed

    @property
    def is_empty(self) -> bool:
        """Nothing in it in any way."""
        return self.messages == 0


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
