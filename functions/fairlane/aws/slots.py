"""The slots of each tenant: one item of the Quotas table.

DynamoDB bills every write by the whole item, so names and values are short: `t`, `l.LANE` and `f.TYPE`
count, `x.ID` is a lease, `s.LANE` a share, `r.LANE` a rate's state, `p.TYPE` a function's pressure.
All lie at the top level: nothing has to exist before it is counted.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fairlane.aws.clients import CONDITION_FAILED, error_code
from fairlane.aws.items import Item, number
from fairlane.domain.pressure import Pressure
from fairlane.domain.slots import Change, Lease, Slots, lane_scope
from fairlane.domain.times import from_ms, to_ms
from fairlane.ports.slots import Changed, NotChanged

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEASE, SHARE, ARRIVAL, PRESSURE = "x.", "s.", "r.", "p."


def slots_key(tenant: str) -> Item:
    """Primary key of a tenant's slots."""
    return {"pk": {"S": f"{tenant}#slots"}}


class DynamoSlots:
    """`SlotStore` on DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """`table` is Quotas."""
        self._client = client
        self._table = table

    def look(self, tenant: str) -> Slots:
        """What is in use now, read consistently."""
        answer = self._client.get_item(TableName=self._table, Key=slots_key(tenant), ConsistentRead=True)
        return slots_of(answer.get("Item", {}))

    def change(self, tenant: str, change: Change) -> Changed | NotChanged:
        """Make the change, or tell what stands in its way."""
        expression = _Expression()
        expression.write(change)
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=slots_key(tenant),
                **expression.request(),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error_code(error) != CONDITION_FAILED:
                raise
            item: Mapping[str, Any] = error.response.get("Item") or {}  # type: ignore[assignment]
            found = slots_of(item)
            return Changed(found) if change.has_worked(found) else NotChanged(found)
        return Changed(slots_of(answer["Attributes"]))

    def set_shares(self, tenant: str, shares: Mapping[str, int | None]) -> None:
        """What the allocator leaves to each lane; None takes its share away."""
        expression = _Expression()
        for lane, share in shares.items():
            expression.put(f"{SHARE}{lane_scope(lane)[2:]}", None if share is None else number(share))
        if shares:
            self._client.update_item(TableName=self._table, Key=slots_key(tenant), **expression.request())


class _Expression:
    """The parts of one UpdateItem."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Item] = {}
        self._conditions: list[str] = []
        self._set: list[str] = []
        self._add: list[str] = []
        self._remove: list[str] = []

    def write(self, change: Change) -> None:
        added = change.added()
        for scope, most in change.at_most.items():
            self._keep_at_most(scope, most - added.get(scope, 0))
        for scope, count in added.items():
            self._add.append(f"{self._name(scope)} {self._value(number(count))}")
        for name, lease in change.leases.items():
            self._swap(f"{LEASE}{name}", *map(_lease_value, lease))
        for scope, share in change.shares.items():
            self._swap(f"{SHARE}{scope[2:]}", *map(_number_value, share))
        for scope, arrival in change.arrivals.items():
            self._swap(f"{ARRIVAL}{scope[2:]}", *map(_number_value, arrival))
        for scope, pressure in change.pressures.items():
            self._swap(f"{PRESSURE}{scope[2:]}", *map(_pressure_value, pressure))

    def put(self, attribute: str, value: Item | None) -> None:
        name = self._name(attribute)
        if value is None:
            self._remove.append(name)
        else:
            self._set.append(f"{name} = {self._value(value)}")

    def request(self) -> dict[str, Any]:
        parts = (("SET", self._set), ("ADD", self._add), ("REMOVE", self._remove))
        request: dict[str, Any] = {"ExpressionAttributeNames": self._names}
        update = " ".join(f"{verb} {', '.join(each)}" for verb, each in parts if each)
        if update:
            request["UpdateExpression"] = update
        if self._conditions:
            request["ConditionExpression"] = " AND ".join(self._conditions)
        if self._values:
            request["ExpressionAttributeValues"] = self._values
        return request

    def _keep_at_most(self, scope: str, most: int) -> None:
        name = self._name(scope)
        fits = f"{name} <= {self._value(number(most))}"
        self._conditions.append(f"(attribute_not_exists({name}) OR {fits})" if most >= 0 else fits)

    def _swap(self, attribute: str, old: Item | None, new: Item | None) -> None:
        name = self._name(attribute)
        self._conditions.append(f"attribute_not_exists({name})" if old is None else f"{name} = {self._value(old)}")
        if old != new:
            self.put(attribute, new)

    def _name(self, attribute: str) -> str:
        for alias, known in self._names.items():
            if known == attribute:
                return alias
        alias = f"#{len(self._names)}"
        self._names[alias] = attribute
        return alias

    def _value(self, value: Item) -> str:
        alias = f":{len(self._values)}"
        self._values[alias] = value
        return alias


def slots_of(item: Mapping[str, Any]) -> Slots:
    """The slots of an item."""
    return Slots(
        used={name: int(value["N"]) for name, value in item.items() if _counts(name) and value["N"] != "0"},
        leases={name: _lease_of(value["S"]) for name, value in _those(item, LEASE)},
        shares={f"l.{name}": int(value["N"]) for name, value in _those(item, SHARE)},
        arrivals={f"l.{name}": int(value["N"]) for name, value in _those(item, ARRIVAL)},
        pressures={f"f.{name}": _pressure_of(value["S"]) for name, value in _those(item, PRESSURE)},
    )


def _counts(name: str) -> bool:
    return name == "t" or name.startswith(("l.", "f."))


def _those(item: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    return ((name[len(prefix) :], value) for name, value in item.items() if name.startswith(prefix))


def _number_value(value: int | None) -> Item | None:
    return None if value is None else number(value)


def _lease_value(lease: Lease | None) -> Item | None:
    """`UNTIL REVISION 10=t,l.default 3=f.resize`: scopes of one count together. The same lease, the same text."""
    if lease is None:
        return None
    scopes: dict[int, list[str]] = {}
    for scope, count in sorted(lease.counts.items()):
        scopes.setdefault(count, []).append(scope)
    counts = (f"{count}={','.join(names)}" for count, names in sorted(scopes.items()))
    return {"S": " ".join((str(to_ms(lease.until)), str(lease.revision), *counts))}


def _lease_of(text: str) -> Lease:
    until, revision, *counts = text.split(" ")
    pairs = [group.partition("=") for group in counts]
    held = {scope: int(count) for count, _, names in pairs for scope in names.split(",")}
    return Lease(from_ms(int(until)), int(revision), dict(sorted(held.items())))


def _pressure_value(pressure: Pressure | None) -> Item | None:
    if pressure is None:
        return None
    at, since = to_ms(pressure.at), to_ms(pressure.since)
    return {"S": f"{pressure.value!r} {at} {since} {pressure.peak} {pressure.throttles}"}


def _pressure_of(text: str) -> Pressure:
    value, at, since, peak, throttles = text.split(" ")
    return Pressure(float(value), from_ms(int(at)), from_ms(int(since)), int(peak), int(throttles))
