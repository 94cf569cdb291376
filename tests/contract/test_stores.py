"""The Dedup and the Registry table."""

from datetime import timedelta

import pytest

from fairlane.domain.errors import Refused
from fairlane.ports.registry import Entry
from fairlane.ports.tasks import Reservation
from tests.contract.places import Tables
from tests.unit.domain.building import NOW, after

FIRST, SECOND = Reservation("t_first", "hash-1"), Reservation("t_second", "hash-2")
WINDOW = timedelta(seconds=60)


def test_a_key_belongs_to_the_first_for_its_window(tables: Tables) -> None:
    tenant = tables.tenant()

    assert tables.dedup.reserve(tenant, "k", FIRST, now=NOW, window=WINDOW) == FIRST
    assert tables.dedup.reserve(tenant, "k", SECOND, now=after(59.999), window=WINDOW) == FIRST
    assert tables.dedup.reserve(tenant, "k", SECOND, now=after(60), window=WINDOW) == SECOND
    assert tables.dedup.reserve(tenant, "k", FIRST, now=after(119), window=WINDOW) == SECOND


def test_keys_of_two_tenants_never_meet(tables: Tables) -> None:
    one, other = tables.tenant(), tables.tenant()

    assert tables.dedup.reserve(one, "k", FIRST, now=NOW, window=WINDOW) == FIRST
    assert tables.dedup.reserve(other, "k", SECOND, now=NOW, window=WINDOW) == SECOND


def entry(partition: str, item: str = "function#a", version: int = 1, text: str = "x") -> Entry:
    return Entry(partition, item, {"text": text, "number": 1.5, "list": [None, True]}, version)


def test_a_document_is_read_as_it_was_written_and_is_gone_once_deleted(tables: Tables) -> None:
    tenant = tables.tenant()
    assert tables.registry.get(tenant, "function#a") is None

    tables.registry.put(entry(tenant), expected=0)
    assert tables.registry.get(tenant, "function#a") == entry(tenant)

    tables.registry.delete(tenant, "function#a")
    tables.registry.delete(tenant, "function#a")
    assert tables.registry.get(tenant, "function#a") is None


@pytest.mark.parametrize("expected", [0, 2])
def test_a_write_that_read_another_version_is_refused(tables: Tables, expected: int) -> None:
    tenant = tables.tenant()
    tables.registry.put(entry(tenant), expected=0)

    with pytest.raises(Refused, match="conflict"):
        tables.registry.put(entry(tenant, version=2, text="y"), expected=expected)
    tables.registry.put(entry(tenant, version=2, text="y"), expected=1)

    assert tables.registry.get(tenant, "function#a") == entry(tenant, version=2, text="y")


def test_a_write_of_what_is_not_there_any_more_is_refused(tables: Tables) -> None:
    with pytest.raises(Refused, match="conflict"):
        tables.registry.put(entry(tables.tenant(), version=2), expected=1)


def test_a_repeated_write_that_had_worked_is_success(tables: Tables) -> None:
    tenant = tables.tenant()

    tables.registry.put(entry(tenant), expected=0)
    tables.registry.put(entry(tenant), expected=0)


def test_a_partition_is_listed_by_item_name_and_prefix_from_where_one_left_off(tables: Tables) -> None:
    tenant = tables.tenant()
    for item in ("lane#z", "function#b", "function#a", "function#c"):
        tables.registry.put(entry(tenant, item), expected=0)
    tables.registry.put(entry(tables.tenant(), "function#other"), expected=0)

    def listed(prefix: str, limit: int, after: str | None = None) -> list[str]:
        return [found.item for found in tables.registry.query(tenant, prefix, limit=limit, after=after)]

    assert listed("function#", 2) == ["function#a", "function#b"]
    assert listed("function#", 2, "function#b") == ["function#c"]
    assert listed("", 10) == ["function#a", "function#b", "function#c", "lane#z"]
    assert listed("key#", 10) == []
