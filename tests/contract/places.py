"""Where the same contract is checked: the simulation's fakes, and the real adapters over moto."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import time_machine
from botocore.exceptions import ClientError
from moto import mock_aws

from fairlane.aws.admission import DynamoAdmission
from fairlane.aws.attention import DynamoAttention
from fairlane.aws.bus import EventBus
from fairlane.aws.dedup import DynamoDedup
from fairlane.aws.items import task_key
from fairlane.aws.operations import DynamoOperations
from fairlane.aws.queues import SqsQueues
from fairlane.aws.registry import DynamoRegistry
from fairlane.aws.retained import DynamoEvents
from fairlane.aws.slots import DynamoSlots
from fairlane.aws.tasks import DynamoTasks
from fairlane.domain.names import task_id
from fairlane.ports.admission import AdmissionStore
from fairlane.ports.attention import AttentionIndex
from fairlane.ports.bus import ResultsBus
from fairlane.ports.operations import OperationStore
from fairlane.ports.queues import Queues
from fairlane.ports.registry import Registry
from fairlane.ports.slots import SlotStore
from fairlane.ports.tasks import DedupStore, EventStore, TaskStore
from tests.simulation.fakes.admission import FakeAdmission
from tests.simulation.fakes.attention import FakeAttention, FakeEvents
from tests.simulation.fakes.bus import FakeBus
from tests.simulation.fakes.clock import START, VirtualClock
from tests.simulation.fakes.dedup import FakeDedup
from tests.simulation.fakes.operations import FakeOperations
from tests.simulation.fakes.queues import FakeQueues
from tests.simulation.fakes.registry import FakeRegistry
from tests.simulation.fakes.slots import FakeSlots
from tests.simulation.fakes.tasks import FakeTasks

Record = Mapping[str, Any]


@dataclass
class Tables:
    """The stores of a place. Every test takes a tenant of its own."""

    tasks: TaskStore
    dedup: DedupStore
    registry: Registry
    slots: SlotStore
    admission: AdmissionStore
    attention: AttentionIndex
    events: EventStore
    operations: OperationStore
    #: (tenant, task id) -> when the record may be deleted (s since the epoch).
    ttl: Callable[[str, str], int]
    numbers: Iterator[int]

    def tenant(self) -> str:
        return f"tenant-{next(self.numbers)}"

    def fake_slots(self) -> FakeSlots:
        """To compare with."""
        return FakeSlots()


@dataclass
class QueuePlace:
    """Queues, what a mapping would do with them, and time. `in_order` is one that keeps an order."""

    queues: Queues
    url: str
    in_order: str
    delete: Callable[[str, Record], object]
    receive: Callable[[str], Sequence[Record]]
    pass_time: Callable[[timedelta], None]


@dataclass
class BusPlace:
    bus: ResultsBus
    #: Details that were accepted, in their order.
    accepted: Callable[[], list[str]]


@contextmanager
def fake_tables() -> Iterator[Tables]:
    tasks, operations = FakeTasks(), FakeOperations()
    yield Tables(
        tasks,
        FakeDedup(),
        FakeRegistry(),
        FakeSlots(),
        FakeAdmission(),
        FakeAttention(tasks, operations),
        FakeEvents(),
        operations,
        lambda tenant, task: int(tasks.records[tenant, task].ttl.timestamp()),
        itertools.count(1),
    )


class Repeating:
    """A client whose every write is sent twice, as the SDK does when the first answer was lost."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        return self._twice(method) if name in ("put_item", "update_item", "delete_item") else method

    def _twice(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            with suppress(ClientError):
                method(**request)
            return method(**request)

        return call


def repeating_tables() -> AbstractContextManager[Tables]:
    """Every write must be repeatable."""
    return moto_tables(Repeating)


@contextmanager
def moto_tables(wrapped: Callable[[Any], Any] = lambda client: client) -> Iterator[Tables]:
    with mock_aws():
        client = wrapped(boto3.client("dynamodb", region_name="eu-west-1"))
        make_tasks_table(client, "tasks")
        _table(client, "dedup", "pk")
        _table(client, "registry", "tenant", "item")
        _table(client, "quotas", "pk")

        def ttl(tenant: str, task: str) -> int:
            return int(client.get_item(TableName="tasks", Key=task_key(tenant, task))["Item"]["ttl"]["N"])

        yield Tables(
            DynamoTasks(client, "tasks"),
            DynamoDedup(client, "dedup"),
            DynamoRegistry(client, "registry"),
            DynamoSlots(client, "quotas"),
            DynamoAdmission(client, "quotas", lambda: client),
            DynamoAttention(client, "tasks"),
            DynamoEvents(client, "tasks"),
            DynamoOperations(client, "tasks"),
            ttl,
            itertools.count(1),
        )


@contextmanager
def fake_queue() -> Iterator[QueuePlace]:
    clock = VirtualClock()
    queues = FakeQueues(clock)

    def delete(url: str, record: Record) -> None:
        queues.delete(url, record["messageId"])

    yield QueuePlace(queues, queues.add("lane"), queues.add("lane.fifo"), delete, queues.receive, clock.advance)


@contextmanager
def moto_queue() -> Iterator[QueuePlace]:
    with time_machine.travel(START, tick=False) as time, mock_aws():
        client = boto3.client("sqs", region_name="eu-west-1")
        url = client.create_queue(QueueName="lane", Attributes={"VisibilityTimeout": "90"})["QueueUrl"]

        def receive(queue_url: str) -> list[Record]:
            answer = client.receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=0,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            )
            return [_record(message) for message in answer.get("Messages", [])]

        fifo: Any = {"VisibilityTimeout": "90", "FifoQueue": "true"}
        in_order = client.create_queue(QueueName="lane.fifo", Attributes=fifo)["QueueUrl"]

        def delete(queue_url: str, record: Record) -> None:
            client.delete_message(QueueUrl=queue_url, ReceiptHandle=record["receiptHandle"])

        yield QueuePlace(SqsQueues(client), url, in_order, delete, receive, time.shift)


