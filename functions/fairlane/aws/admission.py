"""The meter of a tenant's submitting: the item `tenant#submit` of the Quotas table.

Permits are taken by adding under a condition, so that many gateways never overwrite one another. A write
that the SDK repeats is recognized by its nonce; when another write came in between, it counts twice,
which is too much and is put right later (docs/decisions/0016). Giving back twice would be too little, so
those writes are sent once, by a client that never repeats.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fairlane.aws.clients import CONDITION_FAILED, error_code
from fairlane.domain.admission import Drift, Meter, SubmitLimits, latest_ns, to_ns
from fairlane.ports.admission import Short, Taken

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: A meter that nobody has touched for so long says nothing: the next one starts from the queues' depth.
LIFE = timedelta(days=30)
#: Names of the conditions.
NOT_DONE_YET = "nonce <> :nonce"
IS_FULL = "token_ns = :token AND full_at < :now"
HAS_TOKENS = "token_ns = :token AND full_at BETWEEN :now AND :latest"
HAS_PLACES = "since = :since AND backlog <= :most"
HAS_BACKLOG = "backlog >= :count"
HAS_RATE = "token_ns > :zero"
#: Of a give-back that met a smaller count: how often it is tried with that.
TRIES = 3


def _nonce() -> str:
    return secrets.token_urlsafe(9)


class DynamoAdmission:
    """`AdmissionStore` on DynamoDB."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        once: Callable[[], "DynamoDBClient"],
        *,
        nonce: Callable[[], str] = _nonce,
    ) -> None:
        """`once` gives the client that never repeats a call; asked only where it is needed."""
        self._client = client
        self._table = table
        self._once = cache(once)
        self._nonce = nonce

    def look(self, tenant: str) -> Meter | None:
        """The meter, read consistently."""
        answer = self._client.get_item(TableName=self._table, Key=meter_key(tenant), ConsistentRead=True)
        return meter_of(answer["Item"]) if "Item" in answer else None

    def start(self, tenant: str, meter: Meter, *, instead_of: Meter | None, now: datetime) -> Meter | None:
        """Write `meter` in place of the one that was read; whichever is there afterwards."""
        nonce = self._nonce()
        request: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if instead_of is not None:
            request["ConditionExpression"] = "nonce = :seen"
            request["ExpressionAttributeValues"] = {":seen": {"S": instead_of.nonce}}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_item(tenant, meter, nonce, now),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **request,
            )
        except ClientError as error:
            return _met(error)
        return replace(meter, nonce=nonce)

    def take(self, tenant: str, limits: SubmitLimits, count: int, *, now: datetime, is_full: bool) -> Taken | Short:
        """Take `count` permits if there are as many; `is_full`: whether the bucket is believed to be."""
        if limits.rate is not None and count > limits.burst:  # no condition on a full bucket tells that
            return Short(self.look(tenant))
        nonce = self._nonce()
        values: dict[str, Any] = {":nonce": {"S": nonce}, ":ttl": _number(_ttl(now))}
        sets, conditions = ["nonce = :nonce", "#ttl = :ttl"], [NOT_DONE_YET]
        if limits.rate is not None:
            cost = count * limits.token_ns
            conditions.append(IS_FULL if is_full else HAS_TOKENS)
            sets.append("full_at = :full" if is_full else "full_at = full_at + :full")
            values[":full"] = _number(to_ns(now) + cost if is_full else cost)
            values |= {":token": _number(limits.token_ns), ":now": _number(to_ns(now))}
            if not is_full:
                values[":latest"] = _number(latest_ns(limits, count, now))
        if limits.backlog is not None:
            conditions.append(HAS_PLACES)
            sets.append("backlog = backlog + :count, admitted = admitted + :count")
            values |= {":count": _number(count), ":most": _number(limits.backlog - count)}
            values[":since"] = {"S": limits.since}
        return self._update(self._client, tenant, f"SET {', '.join(sets)}", " AND ".join(conditions), values)

    def give_back(self, tenant: str, *, places: int, tokens_ns: int = 0, now: datetime) -> None:
        """Take less off the backlog (never below 0), and give tokens back. Never done twice, perhaps not at all."""
        for _ in range(TRIES):
            if not (places or tokens_ns):
                return
            outcome = self._give_back_once(tenant, places, tokens_ns, now)
            if isinstance(outcome, Taken) or outcome.meter is None:
                return
            places = min(places, outcome.meter.backlog or 0)
            tokens_ns = tokens_ns if outcome.meter.token_ns else 0

    def correct(self, tenant: str, seen: Meter, *, by: int, drift: Drift | None, now: datetime) -> bool:
        """Add `by` to the backlog and note `drift`, if the drift noted so far is still the one that was seen."""
        values: dict[str, Any] = {":nonce": {"S": self._nonce()}, ":ttl": _number(_ttl(now)), ":by": _number(by)}
        conditions = ["attribute_not_exists(drift)", "since = :since", "backlog >= :least"]
        values |= {":since": {"S": seen.since}, ":least": _number(-by)}
        if seen.drift is not None:
            conditions[0] = "drift = :seen"
            values[":seen"] = _drift(seen.drift)
        update = "SET nonce = :nonce, #ttl = :ttl, backlog = backlog + :by"
        if drift is None:
            update += " REMOVE drift"
        else:
            update += ", drift = :drift"
            values[":drift"] = _drift(drift)
        return isinstance(self._update(self._once(), tenant, update, " AND ".join(conditions), values), Taken)

    def _give_back_once(self, tenant: str, places: int, tokens_ns: int, now: datetime) -> Taken | Short:
        values = {":nonce": {"S": self._nonce()}, ":ttl": _number(_ttl(now))}
        sets, conditions = ["nonce = :nonce", "#ttl = :ttl"], [NOT_DONE_YET]
        if places:
            sets.append("backlog = backlog - :count")
            conditions.append(HAS_BACKLOG)
            values[":count"] = _number(places)
        if tokens_ns:
            sets.append("full_at = full_at - :tokens")
            conditions.append(HAS_RATE)
            values |= {":tokens": _number(tokens_ns), ":zero": _number(0)}
        return self._update(self._once(), tenant, f"SET {', '.join(sets)}", " AND ".join(conditions), values)

    def _update(
        self, client: "DynamoDBClient", tenant: str, update: str, condition: str, values: Mapping[str, Any]
    ) -> Taken | Short:
        try:
            answer = client.update_item(
                TableName=self._table,
                Key=meter_key(tenant),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#ttl": "ttl"},
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            met = _met(error)
            return Taken(met) if met is not None and met.nonce == values[":nonce"]["S"] else Short(met)
        return Taken(meter_of(answer["Attributes"]))


def meter_key(tenant: str) -> dict[str, Any]:
    """Primary key of the meter."""
    return {"pk": {"S": f"{tenant}#submit"}}


def meter_of(item: Mapping[str, Any]) -> Meter:
    """The meter of an item."""
    return Meter(
        full_at_ns=int(item["full_at"]["N"]),
        token_ns=int(item["token_ns"]["N"]),
        backlog=int(item["backlog"]["N"]) if "backlog" in item else None,
        since=item["since"]["S"] if "since" in item else "",
        admitted=int(item["admitted"]["N"]) if "admitted" in item else 0,
        drift=Drift(*(int(part["N"]) for part in item["drift"]["L"])) if "drift" in item else None,
        nonce=item["nonce"]["S"],
    )


def _item(tenant: str, meter: Meter, nonce: str, now: datetime) -> dict[str, Any]:
    item = meter_key(tenant) | {
        "full_at": _number(meter.full_at_ns),
        "token_ns": _number(meter.token_ns),
        "nonce": {"S": nonce},
        "ttl": _number(_ttl(now)),
    }
    if meter.backlog is not None:
        item |= {"backlog": _number(meter.backlog), "since": {"S": meter.since}, "admitted": _number(meter.admitted)}
    if meter.drift is not None:
        item["drift"] = _drift(meter.drift)
    return item


def _drift(drift: Drift) -> dict[str, Any]:
    return {"L": [_number(drift.excess), _number(drift.at_ms), _number(drift.admitted)]}


def _met(error: ClientError) -> Meter | None:
    """The meter that a refused condition met. Any other error is raised again."""
    if error_code(error) != CONDITION_FAILED:
        raise error
    item: Any = error.response.get("Item")
    return meter_of(item) if item else None


def _ttl(now: datetime) -> int:
    return int((now + LIFE).timestamp())


def _number(value: int) -> dict[str, Any]:
    return {"N": str(value)}
