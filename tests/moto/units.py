"""DynamoDB's units, computed from item sizes by the documented rules, since moto's ConsumedCapacity is no use.

"DynamoDB item sizes and formats" and "DynamoDB read and write operations" (AWS developer guide): names and strings
count their UTF-8 bytes, numbers about one byte for two digits and one more, null and Boolean one byte, a list or
map 3 bytes and one more for each element. A write costs one unit for each KB begun of the larger of old and new
item, and so does each index whose entry is written; a consistent read one unit for each 4 KB begun, half that
when it is eventually consistent. Reading what is not there costs as much as the smallest item.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.moto.calls import Call
from tests.unit.platform.cloudformation import resources

Item = Mapping[str, Any]
KB = 1024


def item_size(item: Item) -> int:
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    kind: str
    held: Any
    ((kind, held),) = value.items()
    if kind == "S":
        return len(str(held).encode())
    if kind == "N":
        digits = str(held).lstrip("-").replace(".", "").strip("0") or "0"
        return math.ceil(len(digits) / 2) + 1 + int(held.startswith("-"))
    if kind in ("NULL", "BOOL"):
        return 1
    if kind == "L":
        return 3 + sum(1 + _value_size(each) for each in held)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_size(each) for name, each in held.items())
    raise NotImplementedError(kind)


@dataclass
class Meter:
    """Adds up the units of calls. Items are known by what was put and by what updates gave back."""

    write_units: float = 0
    read_units: float = 0
    largest_item: int = 0
    _sizes: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, call: Call) -> None:
        """One call. What has no rule here must not be called on the happy path."""
        operation = call.name.removeprefix("dynamodb.")
        table = call.params["TableName"]
        if operation == "GetItem":
            self._read(call)
        elif operation == "PutItem":
            item = call.params["Item"]
            self._write(table, item)
            self.write_units += sum(math.ceil(size / KB) for size in _index_entries(table, item))
        elif operation == "UpdateItem":
            assert call.params["ReturnValues"] == "ALL_NEW", "else its size is not known"
            self._write(table, call.answer["Attributes"])
        else:
            raise NotImplementedError(call.name)

    def _read(self, call: Call) -> None:
        units = max(1, math.ceil(item_size(call.answer.get("Item", {})) / (4 * KB)))
        self.read_units += units if call.params.get("ConsistentRead") else units / 2

    def _write(self, table: str, item: Item) -> None:
        key = (table, str(item.get("pk") or (item["tenant"], item["item"])))
        size = item_size(item)
        self.write_units += math.ceil(max(size, self._sizes.get(key, 0)) / KB)
        self._sizes[key] = size
        self.largest_item = max(self.largest_item, size)


def _index_entries(table: str, item: Item) -> list[int]:
    """Sizes of what a new item writes into the table's indexes (keys only; updates never change those keys)."""
    tables = resources("AWS::DynamoDB::Table").items()
    [properties] = [each["Properties"] for name, each in tables if table.endswith(name)]
    sizes = []
    for index in properties.get("GlobalSecondaryIndexes", []):
        assert index["Projection"]["ProjectionType"] == "KEYS_ONLY"
        names = {key["AttributeName"] for key in (*index["KeySchema"], *properties["KeySchema"])}
        if names <= set(item):
            sizes.append(item_size({name: item[name] for name in names}))
    return sizes
