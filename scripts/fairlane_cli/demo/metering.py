"""What the demo's tasks used of AWS: requests from the emulator's log, Lambda runs from the functions' logs.

Counted is what Fairlane does for tasks: from the first submission to the last result. Making the tenants before
it and looking at the stack meanwhile are not.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fairlane_cli.demo.aws import Aws
from fairlane_cli.demo.dynamodb_units import Table, UnitCount
from fairlane_cli.demo.prices import Billed, billed_chunks
from fairlane_cli.demo.request_log import Invocation, Request, RequestLog, invocations

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Fairlane's functions by what the template calls them; tenants' functions are not Fairlane's to bill.
GATEWAY, DISPATCHER, LONG_DISPATCHER, DELIVERER = "gateway", "dispatcher", "long-dispatcher", "deliverer"
_FED_BY_QUEUES = (DISPATCHER, LONG_DISPATCHER, DELIVERER)
_SETTLE_S = 5.0
_LOOK_S = 0.3


@dataclass(frozen=True)
class Usage:
    """What was used, and what of it is charged."""

    #: (service, operation) of requests that functions made, to their number.
    requests: Mapping[tuple[str, str], int]
    #: Runs of Fairlane's functions, by their short names.
    runs: Mapping[str, int]
    quantities: Mapping[Billed, float]


@dataclass
class Meter:
    """Counts from `start` to `stop`."""

    aws: Aws
    _log: RequestLog = field(init=False)
    _since: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._log = RequestLog(self.aws.endpoint_url)

    def start(self) -> None:
        """Raises NotCountedError where the place cannot tell."""
        self._log.start()
        self._since = time.time()

    def stop(self) -> None:
        self._log.stop()

    def read(self) -> Usage:
        """What was used until now, once the functions have come to rest."""
        runs = self._runs_at_rest()
        requests = self._log.requests(since=self._since)
        return usage(requests, runs, _tables(self.aws.dynamodb()))

    def _runs_at_rest(self) -> Mapping[str, Sequence[Invocation]]:
        """A function's report is written when it has returned, a moment after the last result was seen."""
        logs = self.aws.logs()
        deadline = time.monotonic() + _SETTLE_S
        before = -1
        while True:
            runs = {name: self._runs(logs, name) for name in (GATEWAY, *_FED_BY_QUEUES)}
            count = sum(map(len, runs.values()))
            if count == before or time.monotonic() > deadline:
                return runs
            before = count
            time.sleep(_LOOK_S)

    def _runs(self, logs: Any, name: str) -> Sequence[Invocation]:
        return invocations(logs, f"{self.aws.stack}-{name}", since=self._since)


def usage(requests: Iterable[Request], runs: Mapping[str, Sequence[Invocation]], tables: Mapping[str, Table]) -> Usage:
    """Adds it all up. `requests` in their order."""
    counted: Counter[tuple[str, str]] = Counter()
    quantities: defaultdict[Billed, float] = defaultdict(float)
    units = UnitCount(tables)
    sent_bytes = 0
    for request in requests:
        counted[request.service, request.operation] += 1
        if request.service == "sqs":
            size = _bytes_sent(request.parameters)
            quantities[Billed.SQS_REQUEST] += billed_chunks(size)
            sent_bytes += size
        elif request.service == "events":
            quantities[Billed.EVENTBRIDGE_EVENT] += sum(map(_event_chunks, request.parameters.get("Entries", [])))
        elif request.service == "dynamodb":
            used = units.units(request.operation, request.parameters)
            quantities[Billed.DYNAMODB_WRITE_UNIT] += used.write
            quantities[Billed.DYNAMODB_READ_UNIT] += used.read
    _add_runs(quantities, runs, sent_bytes)
    return Usage(counted, {name: len(each) for name, each in runs.items() if each}, quantities)


def _add_runs(quantities: dict[Billed, float], runs: Mapping[str, Sequence[Invocation]], sent_bytes: int) -> None:
    every = [run for each in runs.values() for run in each]
    quantities[Billed.API_REQUEST] += len(runs.get(GATEWAY, ()))
    quantities[Billed.LAMBDA_REQUEST] += len(every)
    quantities[Billed.LAMBDA_GB_SECOND] += sum(run.gb_seconds for run in every)
    # AWS's pollers receive a batch and delete it; the emulator's do it without a request
    polls = sum(len(runs.get(name, ())) for name in _FED_BY_QUEUES)
    quantities[Billed.SQS_REQUEST] += polls + max(polls, billed_chunks(sent_bytes))


def _bytes_sent(parameters: Mapping[str, Any]) -> int:
    messages = [parameters, *parameters.get("Entries", [])]
    return sum(len(str(message.get("MessageBody", "")).encode()) for message in messages)


def _event_chunks(entry: Mapping[str, Any]) -> int:
    return billed_chunks(len(str(entry.get("Detail", "")).encode()))


def _tables(dynamodb: "DynamoDBClient") -> Mapping[str, Table]:
    tables = {}
    for page in dynamodb.get_paginator("list_tables").paginate():
        for name in page["TableNames"]:
            found = dynamodb.describe_table(TableName=name)["Table"]
            indexes = found.get("GlobalSecondaryIndexes", [])
            tables[name] = Table(
                keys=[key["AttributeName"] for key in found["KeySchema"]],
                indexes=[frozenset(key["AttributeName"] for key in index["KeySchema"]) for index in indexes],
            )
    return tables
