"""The Registry table: documents by partition (a tenant, or `#tenants`, `key#...`, `queue#...`) and item."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fairlane.aws.clients import CONDITION_FAILED, error_code
from fairlane.domain.errors import Refused
from fairlane.ports.registry import Entry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoRegistry:
    """`Registry` on DynamoDB. Reads are consistent: what the API just accepted works at once."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """`table` is the table's name."""
        self._client = client
        self._table = table

    def get(self, partition: str, item: str) -> Entry | None:
        """The document, or None."""
        answer = self._client.get_item(TableName=self._table, Key=_key(partition, item), ConsistentRead=True)
        return _entry(answer["Item"]) if "Item" in answer else None

    def query(self, partition: str, prefix: str, *, limit: int, after: str | None = None) -> Sequence[Entry]:
        """Documents of a partition by item name."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "tenant = :partition",
            "ExpressionAttributeValues": {":partition": {"S": partition}},
            "ConsistentRead": True,
            "Limit": limit,
        }
        if prefix:  # DynamoDB takes no empty prefix
            request["KeyConditionExpression"] += " AND begins_with(#item, :prefix)"
            request["ExpressionAttributeNames"] = {"#item": "item"}
            request["ExpressionAttributeValues"][":prefix"] = {"S": prefix}
        if after is not None:
            request["ExclusiveStartKey"] = _key(partition, after)
        return [_entry(item) for item in self._client.query(**request)["Items"]]

    def put(self, entry: Entry, *, expected: int) -> None:
        """Write `entry` if the stored version is `expected` (0: not there). Raises Refused (409)."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(doc)"}
        if expected:
            condition["ConditionExpression"] = "#version = :expected"
            condition["ExpressionAttributeNames"] = {"#version": "version"}
            condition["ExpressionAttributeValues"] = {":expected": {"N": str(expected)}}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_item(entry),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **condition,
            )
        except ClientError as error:
            if error_code(error) != CONDITION_FAILED:
                raise
            stored: Any = error.response.get("Item") or {}
            if stored and _entry(stored) == entry:
                return  # the SDK repeated a write that had worked
            raise Refused("conflict", "Somebody changed this at the same time: read it and try again.") from error

    def delete(self, partition: str, item: str) -> None:
        """Remove; nothing happens where there is nothing."""
        self._client.delete_item(TableName=self._table, Key=_key(partition, item))


def _key(partition: str, item: str) -> dict[str, Any]:
    return {"tenant": {"S": partition}, "item": {"S": item}}


def _item(entry: Entry) -> dict[str, Any]:
    return _key(entry.partition, entry.item) | {
        "doc": {"S": json.dumps(entry.doc, separators=(",", ":"), sort_keys=True)},
        "version": {"N": str(entry.version)},
    }


def _entry(item: Any) -> Entry:
    return Entry(item["tenant"]["S"], item["item"]["S"], json.loads(item["doc"]["S"]), int(item["version"]["N"]))
