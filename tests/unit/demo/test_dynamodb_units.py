"""Against DynamoDB's own rules; the emulator reports the same for puts, updates and gets (see EMULATORS notes)."""

from typing import Any

import pytest

from fairlane_cli.demo.dynamodb_units import Table, UnitCount

TABLE = Table(keys=["pk"], indexes=[frozenset({"shard", "at"})])


def a_count() -> UnitCount:
    return UnitCount({"T": TABLE})


def a_put(**attributes: str) -> dict[str, Any]:
    return {"TableName": "T", "Item": {"pk": {"S": "1"}, **{name: {"S": text} for name, text in attributes.items()}}}


def an_update(expression: str, **values: Any) -> dict[str, Any]:
    return {
        "TableName": "T",
        "Key": {"pk": {"S": "1"}},
        "UpdateExpression": expression,
        "ExpressionAttributeNames": {"#result": "result"},
        "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
    }


@pytest.mark.parametrize(("length", "units"), [(10, 1), (1024 - 10, 1), (1024, 2), (3500, 4)])
def test_a_put_costs_a_unit_for_each_kilobyte_of_the_item(length: int, units: int) -> None:
    assert a_count().units("PutItem", a_put(text="x" * length)).write == units


def test_an_index_entry_costs_a_unit_where_the_item_has_all_its_keys() -> None:
    assert a_count().units("PutItem", a_put(shard="a", at="1")).write == 2
    assert a_count().units("PutItem", a_put(shard="a")).write == 1


def test_an_update_is_billed_by_the_whole_item() -> None:
    count = a_count()
    count.units("PutItem", a_put(text="x" * 2500))
    assert count.units("UpdateItem", an_update("SET a = :a", a={"S": "1"})).write == 3


def test_an_update_that_makes_the_item_smaller_is_billed_by_what_it_was() -> None:
    count = a_count()
    count.units("PutItem", a_put(text="x" * 2500))
    assert count.units("UpdateItem", an_update("REMOVE text")).write == 3
    assert count.units("UpdateItem", an_update("SET a = :a", a={"S": "1"})).write == 1


def test_an_update_grows_the_item_by_what_it_sets_and_appends() -> None:
    count = a_count()
    count.units("PutItem", a_put())
    large = {"S": "x" * 900}
    assert count.units("UpdateItem", an_update("SET #result = :r", r=large)).write == 1
    appended = {"L": [{"S": "x" * 300}]}
    assert count.units("UpdateItem", an_update("SET log = list_append(log, :l) REMOVE a", l=appended)).write == 2
    assert count.units("UpdateItem", an_update("REMOVE #result")).write == 2
    assert count.units("UpdateItem", an_update("SET b = :b", b={"S": ""})).write == 1


def test_an_update_that_only_sets_what_is_missing_changes_nothing_else() -> None:
    count = a_count()
    count.units("PutItem", a_put(text="x"))
    first = an_update("SET text = if_not_exists(text, :t)", t={"S": "x" * 2000})
    assert count.units("UpdateItem", first).write == 1


def test_an_update_costs_an_index_entry_only_when_it_touches_the_index() -> None:
    count = a_count()
    count.units("PutItem", a_put(shard="a", at="1"))
    assert count.units("UpdateItem", an_update("SET x = :x", x={"S": ""})).write == 1
    assert count.units("UpdateItem", an_update("REMOVE shard, at")).write == 2


@pytest.mark.parametrize(("consistent", "units"), [(True, 2), (False, 1)])
def test_a_get_costs_by_4_kb_and_half_where_it_need_not_be_consistent(*, consistent: bool, units: float) -> None:
    count = a_count()
    count.units("PutItem", a_put(text="x" * 5000))
    get = {"TableName": "T", "Key": {"pk": {"S": "1"}}, "ConsistentRead": consistent}
    assert count.units("GetItem", get).read == units


def test_reads_of_unknown_size_count_as_one_block() -> None:
    count = a_count()
    assert count.units("GetItem", {"TableName": "T", "Key": {"pk": {"S": "9"}}}).read == 0.5
    assert count.units("Query", {"TableName": "T"}).read == 0.5
    assert count.units("BatchGetItem", {"RequestItems": {"T": {"Keys": [{}, {}, {}]}}}).read == 1.5


def test_a_deleted_item_is_gone() -> None:
    count = a_count()
    count.units("PutItem", a_put(text="x" * 1500))
    assert count.units("DeleteItem", {"TableName": "T", "Key": {"pk": {"S": "1"}}}).write == 2
    assert count.units("UpdateItem", an_update("SET a = :a", a={"S": ""})).write == 1


def test_other_requests_cost_no_units() -> None:
    assert a_count().units("DescribeTable", {"TableName": "T"}).write == 0
