"""How many units AWS would charge for DynamoDB requests, from the requests themselves.

DynamoDB bills a write by the whole item, before or after it, whichever is larger, in KB; a changed index entry
besides. So the items' sizes are followed from one request to the next. What a read returns does not stand in the
request: an item that was never seen written counts as one block of 4 KB, and so does a page of a query.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WRITE_BLOCK, _READ_BLOCK = 1024, 4096
_CONTAINER_BYTES = 3
_EVENTUAL = 0.5
_CLAUSE = re.compile(r"\b(SET|REMOVE|ADD|DELETE)\b")
_ASSIGNED = re.compile(r"(#?\w+)\s*=\s*(?:(list_append|if_not_exists)\s*\(\s*#?\w+\s*,\s*)?(:\w+)")
_NAME = re.compile(r"#?\w+")

Parameters = Mapping[str, Any]
Sizes = dict[str, int]
"""Bytes of an item's attributes, each with its name."""
Change = Callable[[Sizes, Parameters], Sizes]
"""What a write makes of an item."""


@dataclass(frozen=True)
class Units:
    write: float = 0
    read: float = 0


@dataclass(frozen=True)
class Table:
    """The attributes that are keys: of the table, and of each of its indexes (keys only)."""

    keys: Sequence[str]
    indexes: Sequence[frozenset[str]] = ()


class UnitCount:
    """Follows the items of some tables. Requests have to be given in their order."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = tables
        self._items: dict[tuple[object, ...], Sizes] = {}

    def units(self, operation: str, parameters: Parameters) -> Units:
        """Of one request."""
        if operation in _WRITES:
            return self._write(parameters, _WRITES[operation])
        if operation == "GetItem":
            size = sum(self._items.get(self._place(parameters, parameters["Key"]), {}).values())
            return Units(read=_blocks(size, _READ_BLOCK) * _read_rate(parameters))
        if operation in {"Query", "Scan"}:
            return Units(read=_read_rate(parameters))
        if operation == "BatchGetItem":
            return Units(read=sum(_EVENTUAL * len(each["Keys"]) for each in parameters["RequestItems"].values()))
        return Units()

    def _write(self, parameters: Parameters, change: Change) -> Units:
        place = self._place(parameters, parameters.get("Key") or parameters["Item"])
        before = self._items.get(place, {})
        after = self._items[place] = change(before, parameters)
        touched = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        indexes = self._tables[parameters["TableName"]].indexes
        entries = sum(bool(index & touched) and (index <= {*before} or index <= {*after}) for index in indexes)
        size = max(sum(before.values()), sum(after.values()))
        return Units(write=_blocks(size, _WRITE_BLOCK) + entries)

    def _place(self, parameters: Parameters, key: Mapping[str, Any]) -> tuple[object, ...]:
        name = parameters["TableName"]
        return (name, *(str(key[attribute]) for attribute in self._tables[name].keys))


def _put(_before: Sizes, parameters: Parameters) -> Sizes:
    return {name: _size(name, value) for name, value in parameters["Item"].items()}


def _deleted(_before: Sizes, _parameters: Parameters) -> Sizes:
    return {}


def _updated(before: Sizes, parameters: Parameters) -> Sizes:
    """Sizes after an update. Sums do not change a number's size by more than a byte, and are left as they are."""
    names: Mapping[str, str] = parameters.get("ExpressionAttributeNames", {})
    values: Mapping[str, Any] = parameters.get("ExpressionAttributeValues", {})
    after = dict(before) or {name: _size(name, value) for name, value in parameters["Key"].items()}
    clauses = _CLAUSE.split(parameters.get("UpdateExpression", ""))
    for clause, text in zip(clauses[1::2], clauses[2::2], strict=True):
        if clause == "SET":
            for alias, function, value in _ASSIGNED.findall(text):
                name = names.get(alias, alias)
                if function == "list_append":
                    after[name] = after.get(name, _size(name, {"L": []})) + _value_size(values[value])
                elif function != "if_not_exists" or name not in after:
                    after[name] = _size(name, values[value])
        elif clause == "REMOVE":
            for alias in _NAME.findall(text):
                after.pop(names.get(alias, alias), None)
    return after


def _read_rate(parameters: Parameters) -> float:
    return 1 if parameters.get("ConsistentRead") else _EVENTUAL


def _blocks(size: int, block: int) -> int:
    return max(1, -(-size // block))


def _size(name: str, value: Mapping[str, Any]) -> int:
    return len(name.encode()) + _value_size(value)


def _value_size(value: Mapping[str, Any]) -> int:
    """As DynamoDB counts them."""
    ((kind, content),) = value.items()
    return _VALUE_SIZES[kind](content) if kind in _VALUE_SIZES else 1


_VALUE_SIZES: Mapping[str, Callable[[Any], int]] = {
    "S": lambda text: len(text.encode()),
    "N": lambda digits: len(digits.strip("-0.")) // 2 + 2,
    "B": lambda encoded: len(encoded) * 3 // 4,
    "L": lambda items: _CONTAINER_BYTES + sum(1 + _value_size(each) for each in items),
    "M": lambda items: _CONTAINER_BYTES + sum(1 + _size(name, each) for name, each in items.items()),
}
_WRITES: Mapping[str, Change] = {"PutItem": _put, "UpdateItem": _updated, "DeleteItem": _deleted}
