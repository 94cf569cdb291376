"""What the adapters of SQS and EventBridge make of refusals, partial answers and large batches."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane.aws import bus, queues
from fairlane.aws.bus import EventBus
from fairlane.aws.provisioning import Provisioning
from fairlane.aws.queues import SqsQueues
from fairlane.domain.names import tenant_resource
from fairlane.ports.bus import BusEntry
from fairlane.ports.control import FunctionFacts
from fairlane.ports.queues import Message
from tests.unit.domain.building import NOW

REFUSED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Any")
UNREACHED = EndpointConnectionError(endpoint_url="https://sqs")
Entries = list[dict[str, Any]]


class Client:
    """Answers each request from a list (an exception is raised), else confirms everything."""

    def __init__(self, *answers: Any) -> None:
        self.requests: list[Entries] = []
        self._answers = list(answers)

    def _answer(self, entries: Entries, usual: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(entries)
        answer = self._answers.pop(0) if self._answers else usual
        if isinstance(answer, Exception):
            raise answer
        return cast(dict[str, Any], answer)

    def send_message_batch(self, *, QueueUrl: str, Entries: Entries) -> dict[str, Any]:  # noqa: N803, ARG002 - boto3's
        return self._answer(Entries, {"Successful": [{"Id": entry["Id"]} for entry in Entries]})

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: Entries) -> dict[str, Any]:  # noqa: N803, ARG002
        return self._answer(Entries, {})

    def put_events(self, *, Entries: Entries) -> dict[str, Any]:  # noqa: N803
        return self._answer(Entries, {"Entries": [{"EventId": "e"} for _ in Entries]})


def sent(client: Client, messages: Sequence[Message]) -> list[bool]:
    return list(SqsQueues(cast(Any, client)).send("url", messages))


def published(client: Client, entries: Sequence[BusEntry]) -> list[str | None]:
    return list(EventBus(cast(Any, client), "results").publish(entries))


def an_entry(detail: str = "{}", tenant: str = "ada") -> BusEntry:
    return BusEntry(tenant, "fairlane.task.succeeded", detail, NOW)


HELLO = Message("hello", {})


@pytest.mark.parametrize("error", [REFUSED, UNREACHED])
def test_a_batch_that_sqs_did_not_answer_is_unconfirmed_and_the_next_one_goes_on(error: Exception) -> None:
    assert sent(Client(error), [HELLO] * 12) == [False] * 10 + [True] * 2


def test_only_what_sqs_names_as_successful_is_confirmed() -> None:
    answer = {"Successful": [{"Id": "2"}, {"Id": "0"}], "Failed": [{"Id": "1"}]}

    assert sent(Client(answer), [HELLO] * 3) == [True, False, True]
    assert sent(Client({}), [HELLO]) == [False]


@settings(deadline=None)
@given(st.lists(st.integers(0, 900_000), max_size=30))
def test_batches_of_messages_keep_their_order_and_sqss_limits(sizes: list[int]) -> None:
    client = Client()
    messages = [Message("x" * size, {"task": "t"}) for size in sizes]

    assert sent(client, messages) == [True] * len(messages)

    assert [entry["MessageBody"] for batch in client.requests for entry in batch] == [one.body for one in messages]
    for batch in client.requests:
        assert 1 <= len(batch) <= 10
        assert sum(len(entry["MessageBody"]) for entry in batch) <= queues.BATCH_BYTES


@pytest.mark.parametrize("error", [REFUSED, UNREACHED])
def test_hiding_is_best_effort(error: Exception) -> None:
    SqsQueues(cast(Any, Client(error))).hide("url", {"receipt": timedelta(seconds=5)})


@pytest.mark.parametrize(
    ("hidden", "seconds"),
    [
        (timedelta(), 0),
        (timedelta(seconds=-5), 0),
        (timedelta(seconds=1.2), 2),
        (timedelta(days=30), int(queues.LONGEST_HIDE.total_seconds())),
    ],
)
def test_a_visibility_is_whole_seconds_within_the_twelve_hours_of_sqs(hidden: timedelta, seconds: int) -> None:
    client = Client()

    SqsQueues(cast(Any, client)).hide("url", {"receipt": hidden})

    assert client.requests == [[{"Id": "0", "ReceiptHandle": "receipt", "VisibilityTimeout": seconds}]]


def test_the_longest_hiding_leaves_room_for_the_longest_run_as_sqs_counts_from_the_receive() -> None:
    assert queues.LONGEST_HIDE + timedelta(minutes=15) < timedelta(hours=12)


def test_more_than_a_batch_is_hidden() -> None:
    client = Client()

    SqsQueues(cast(Any, client)).hide("url", {f"receipt {n}": timedelta() for n in range(23)})

    assert [len(batch) for batch in client.requests] == [10, 10, 3]


@pytest.mark.parametrize(("error", "code"), [(REFUSED, "AccessDenied"), (UNREACHED, "EndpointConnectionError")])
def test_a_request_that_the_bus_refused_tells_why_for_each_entry(error: Exception, code: str) -> None:
    assert published(Client(error), [an_entry()] * 11) == [code] * 10 + [None]


def test_each_entry_has_its_own_answer_and_a_missing_one_confirms_nothing() -> None:
    answer = {"Entries": [{"EventId": "e"}, {"ErrorCode": "InternalFailure"}, {}]}

    assert published(Client(answer), [an_entry()] * 4) == [None, "InternalFailure", "Unknown", "Unknown"]


def test_an_entry_names_its_tenant_where_tenants_cannot_write() -> None:
    client = Client()

    published(client, [an_entry(tenant="bob")])

    [[entry]] = client.requests
    assert (entry["Resources"], entry["Source"], entry["EventBusName"]) == (
        [tenant_resource("bob")],
        "fairlane",
        "results",
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 250_000), max_size=30))
def test_batches_of_entries_keep_their_order_and_eventbridges_limits(sizes: list[int]) -> None:
    client = Client()
    entries = [an_entry("x" * size) for size in sizes]

    assert published(client, entries) == [None] * len(entries)

    assert [entry["Detail"] for batch in client.requests for entry in batch] == [one.detail for one in entries]
    for batch in client.requests:
        assert 1 <= len(batch) <= 10
        assert sum(len(entry["Detail"]) for entry in batch) <= bus.BATCH_BYTES


@pytest.mark.parametrize(
    ("tenancy", "per_tenant"),
    [({"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}, True), ({}, False), ({"TenancyConfig": None}, False)],
)
def test_aws_tells_whether_a_function_runs_each_tenant_by_itself(tenancy: dict[str, Any], per_tenant: bool) -> None:
    class Lambda:
        def get_function_configuration(self, **_: object) -> dict[str, Any]:
            return {"Timeout": 3, **tenancy}

    found = Provisioning(cast(Any, None), cast(Any, Lambda())).function("f")

    assert found == FunctionFacts(3, per_tenant)
