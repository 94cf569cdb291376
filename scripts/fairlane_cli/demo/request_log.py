"""The emulator's log of AWS requests (MiniStack's CloudTrail), and its functions' logs: what was asked, what ran.

CloudTrail of AWS keeps no such requests without being paid for it; there, count by CloudWatch's metrics instead.
"""

import contextlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

_TIMEOUT_S = 30
_PAGE = 50
_LOOKUP = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"
_SWITCH = "cloudtrail._recording_enabled"
#: With what functions on MiniStack sign: the account's number. Whoever runs the demo signs with another.
FUNCTIONS_KEY = "000000000000"

_REPORT = re.compile(
    r"REPORT RequestId: \S+\tDuration: (?P<duration_ms>[\d.]+) ms.*?Memory Size: (?P<memory_mb>\d+) MB", re.DOTALL
)


class NotCountedError(Exception):
    """The place does not tell which requests were made."""


@dataclass(frozen=True)
class Request:
    """One AWS request that a function made."""

    id: str
    at: float
    service: str
    operation: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Invocation:
    """One run of a Lambda function."""

    function: str
    duration_s: float
    memory_gb: float

    @property
    def gb_seconds(self) -> float:
        return self.duration_s * self.memory_gb


class RequestLog:
    """Records from `start` on. Holds the newest 10,000 requests (MiniStack's default)."""

    def __init__(self, endpoint_url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(base_url=endpoint_url, timeout=_TIMEOUT_S, trust_env=False, transport=transport)

    def start(self) -> None:
        """Raises NotCountedError where the place cannot."""
        self._switch(on=True)

    def stop(self) -> None:
        """Nothing happens when it cannot be: a stack that goes down needs no stopping."""
        with contextlib.suppress(NotCountedError):
            self._switch(on=False)

    def requests(self, *, since: float) -> list[Request]:
        """Of the functions, the oldest first. `since` is a Unix time."""
        found: dict[str, Request] = {}
        until = None
        while True:
            page = [request for request in self._page(until) if request.at >= since]
            new = [request for request in page if request.id not in found]
            found |= {request.id: request for request in new}
            if len(page) < _PAGE:
                return sorted(found.values(), key=lambda request: request.at)
            # the next page begins with those of the same moment, which are known; or before it, when all are
            until = page[-1].at if new else math.nextafter(page[-1].at, 0)

    def _page(self, until: float | None) -> Iterator[Request]:
        body: dict[str, Any] = {"LookupAttributes": [{"AttributeKey": "AccessKeyId", "AttributeValue": FUNCTIONS_KEY}]}
        if until is not None:
            body["EndTime"] = until
        # boto3 would round the time to seconds, in which there may be more requests than on a page
        headers = {"X-Amz-Target": _LOOKUP, "Content-Type": "application/x-amz-json-1.1"}
        response = self._http.post("/", headers=headers, content=json.dumps(body))
        response.raise_for_status()
        for event in response.json()["Events"]:
            details = json.loads(event["CloudTrailEvent"])
            yield Request(
                id=event["EventId"],
                at=event["EventTime"],
                service=event["EventSource"].partition(".")[0],
                operation=event["EventName"],
                parameters=details["requestParameters"] or {},
            )

    def _switch(self, *, on: bool) -> None:
        try:
            response = self._http.post("/_ministack/config", json={_SWITCH: str(on).lower()})
            applied = response.json()["applied"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise NotCountedError(str(error)) from error
        if _SWITCH not in applied:
            raise NotCountedError(f"the emulator does not know {_SWITCH}")


def invocations(logs: Any, function: str, *, since: float) -> list[Invocation]:
    """From the REPORT lines that Lambda writes, here as on AWS; `logs` is a client of CloudWatch Logs."""
    group = f"/aws/lambda/{function}"
    query = {"logGroupName": group, "filterPattern": "REPORT", "startTime": int(since * 1000)}
    pages = logs.get_paginator("filter_log_events").paginate(**query)
    reports = (_REPORT.match(event["message"]) for page in pages for event in page["events"])
    return [
        Invocation(function, float(report["duration_ms"]) / 1000, int(report["memory_mb"]) / 1024)
        for report in reports
        if report
    ]
