import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from fairlane_cli.demo.dynamodb_units import Table
from fairlane_cli.demo.metering import usage
from fairlane_cli.demo.prices import Billed
from fairlane_cli.demo.request_log import Invocation, NotCountedError, Request, RequestLog, invocations

PAGE = 50


def an_entry(number: int, at: float, **details: Any) -> dict[str, Any]:
    """As MiniStack lists a request."""
    return {
        "EventId": str(number),
        "EventTime": at,
        "EventSource": "sqs.amazonaws.com",
        "EventName": "SendMessage",
        "CloudTrailEvent": json.dumps({"requestParameters": details or None}),
    }


class Emulator:
    """Answers as MiniStack does: at most 50 entries, the newest first, from `EndTime` back."""

    def __init__(self, entries: Sequence[dict[str, Any]] = ()) -> None:
        self.entries = sorted(entries, key=lambda entry: -entry["EventTime"])
        self.recording = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if request.url.path == "/_ministack/config":
            (self.recording,) = body.values()
            return httpx.Response(200, json={"applied": body})
        until = body.get("EndTime", float("inf"))
        found = [entry for entry in self.entries if entry["EventTime"] <= until]
        return httpx.Response(200, json={"Events": found[:PAGE]})

    def log(self) -> RequestLog:
        return RequestLog("http://emulator", transport=httpx.MockTransport(self))


def test_requests_are_read_page_by_page_and_come_in_their_order() -> None:
    log = Emulator([an_entry(n, at=float(n)) for n in range(171)]).log()
    assert [request.id for request in log.requests(since=0)] == [str(n) for n in range(171)]


def test_more_requests_of_one_moment_than_a_page_tells_do_not_stop_the_reading() -> None:
    log = Emulator([an_entry(n, at=5.0 if n < 60 else 4.0) for n in range(70)]).log()
    found = {request.id for request in log.requests(since=0)}
    # ten of the sixty cannot be told apart from those that were read
    assert found >= {str(n) for n in range(60, 70)}
    assert len(found) == 60


def test_requests_before_the_start_are_left_out() -> None:
    log = Emulator([an_entry(n, at=float(n)) for n in range(100)]).log()
    assert [request.id for request in log.requests(since=97)] == ["97", "98", "99"]


def test_a_request_without_parameters_has_none() -> None:
    (request,) = Emulator([an_entry(1, at=1.0)]).log().requests(since=0)
    assert request == Request("1", 1.0, "sqs", "SendMessage", {})


def test_recording_is_switched_on_and_off() -> None:
    emulator = Emulator()
    log = emulator.log()
    log.start()
    assert emulator.recording == "true"
    log.stop()
    assert emulator.recording == "false"


def test_a_place_that_cannot_record_says_so() -> None:
    log = RequestLog("http://aws", transport=httpx.MockTransport(lambda _: httpx.Response(404, text="no")))
    with pytest.raises(NotCountedError):
        log.start()
    log.stop()


class Logs:
    """CloudWatch Logs with one log group."""

    def __init__(self, *messages: str) -> None:
        self._events = [{"message": message} for message in messages]

    def get_paginator(self, operation: str) -> "Logs":
        assert operation == "filter_log_events"
        return self

    def paginate(self, **query: object) -> list[dict[str, Any]]:
        assert query["logGroupName"] == "/aws/lambda/f"
        return [{"events": self._events[:2]}, {"events": self._events[2:]}]


def test_each_report_in_the_log_is_a_run() -> None:
    report = "REPORT RequestId: 1\tDuration: {} ms\tBilled Duration: 9 ms\tMemory Size: 512 MB\tMax Memory Used: 0 MB"
    logs = Logs("START RequestId: 1", report.format("1500"), "END RequestId: 1", report.format("250.5"))
    runs = invocations(logs, "f", since=0)
    assert [(run.duration_s, run.memory_gb) for run in runs] == [(1.5, 0.5), (0.2505, 0.5)]


def a_request(service: str, operation: str, **parameters: Any) -> Request:
    return Request("1", 1.0, service, operation, parameters)


def used(requests: Sequence[Request] = (), **runs: Sequence[Invocation]) -> dict[Billed, float]:
    return dict(usage(requests, runs, {"T": Table(keys=["pk"])}).quantities)


def test_a_request_to_sqs_is_charged_by_64_kb() -> None:
    small, large = {"MessageBody": "x"}, {"MessageBody": "x" * 65_000}
    requests = [a_request("sqs", "SendMessageBatch", Entries=[small, large, large]), a_request("sqs", "SendMessage")]
    # 2 + 1, and as many receives as 130 KB need at least
    assert used(requests)[Billed.SQS_REQUEST] == 3 + 2


def test_each_batch_that_a_queue_feeds_is_a_receive_and_a_delete() -> None:
    run = Invocation("f", 1, 1)
    fed = used(dispatcher=[run] * 3, deliverer=[run] * 2)
    assert fed[Billed.SQS_REQUEST] == 10
    assert fed[Billed.LAMBDA_REQUEST] == 5
    assert fed[Billed.API_REQUEST] == 0


def test_each_run_of_the_gateway_is_an_api_request() -> None:
    quantities = used(gateway=[Invocation("g", 0.5, 1)] * 4)
    assert quantities[Billed.API_REQUEST] == 4
    assert quantities[Billed.LAMBDA_GB_SECOND] == 2


def test_events_are_charged_singly_and_by_64_kb() -> None:
    entries = [{"Detail": "x"}, {"Detail": "x" * 70_000}]
    assert used([a_request("events", "PutEvents", Entries=entries)])[Billed.EVENTBRIDGE_EVENT] == 3


def test_requests_are_counted_by_service_and_operation() -> None:
    put = a_request("dynamodb", "PutItem", TableName="T", Item={"pk": {"S": "1"}})
    counted = usage([put, put, a_request("lambda", "Invoke")], {}, {"T": Table(keys=["pk"])})
    assert counted.requests == {("dynamodb", "PutItem"): 2, ("lambda", "Invoke"): 1}
    assert counted.quantities[Billed.DYNAMODB_WRITE_UNIT] == 2