@contextmanager
def fake_bus() -> Iterator[BusPlace]:
    bus = FakeBus()
    yield BusPlace(bus, lambda: [entry.detail for entry in bus.accepted])


@contextmanager
def moto_bus() -> Iterator[BusPlace]:
    with mock_aws():
        sqs = boto3.client("sqs", region_name="eu-west-1")
        events = boto3.client("events", region_name="eu-west-1")
        url = sqs.create_queue(QueueName="seen")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.create_event_bus(Name="results")
        events.put_rule(Name="all", EventBusName="results", EventPattern='{"source":["fairlane"]}')
        events.put_targets(Rule="all", EventBusName="results", Targets=[{"Id": "seen", "Arn": arn}])

        def accepted() -> list[str]:
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
            return [json.dumps(json.loads(message["Body"])["detail"]) for message in answer.get("Messages", [])]

        yield BusPlace(EventBus(events, "results"), accepted)


def an_id(n: int) -> str:
    """A task id that differs for each number."""
    return task_id("any", "/contract", str(n))


def make_tasks_table(client: Any, name: str) -> None:
    """The Tasks table, as the template has it."""
    indexes = (("by_time", "time_shard", "time_key"), ("attention", "attention", "attention_at"))
    _table(client, name, "pk", indexes=indexes)


def _table(client: Any, name: str, *keys: str, indexes: Sequence[tuple[str, str, str]] = ()) -> None:
    named = (*keys, *(key for _, *index_keys in indexes for key in index_keys))
    request: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _schema(keys),
        "AttributeDefinitions": [
            {"AttributeName": key, "AttributeType": "N" if key == "attention_at" else "S"} for key in named
        ],
    }
    if indexes:
        request["GlobalSecondaryIndexes"] = [
            {"IndexName": index, "KeySchema": _schema(index_keys), "Projection": {"ProjectionType": "KEYS_ONLY"}}
            for index, *index_keys in indexes
        ]
    client.create_table(**request)


def _schema(keys: Sequence[str]) -> list[dict[str, str]]:
    return [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]


def _record(message: Any) -> Record:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:lane",
    }
