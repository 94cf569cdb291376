"""The index `attention` of the Tasks table: sharded by kind, sorted by time, keys only."""

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fairlane.aws import items
from fairlane.aws.clients import CONDITION_FAILED, error_code
from fairlane.domain.attention import WITHOUT_MESSAGE, Attention, Kind
from fairlane.domain.times import from_ms, to_ms
from fairlane.ports.attention import Noted

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INDEX = "attention"
PAGE = 100
FARTHEST = datetime(9999, 1, 1, tzinfo=UTC)
IS_THIS_ENTRY = "attention = :attention AND attention_at = :at"


class DynamoAttention:
    """`AttentionIndex` on DynamoDB. Every write is conditional on the entry, so repeating it changes nothing."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """`table` is the Tasks table."""
        self._client = client
        self._table = table

    def noted(self, kind: Kind, *, until: datetime) -> Iterator[Noted]:
        """The entries that are wanted by then, the earliest first; read page by page."""
        shards = [self._shard(kind, shard, until) for shard in range(items.TIME_SHARDS)]
        return heapq.merge(*shards, key=lambda noted: noted.attention.at)

    def holds(self, tenant: str) -> bool:
        """Whether any task of the tenant is noted, at whatever time. Reads every entry: for rare use."""
        entries = (one for kind in Kind for one in self.noted(kind, until=FARTHEST))
        return any(one.tenant == tenant for one in entries)

    def without_message(self, tenant: str) -> int:
        """How many of the tenant's unended tasks no lane message holds. Reads their entries of all tenants."""
        entries = (one for kind in WITHOUT_MESSAGE for one in self.noted(kind, until=FARTHEST))
        return sum(one.tenant == tenant for one in entries)

    def settle(self, noted: Noted) -> None:
        """Take the entry back, unless it has changed meanwhile."""
        self._update(noted, "REMOVE attention, attention_at", {})

    def postpone(self, noted: Noted, until: datetime) -> None:
        """Come back to it then, unless it has changed meanwhile."""
        self._update(noted, "SET attention_at = :until", {":until": items.number(to_ms(until))})

    def _shard(self, kind: Kind, shard: int, until: datetime) -> Iterator[Noted]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": INDEX,
            "KeyConditionExpression": "attention = :attention AND attention_at <= :until",
            "ExpressionAttributeValues": {
                ":attention": {"S": items.attention_shard(kind, shard)},
                ":until": items.number(to_ms(until)),
            },
            "Limit": PAGE,
        }
        while True:
            answer = self._client.query(**request)
            for item in answer["Items"]:
                tenant, _, name = item["pk"]["S"].partition("#")
                yield Noted(tenant, name, Attention(kind, from_ms(int(item["attention_at"]["N"]))))
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _update(self, noted: Noted, update: str, values: dict[str, Any]) -> None:
        entry = items.attention_of(noted.attention, noted.name)
        try:
            self._client.update_item(
                TableName=self._table,
                Key=items.task_key(noted.tenant, noted.name),
                UpdateExpression=update,
                ConditionExpression=IS_THIS_ENTRY,
                ExpressionAttributeValues={
                    ":attention": entry["attention"],
                    ":at": entry["attention_at"],
                    **values,
                },
            )
        except ClientError as error:
            if error_code(error) != CONDITION_FAILED:
                raise
