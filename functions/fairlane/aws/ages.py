"""How long the oldest message of a queue has waited.

CloudWatch knows it for nothing, for queues that were used in the last minutes; asking costs 0.01 USD per
1,000 queues. Where it has no fresh number (a queue that has just come to life, an emulator), up to 10
messages are looked at, for one SQS request. Each look counts as a receive, so it is remembered for
some seconds; an ordered queue is never looked into, as a message that was received too often would lose its place.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from fairlane.domain.names import FIFO
from fairlane.domain.times import from_ms
from fairlane.ports.running import Clock

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

METRIC = "ApproximateAgeOfOldestMessage"
#: A datapoint a minute, some of them late.
FRESH = timedelta(minutes=3)
#: AWS takes 500 queries a request; a page has 100 lanes.
MOST_QUERIES = 500
LOOK_AGAIN = timedelta(seconds=10)
MOST_LOOKS = 1_000


class SqsAges:
    """`QueueAges` on CloudWatch and SQS."""

    def __init__(self, sqs: "SQSClient", cloudwatch: Any, now: Clock) -> None:
        """`cloudwatch` is boto3's client."""
        self._sqs = sqs
        self._cloudwatch = cloudwatch
        self._now = now
        self._logger = Logger(child=True)
        self._looks: dict[str, tuple[datetime, datetime | None]] = {}

    def oldest(self, urls: Mapping[str, str]) -> dict[str, timedelta | None]:
        """By the queues' names; None: not known. For queues that are not empty."""
        known = self._measured(list(urls)[:MOST_QUERIES])
        return {name: known.get(name) or self._looked(name, url) for name, url in urls.items()}

    def _measured(self, names: list[str]) -> dict[str, timedelta]:
        if not names:
            return {}
        now = self._now()
        queries = [_query(f"q{n}", name) for n, name in enumerate(names)]
        try:
            answer = self._cloudwatch.get_metric_data(
                MetricDataQueries=queries, StartTime=now - FRESH, EndTime=now, ScanBy="TimestampDescending"
            )
        except (ClientError, BotoCoreError):
            self._logger.exception("no metrics", extra={"action": "ages_failed"})
            return {}
        values = {each["Id"]: each["Values"][0] for each in answer["MetricDataResults"] if each["Values"]}
        return {name: timedelta(seconds=values[f"q{n}"]) for n, name in enumerate(names) if f"q{n}" in values}

    def _looked(self, name: str, url: str) -> timedelta | None:
        if name.endswith(FIFO):
            return None
        now = self._now()
        looked_at, sent_at = self._looks.get(url, (None, None))
        if looked_at is None or not timedelta() <= now - looked_at < LOOK_AGAIN:
            sent_at = self._look(url)
            if len(self._looks) >= MOST_LOOKS:
                self._looks.clear()
            self._looks[url] = (now, sent_at)
        return None if sent_at is None else max(timedelta(), now - sent_at)

    def _look(self, url: str) -> datetime | None:
        """When the oldest of some visible messages was sent. They stay visible."""
        try:
            answer = self._sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=0,
                WaitTimeSeconds=0,
                AttributeNames=["SentTimestamp"],
            )
        except (ClientError, BotoCoreError):
            self._logger.exception("not looked into", extra={"action": "ages_failed", "queue": url})
            return None
        sent = [int(message["Attributes"]["SentTimestamp"]) for message in answer.get("Messages", [])]
        return from_ms(min(sent)) if sent else None


def _query(query_id: str, queue_name: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/SQS",
        "MetricName": METRIC,
        "Dimensions": [{"Name": "QueueName", "Value": queue_name}],
    }
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
