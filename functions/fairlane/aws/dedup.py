"""The Dedup table: explicit deduplication keys with a window."""

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from fairlane.aws.clients import CONDITION_FAILED, error_code
from fairlane.aws.items import number
from fairlane.domain.times import to_ms
from fairlane.ports.tasks import Reservation

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDedup:
    """`DedupStore` on DynamoDB. The window is compared, never trusted to have been deleted by TTL."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """`table` is the table's name."""
        self._client = client
        self._table = table

    def reserve(self, tenant: str, key: str, wanted: Reservation, *, now: datetime, window: timedelta) -> Reservation:
        """Take the key for `window` unless it is taken; whoever has it now.

        The wanted task id is random, so it is the write's nonce too: a repeated put meets itself.
        """
        until = now + window
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    "pk": {"S": f"{tenant}#{hashlib.sha256(key.encode()).hexdigest()}"},
                    "task_id": {"S": wanted.task_id},
                    "hash": {"S": wanted.payload_hash},
                    "until": number(to_ms(until)),
                    "ttl": number(int(until.timestamp()) + 1),
                },
                ConditionExpression="attribute_not_exists(pk) OR #until <= :now",
                ExpressionAttributeNames={"#until": "until"},
                ExpressionAttributeValues={":now": number(to_ms(now))},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error_code(error) != CONDITION_FAILED:
                raise
            item = error.response["Item"]  # type: ignore[typeddict-item]
            return Reservation(item["task_id"]["S"], item["hash"]["S"])
        return wanted
