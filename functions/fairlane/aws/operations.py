"""Bulk operations: one small item each, in the Tasks table, so that the index `attention` finds those that run."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fairlane.aws import items
from fairlane.aws.clients import CONDITION_FAILED, error_code
from fairlane.domain.attention import Attention, Kind
from fairlane.domain.operation import KEPT, Action, Filter, Operation, State
from fairlane.domain.task import Status
from fairlane.domain.times import from_ms, to_ms
from fairlane.ports.operations import OperationStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoOperations(OperationStore):
    """`OperationStore` on DynamoDB. A write that the SDK repeats meets itself, which is success."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """`table` is the Tasks table."""
        self._client = client
        self._table = table

    def create(self, operation: Operation) -> Operation:
        """Put it unless there is one with this id; the one that is there now."""
        item = _item(operation, operation.created_at)
        old = self._put(item, "attribute_not_exists(pk)", {})
        return operation if old is None else _operation(old)

    def get(self, tenant: str, operation_id: str) -> Operation | None:
        """The operation, read consistently."""
        key = items.task_key(tenant, operation_id)
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _operation(answer["Item"]) if "Item" in answer else None

    def save(self, operation: Operation, *, again_at: datetime) -> bool:
        """Write it as the next version, noted for `again_at` while it runs; False when it has changed meanwhile."""
        item = _item(replace(operation, version=operation.version + 1), again_at)
        old = self._put(item, "version = :expected", {":expected": items.number(operation.version)})
        return old is None or old == item

    def _put(self, item: items.Item, condition: str, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """None: written; else what is there instead (empty: nothing)."""
        request: dict[str, Any] = {"ExpressionAttributeValues": dict(values)} if values else {}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression=condition,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **request,
            )
        except ClientError as error:
            if error_code(error) != CONDITION_FAILED:
                raise
            old: Any = error.response.get("Item")
            return old or {}
        return None


def _item(operation: Operation, again_at: datetime) -> items.Item:
    wanted = operation.filter
    texts = {"status": wanted.status, "type": wanted.type, "lane": wanted.lane, "source": wanted.source}
    text = json.dumps({name: value for name, value in texts.items() if value is not None}, sort_keys=True)
    item = items.task_key(operation.tenant, operation.id) | {
        "action": {"S": operation.action.value},
        "state": {"S": operation.state.value},
        "filter": {"S": text},
        "version": items.number(operation.version),
        "ttl": items.number(int((operation.created_at + KEPT).timestamp())),
    }
    for name in ("matched", "done", "failed", "troubles"):
        item[name] = items.number(getattr(operation, name))
    times = {
        "created_at": operation.created_at,
        "ended_at": operation.ended_at,
        "created_after": wanted.created_after,
        "created_before": wanted.created_before,
    }
    item |= {name: items.number(to_ms(at)) for name, at in times.items() if at is not None}
    item |= {name: {"S": value} for name in ("cursor", "error") if (value := getattr(operation, name)) is not None}
    if operation.state is State.RUNNING:
        item |= items.attention_of(Attention(Kind.OPERATION, again_at), operation.id)
    return item


def _operation(item: Mapping[str, Any]) -> Operation:
    tenant, _, name = item["pk"]["S"].partition("#")

    def time(name: str) -> datetime | None:
        return from_ms(int(item[name]["N"])) if name in item else None

    def text(name: str) -> str | None:
        return str(item[name]["S"]) if name in item else None

    said = json.loads(item["filter"]["S"])
    return Operation(
        tenant=tenant,
        id=name,
        action=Action(item["action"]["S"]),
        filter=Filter(
            created_before=from_ms(int(item["created_before"]["N"])),
            created_after=time("created_after"),
            status=Status(said["status"]) if "status" in said else None,
            type=said.get("type"),
            lane=said.get("lane"),
            source=said.get("source"),
        ),
        created_at=from_ms(int(item["created_at"]["N"])),
        state=State(item["state"]["S"]),
        matched=int(item["matched"]["N"]),
        done=int(item["done"]["N"]),
        failed=int(item["failed"]["N"]),
        cursor=text("cursor"),
        troubles=int(item["troubles"]["N"]),
        error=text("error"),
        ended_at=time("ended_at"),
        version=int(item["version"]["N"]),
    )
