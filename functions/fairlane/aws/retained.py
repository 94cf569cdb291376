"""Retained events: items of their own beside the task, compressed, in parts where one item is too small.

DynamoDB takes 400 KB an item, and an event may have 1 MB. The parts are written before the first item,
which tells their number: a reader that finds it finds all of them.
"""

import zlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fairlane.aws import items
from fairlane.domain.task import Task

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PART_BYTES = 380_000


class DynamoEvents:
    """`EventStore` in the Tasks table.

    The key has the generation, so a reused id never finds an old event; and the payload's hash, so another event
    under the same id, which is refused only after its event was kept, never takes the place of the first.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """`table` is the Tasks table."""
        self._client = client
        self._table = table

    def keep(self, task: Task, event: str, *, until: datetime) -> None:
        """Store the event's JSON text for this generation of the task. May be repeated."""
        packed = zlib.compress(event.encode())
        parts = [packed[start : start + PART_BYTES] for start in range(0, len(packed), PART_BYTES)]
        for number in reversed(range(len(parts))):
            self._client.put_item(
                TableName=self._table,
                Item=_key(task, number)
                | {
                    "event": {"B": parts[number]},
                    "parts": items.number(len(parts)),
                    "ttl": items.number(int(until.timestamp())),
                },
            )

    def load(self, task: Task) -> str | None:
        """The text, or None: it was not kept, or not so long."""
        first = self._part(task, 0)
        if first is None:
            return None
        packed = bytes(first["event"]["B"])
        for number in range(1, int(first["parts"]["N"])):
            part = self._part(task, number)
            if part is None:
                return None
            packed += bytes(part["event"]["B"])
        return zlib.decompress(packed).decode()

    def _part(self, task: Task, number: int) -> Any:
        answer = self._client.get_item(TableName=self._table, Key=_key(task, number), ConsistentRead=True)
        return answer.get("Item")


def _key(task: Task, number: int) -> items.Item:
    return {"pk": {"S": f"{task.tenant}#{task.id}#event#{task.generation}#{task.payload_hash}#{number}"}}
