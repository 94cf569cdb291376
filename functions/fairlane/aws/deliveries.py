"""The Deliveries table: how subscriptions' endpoints fare, and result events that were given up.

A tenant's items lie in one partition: `endpoint#NAME`, `delivery#ID` and, beside it so that lists stay
small, `event#ID` with the event itself. Nothing is written while all goes well. Every write may be
repeated: a delivery's id is made of the event and the subscription.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fairlane.aws.clients import CONDITION_FAILED, error_code
from fairlane.deliveries import DeliveryPage, DeliveryQuery
from fairlane.domain.delivery import (
    KEEP_FAILED,
    DeliveryStatus,
    Endpoint,
    FailedDelivery,
    Stopped,
)
from fairlane.domain.times import from_ms, to_ms

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DELIVERY, _EVENT, _ENDPOINT = "delivery#", "event#", "endpoint#"
_FIRST, _LAST = "0", "~"
#: A page that matches little reads so many, and then answers with what it found and where to go on.
MOST_READ = 1_000
BATCH = 100

Item = dict[str, Any]


class DynamoDeliveries:
    """`DeliveryStore` on DynamoDB. The tenant is the first part of every key."""

    def __init__(self, client: "DynamoDBClient", table: str, tasks_table: str | None = None) -> None:
        """`tasks_table`: where a task is told that its result was given up; for the deliverer."""
        self._client = client
        self._table = table
        self._tasks_table = tasks_table

    # --- endpoints ------------------------------------------------------------------------------

    def endpoint(self, tenant: str, subscription: str) -> Endpoint:
        """How posting to the subscription has gone lately."""
        key = _key(tenant, _ENDPOINT + subscription)
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _endpoint(answer.get("Item", {}))

    def note_endpoint(self, tenant: str, subscription: str, endpoint: Endpoint) -> None:
        """Remember it, unless somebody has stopped the endpoint meanwhile; nothing is kept of one that is well."""
        key = _key(tenant, _ENDPOINT + subscription)
        condition: Any = {"ConditionExpression": "attribute_not_exists(stopped)"}
        try:
            if endpoint.is_well:
                self._client.delete_item(TableName=self._table, Key=key, **condition)
            else:
                self._client.put_item(TableName=self._table, Item=key | _endpoint_item(endpoint), **condition)
        except ClientError as error:
            if error_code(error) != CONDITION_FAILED:
                raise

    def resume(self, tenant: str, subscription: str) -> None:
        """Forget what went wrong, a stop included."""
        self._client.delete_item(TableName=self._table, Key=_key(tenant, _ENDPOINT + subscription))

    # --- deliveries that were given up ------------------------------------------------------------

    def give_up(self, delivery: FailedDelivery, event: str) -> None:
        """Keep the event and why it was not taken, and tell its task. The event first: what is listed can be sent."""
        ttl = {"ttl": _number(int((delivery.failed_at + KEEP_FAILED).timestamp()))}
        event_item = _key(delivery.tenant, _EVENT + delivery.id) | {"event": {"S": event}} | ttl
        self._client.put_item(TableName=self._table, Item=event_item)
        item = _key(delivery.tenant, _DELIVERY + delivery.id) | _delivery_item(delivery) | ttl
        self._client.put_item(TableName=self._table, Item=item)
        if delivery.task is not None:
            self._tell_task(
                delivery,
                "SET delivery = :delivery ADD undelivered :subscription",
                {":delivery": {"L": [_number(delivery.attempts), {"S": delivery.error}]}},
            )

    def delivered(self, delivery: FailedDelivery) -> None:
        """It was taken after all. The task first: what is listed is repaired by the next redrive."""
        if delivery.task is not None:
            self._tell_task(delivery, "DELETE undelivered :subscription", {})
        for kind in (_DELIVERY, _EVENT):
            self._client.delete_item(TableName=self._table, Key=_key(delivery.tenant, kind + delivery.id))

    def redriven(self, delivery: FailedDelivery, at: datetime) -> None:
        """It was sent again; nothing happens when it has been taken or has failed again meanwhile."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(delivery.tenant, _DELIVERY + delivery.id),
                UpdateExpression="SET #status = :redriven, redriven_at = :at",
                ConditionExpression="failed_at = :failed_at",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":redriven": {"S": DeliveryStatus.REDRIVEN.value},
                    ":at": _number(to_ms(at)),
                    ":failed_at": _number(to_ms(delivery.failed_at)),
                },
            )
        except ClientError as error:
            if error_code(error) != CONDITION_FAILED:
                raise

    def get(self, tenant: str, delivery_id: str) -> FailedDelivery | None:
        """One, or None."""
        key = _key(tenant, _DELIVERY + delivery_id)
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _delivery(answer["Item"]) if "Item" in answer else None

    def event(self, delivery: FailedDelivery) -> str | None:
        """The result event as JSON text; None when it is gone."""
        key = _key(delivery.tenant, _EVENT + delivery.id)
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return answer["Item"]["event"]["S"] if "Item" in answer else None

    def page(self, tenant: str, query: DeliveryQuery) -> DeliveryPage:
        """One page, by the time of the events, newest first."""
        found: list[FailedDelivery] = []
        after, read = query.after, 0
        while read < MOST_READ:
            answer = self._query(tenant, after)
            for item in answer["Items"]:
                delivery = _delivery(item)
                read, after = read + 1, delivery.id
                if _matches(delivery, query):
                    found.append(delivery)
                if len(found) == query.limit:
                    return DeliveryPage(found, after)
            if "LastEvaluatedKey" not in answer:
                return DeliveryPage(found, None)
        return DeliveryPage(found, after)

    def _query(self, tenant: str, after: str | None) -> Any:
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "tenant = :tenant AND #item BETWEEN :low AND :high",
            "ExpressionAttributeNames": {"#item": "item"},
            "ExpressionAttributeValues": {
                ":tenant": {"S": tenant},
                ":low": {"S": _DELIVERY + _FIRST},
                ":high": {"S": _DELIVERY + _LAST},
            },
            "ScanIndexForward": False,
            "ConsistentRead": True,
            "Limit": BATCH,
        }
        if after is not None:
            request["ExclusiveStartKey"] = _key(tenant, _DELIVERY + after)
        return self._client.query(**request)

    def _tell_task(self, delivery: FailedDelivery, update: str, values: Mapping[str, Any]) -> None:
        """One conditional write; a task that is gone, or another under the same id, is left alone."""
        if self._tasks_table is None or delivery.task is None:
            return
        task_id, generation = delivery.task
        try:
            self._client.update_item(
                TableName=self._tasks_table,
                Key={"pk": {"S": f"{delivery.tenant}#{task_id}"}},
                UpdateExpression=update,
                ConditionExpression="generation = :generation",
                ExpressionAttributeValues={
                    ":generation": _number(generation),
                    ":subscription": {"SS": [delivery.subscription]},
                    **values,
                },
            )
        except ClientError as error:
            if error_code(error) != CONDITION_FAILED:
                raise


