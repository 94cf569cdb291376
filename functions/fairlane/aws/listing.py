"""Listing a tenant's tasks: the sharded index by time, merged, filtered, paged.

The index holds keys only and is written once per task, as its keys never change; the tasks
themselves are read in batches. Filters are applied after that read, so a page that matches little
reads at most `MOST_READ` tasks and then answers with what it found and a cursor.
"""

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from fairlane.aws import items
from fairlane.domain.task import Task
from fairlane.domain.times import sortable
from fairlane.ports.tasks import TaskPage, TaskQuery

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_READ = 1_000
BATCH = 100
_FIRST, _LAST = "0", "~"


def page(client: "DynamoDBClient", table: str, tenant: str, query: TaskQuery) -> TaskPage:
    """One page: tasks that match, newest (or oldest) first, and where the next one starts."""
    keys = _merged_keys(client, table, tenant, query)
    found: list[Task] = []
    read = 0
    last = None
    while read < MOST_READ:
        batch = list(islice(keys, min(BATCH, max(query.limit, 20))))
        if not batch:
            return TaskPage(found, None)
        read += len(batch)
        tasks = _read(client, table, [pk for _, pk in batch])
        for time_key, pk in batch:
            last = time_key
            task = tasks.get(pk)
            if task is not None and _matches(task, query):
                found.append(task)
                if len(found) == query.limit:
                    return TaskPage(found, time_key)
    return TaskPage(found, last)


def _matches(task: Task, query: TaskQuery) -> bool:
    return all(
        wanted is None or wanted == actual
        for wanted, actual in (
            (query.status, task.status.value),
            (query.type, task.type),
            (query.lane, task.lane),
            (query.source, task.source),
        )
    )


def _merged_keys(client: "DynamoDBClient", table: str, tenant: str, query: TaskQuery) -> Iterator[tuple[str, str]]:
    shards = [_shard_keys(client, table, items.time_shard(tenant, n), query) for n in range(items.TIME_SHARDS)]
    return heapq.merge(*shards, reverse=query.newest_first)


def _shard_keys(client: "DynamoDBClient", table: str, shard: str, query: TaskQuery) -> Iterator[tuple[str, str]]:
    low, high = _bounds(query)
    if low > high:
        return
    request: dict[str, Any] = {
        "TableName": table,
        "IndexName": "by_time",
        "KeyConditionExpression": "time_shard = :shard AND time_key BETWEEN :low AND :high",
        "ExpressionAttributeValues": {":shard": {"S": shard}, ":low": {"S": low}, ":high": {"S": high}},
        "ScanIndexForward": not query.newest_first,
        "Limit": BATCH,
    }
    while True:
        answer = client.query(**request)
        for item in answer["Items"]:
            if item["time_key"]["S"] != query.after:
                yield item["time_key"]["S"], item["pk"]["S"]
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _bounds(query: TaskQuery) -> tuple[str, str]:
    # every key is "<time>#<id>", so "<time>" lies before and "<time>~" after all keys of that time
    low = f"{_stamp(query.created_after)}~" if query.created_after else _FIRST
    high = _stamp(query.created_before) if query.created_before else _LAST
    if query.after is not None and query.newest_first:
        high = min(high, query.after)
    elif query.after is not None:
        low = max(low, query.after)
    return low, high


def _stamp(at: datetime) -> str:
    return sortable(at)


def _read(client: "DynamoDBClient", table: str, pks: Sequence[str]) -> dict[str, Task]:
    found: dict[str, Task] = {}
    pending: dict[str, Any] = {table: {"Keys": [{"pk": {"S": pk}} for pk in pks], "ConsistentRead": True}}
    while pending:
        answer = client.batch_get_item(RequestItems=pending)
        for item in answer["Responses"].get(table, []):
            found[item["pk"]["S"]] = items.task_of(item)
        pending = dict(answer.get("UnprocessedKeys", {}))
    return found
