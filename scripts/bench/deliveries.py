"""Results of many tasks to a queue, a webhook and an event bus: how many are missing, and how many come twice."""

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import Empty
from typing import TYPE_CHECKING, Any

import boto3
from rich.table import Table

from fairlane_cli.receiver import Receiver, Refused
from fairlane_cli.stack import DeployedStack, Report
from fairlane_client import Client, new_event

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_TASK_TYPE = "bench"
_SOURCE = "/bench/deliveries"
_LOOK_S = 0.2
_TELL_EVERY_S = 5.0
_BATCH = 100


@dataclass(frozen=True)
class Count:
    """What one subscription got of the results of `expected` tasks."""

    subscription: str
    expected: int
    missing: int
    duplicates: int
    #: Results of tasks that nobody submitted.
    strangers: int
    #: From the first submit to the last result that was new (s).
    took_s: float

    @property
    def is_complete(self) -> bool:
        return self.missing == self.strangers == 0


@dataclass
class Inbox:
    """Where a subscription's results are looked for: `look` gives what has come since."""

    subscription: str
    look: Callable[[], Sequence[str]]
    came: Counter[str] = field(default_factory=Counter)
    last_new_at: float = 0.0

    def update(self) -> None:
        for task_id in self.look():
            if task_id not in self.came:
                self.last_new_at = time.monotonic()
            self.came[task_id] += 1

    def count(self, expected: set[str], began: float) -> Count:
        """The comparison with what was submitted."""
        return Count(
            self.subscription,
            len(expected),
            missing=len(expected - set(self.came)),
            duplicates=sum(self.came.values()) - len(self.came),
            strangers=len(set(self.came) - expected),
            took_s=max(0.0, self.last_new_at - began),
        )


def drawn(counts: Sequence[Count]) -> Table:
    """The counts as a table."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("subscription", "expected", "missing", "duplicates", "strangers", "all there after", "results/s"):
        table.add_column(title, justify="left" if title == "subscription" else "right")
    for count in counts:
        rate = count.expected / count.took_s if count.took_s else 0
        numbers = (count.expected, count.missing, count.duplicates, count.strangers)
        table.add_row(count.subscription, *map(str, numbers), f"{count.took_s:.1f} s", f"{rate:.0f}")
    return table


def measure(stack: DeployedStack, tasks: int, report: Report, *, patience_s: float) -> list[Count]:
    """Submit so many tasks and wait until every subscription has every result, or nothing new came for `patience_s`."""
    with _tenant(stack, tasks) as client, Receiver("127.0.0.1", 0, lambda: datetime.now(UTC)) as receiver:
        inboxes = _subscribe(stack, client, receiver)
        began = time.monotonic()
        expected = set(_submit(client, tasks, report))
        _wait(inboxes, expected, report, patience_s)
        return [inbox.count(expected, began) for inbox in inboxes]


@contextmanager
def _tenant(stack: DeployedStack, tasks: int) -> Iterator[Client]:
    name = f"bench-deliveries-{uuid.uuid4().hex[:6]}"
    with Client(stack.api_url, stack.admin_key) as platform:
        platform.put_tenant(name, {"targets": ["*"], "limits": {"concurrency": 40}})
        platform.wait_for_tenant(name, timeout_s=60)
        key = platform.create_key(name, ["submit", "read", "manage"], label=f"{tasks} tasks")["key"]
    with Client(stack.api_url, key) as client:
        client.put_function(_TASK_TYPE, {"target": {"lambda": stack.functions["echo"]}})
        yield client


def _subscribe(stack: DeployedStack, client: Client, receiver: Receiver) -> list[Inbox]:
    environment = stack.environment()
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=stack.region,
    )
    sqs = session.client("sqs", endpoint_url=stack.aws_endpoint_url)
    events = session.client("events", endpoint_url=stack.aws_endpoint_url)
    name = f"bench-{uuid.uuid4().hex[:6]}"
    url, arn = _queue(sqs, f"{name}-queue")
    behind_url, behind_arn = _queue(sqs, f"{name}-bus")
    bus_arn = events.create_event_bus(Name=name)["EventBusArn"]
    events.put_rule(Name="all", EventBusName=name, EventPattern='{"source":["fairlane"]}')
    events.put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "q", "Arn": behind_arn}])
    pattern = {"detail-type": [{"prefix": "fairlane.task."}]}
    hook = f"http://127.0.0.1:{receiver.port}/"
    client.put_subscription("queue", {"pattern": pattern, "target": {"sqs": arn}})
    client.put_subscription("bus", {"pattern": pattern, "target": {"event_bus": bus_arn}})
    made = client.put_subscription("webhook", {"pattern": pattern, "target": {"webhook": {"url": hook}}})
    receiver.secrets.append(made["secret"])
    return [
        Inbox("queue", lambda: _received(sqs, url)),
        Inbox("bus", lambda: _received(sqs, behind_url)),
        Inbox("webhook", lambda: _posted(receiver)),
    ]


def _queue(sqs: "SQSClient", name: str) -> tuple[str, str]:
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _received(sqs: "SQSClient", url: str) -> list[str]:
    """Everything that lies in the queue, taken out of it."""
    found: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"])["detail"]["subject"] for message in messages]
        entries: Any = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(messages)]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return found


def _posted(receiver: Receiver) -> list[str]:
    found: list[str] = []
    while True:
        try:
            received = receiver.received.get_nowait()
        except Empty:
            return found
        found.append("unsigned" if isinstance(received, Refused) else str(received["subject"]))


def _submit(client: Client, tasks: int, report: Report) -> Iterator[str]:
    for first in range(0, tasks, _BATCH):
        numbers = range(first, min(first + _BATCH, tasks))
        events = [new_event(_TASK_TYPE, {"n": n}, source=_SOURCE, event_id=str(n)) for n in numbers]
        for answer in client.submit_batch(events):
            if "id" not in answer:
                raise RuntimeError(answer)
            yield answer["id"]
    report(f"submitted {tasks} tasks")


def _wait(inboxes: Sequence[Inbox], expected: set[str], report: Report, patience_s: float) -> None:
    quiet_since = told = time.monotonic()
    while time.monotonic() - quiet_since < patience_s:
        before = sum(len(inbox.came) for inbox in inboxes)
        for inbox in inboxes:
            inbox.update()
        after = sum(len(inbox.came) for inbox in inboxes)
        quiet_since = time.monotonic() if after > before else quiet_since
        if time.monotonic() - told > _TELL_EVERY_S:
            told = time.monotonic()
            report(", ".join(f"{inbox.subscription} {len(inbox.came)} of {len(expected)}" for inbox in inboxes))
        if all(len(inbox.came) >= len(expected) for inbox in inboxes):
            return
        time.sleep(_LOOK_S)