def _matches(delivery: FailedDelivery, query: DeliveryQuery) -> bool:
    task = delivery.task[0] if delivery.task else None
    return all(
        wanted is None or wanted == actual
        for wanted, actual in (
            (query.status, delivery.status.value),
            (query.subscription, delivery.subscription),
            (query.task, task),
        )
    )


def _key(tenant: str, item: str) -> Item:
    return {"tenant": {"S": tenant}, "item": {"S": item}}


def _number(value: int) -> Item:
    return {"N": str(value)}


def _endpoint_item(endpoint: Endpoint) -> Item:
    item: Item = {
        "failures": _number(endpoint.failures),
        "rest_ms": _number(endpoint.rest // timedelta(milliseconds=1)),
        "reason": {"S": endpoint.reason},
    }
    for name, at in (("failing_since", endpoint.failing_since), ("rests_until", endpoint.rests_until)):
        if at is not None:
            item[name] = _number(to_ms(at))
    if endpoint.stopped is not None:
        item["stopped"] = {"S": endpoint.stopped.value}
    return item


def _endpoint(item: Mapping[str, Any]) -> Endpoint:
    if not item:
        return Endpoint()
    return Endpoint(
        failures=int(item["failures"]["N"]),
        failing_since=_time(item, "failing_since"),
        rests_until=_time(item, "rests_until"),
        rest=timedelta(milliseconds=int(item["rest_ms"]["N"])),
        stopped=Stopped(item["stopped"]["S"]) if "stopped" in item else None,
        reason=item["reason"]["S"],
    )


def _delivery_item(delivery: FailedDelivery) -> Item:
    item: Item = {
        "subscription": {"S": delivery.subscription},
        "event_id": {"S": delivery.event_id},
        "type": {"S": delivery.event_type},
        "at": _number(to_ms(delivery.time)),
        "attempts": _number(delivery.attempts),
        "error": {"S": delivery.error},
        "failed_at": _number(to_ms(delivery.failed_at)),
        "status": {"S": delivery.status.value},
    }
    if delivery.task is not None:
        item["task"] = {"L": [{"S": delivery.task[0]}, _number(delivery.task[1])]}
    return item


def _delivery(item: Mapping[str, Any]) -> FailedDelivery:
    task = item["task"]["L"] if "task" in item else None
    return FailedDelivery(
        tenant=item["tenant"]["S"],
        subscription=item["subscription"]["S"],
        event_id=item["event_id"]["S"],
        event_type=item["type"]["S"],
        time=from_ms(int(item["at"]["N"])),
        task=(task[0]["S"], int(task[1]["N"])) if task else None,
        attempts=int(item["attempts"]["N"]),
        error=item["error"]["S"],
        failed_at=from_ms(int(item["failed_at"]["N"])),
        status=DeliveryStatus(item["status"]["S"]),
        redriven_at=_time(item, "redriven_at"),
    )


def _time(item: Mapping[str, Any], name: str) -> datetime | None:
    return from_ms(int(item[name]["N"])) if name in item else None
