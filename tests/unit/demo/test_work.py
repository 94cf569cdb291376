import json
from collections.abc import Sequence
from threading import Event as Flag
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest

from fairlane_cli.demo.ledger import Ledger
from fairlane_cli.demo.results import Depth, Lanes, receive_results
from fairlane_cli.demo.work import STALL_S, DemoError, Threads, _Stall
from tests.unit.demo.building import RUN, a_result, a_task

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Sqs:
    """One queue, as far as the demo looks at it."""

    def __init__(self, *bodies: object) -> None:
        self.messages = [{"Body": json.dumps(body), "ReceiptHandle": str(n)} for n, body in enumerate(bodies)]
        self.deleted: list[str] = []
        self.listed = 0

    def receive_message(self, **_: object) -> dict[str, Any]:
        taken, self.messages = self.messages[:10], self.messages[10:]
        return {"Messages": taken} if taken else {}

    def delete_message_batch(self, *, Entries: Sequence[dict[str, str]], **_: object) -> None:  # noqa: N803 -- boto3's
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]

    def list_queues(self, *, QueueNamePrefix: str) -> dict[str, Any]:  # noqa: N803 -- boto3's
        self.listed += 1
        return {"QueueUrls": [f"http://sqs/{QueueNamePrefix}default"]}

    def get_queue_attributes(self, **_: object) -> dict[str, Any]:
        counts = {"": "5", "Delayed": "1", "NotVisible": "2"}
        return {"Attributes": {f"ApproximateNumberOfMessages{name}": count for name, count in counts.items()}}

    @property
    def client(self) -> "SQSClient":
        return cast("SQSClient", self)


def test_results_are_taken_out_of_what_the_bus_sends_and_deleted() -> None:
    sqs = Sqs({"detail-type": "fairlane.task.succeeded", "detail": {"id": 1}}, {"detail": {"id": 2}})
    received: list[object] = []
    assert receive_results(sqs.client, "http://sqs/demo", received.append) == 2
    assert received == [{"id": 1}, {"id": 2}]
    assert sqs.deleted == ["0", "1"]


def test_an_empty_queue_gives_nothing() -> None:
    assert receive_results(Sqs().client, "http://sqs/demo", lambda _: None) == 0


def test_what_waits_and_what_runs_in_a_lane_is_told_by_its_queue() -> None:
    sqs = Sqs()
    lanes = Lanes(sqs.client, "fairlane")
    assert lanes.depth("acme") == Depth(queued=6, running=2)
    assert lanes.depth("acme") == Depth(queued=6, running=2)
    assert sqs.listed == 1


def test_a_failed_call_in_a_thread_is_kept_for_who_watches() -> None:
    threads = Threads()
    error = httpx.ConnectError("no")

    def fail() -> None:
        raise error

    threads.begin(fail)
    threads.stop()
    assert threads.errors == [error]


def test_threads_learn_that_they_shall_stop() -> None:
    threads = Threads()
    stopped = Flag()

    def work() -> None:
        threads.stopped.wait()
        stopped.set()

    threads.begin(work)
    threads.stop()
    assert stopped.is_set()


def test_work_without_progress_for_too_long_is_given_up() -> None:
    ledger = Ledger({"acme": 2}, source=RUN)
    stall = _Stall(since=0)
    stall.check(ledger.rows(), STALL_S)
    ledger.received(a_result(a_task("t_1")))
    stall.check(ledger.rows(), STALL_S + 1)
    stall.check(ledger.rows(), 2 * STALL_S)
    with pytest.raises(DemoError, match="Still missing: acme: 1"):
        stall.check(ledger.rows(), 2 * STALL_S + 2)
