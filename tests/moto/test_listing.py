"""GET /v1/tasks: pages are stable, and together they show every task exactly once."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.moto.tenant_functions import raises
from tests.moto.tenants import ECHO, Tenant, an_event
from tests.moto.world import World


def pages(tenant: Tenant, **query: str) -> list[list[Any]]:
    """All pages, by following the cursor."""
    found = []
    while True:
        reply = tenant.ask("GET", "/v1/tasks", query=query)
        assert reply.status == 200, reply
        found.append(reply.body["items"])
        if reply.body["cursor"] is None:
            return found
        query["cursor"] = reply.body["cursor"]


def submit_many(world: World, tenant: Tenant, count: int) -> list[str]:
    """Tasks whose creation times are partly equal, in the order of their creation."""
    ids: list[str] = []
    for start in range(0, count, 3):
        items = world.submit_batch(tenant.key, [an_event(id=f"e-{n}") for n in range(start, min(count, start + 3))])
        ids += sorted(item["id"] for item in items.body["items"])
        world.pass_time(milliseconds=500)
    return ids


@pytest.mark.parametrize("limit", ["1", "4", "20", "100"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_all_pages_together_show_every_task_once_in_order(world: World, acme: Tenant, limit: str, order: str) -> None:
    ids = submit_many(world, acme, 25)
    found = pages(acme, limit=limit, order=order)
    assert [task["id"] for page in found for task in page] == (ids if order == "asc" else ids[::-1])
    assert all(len(page) == int(limit) for page in found[:-1])


def test_the_newest_come_first_twenty_at_a_time(world: World, acme: Tenant) -> None:
    ids = submit_many(world, acme, 25)
    reply = acme.ask("GET", "/v1/tasks")
    assert [task["id"] for task in reply.body["items"]] == ids[::-1][:20]


def test_tasks_that_come_while_somebody_pages_neither_shift_nor_repeat_the_rest(world: World, acme: Tenant) -> None:
    ids = submit_many(world, acme, 9)
    first = acme.ask("GET", "/v1/tasks", query={"limit": "4"}).body
    for n in range(5):
        acme.submit(id=f"late-{n}")
    rest = pages(acme, limit="4", cursor=first["cursor"])
    assert [task["id"] for task in first["items"] + [task for page in rest for task in page]] == ids[::-1]


def test_filters_combine(world: World, acme: Tenant) -> None:
    acme.register("paint")
    world.functions.scripts[ECHO] = lambda event: raises("Bad")(event) if event["id"] == "b" else raises(times=0)(event)
    acme.register(retry={"max_attempts": 1})
    for event_id, more in {"a": {}, "b": {}, "c": {"source": "/invoices"}, "d": {"type": "paint"}}.items():
        acme.submit(id=event_id, **more)
        world.pass_time(seconds=1)
    world.settle()
    acme.submit(id="e")

    def found(**query: str) -> str:
        listed = [task for page in pages(acme, order="asc", **query) for task in page]
        return "".join(task["event_id"] for task in listed)

    assert found() == "abcde"
    assert found(status="failed") == "b"
    assert found(status="queued") == "e"
    assert found(status="succeeded", type="resize") == "ac"
    assert found(source="/orders", type="paint") == "d"
    assert found(lane="default", limit="1") == "abcde"
    assert found(lane="fast") == ""
    assert found(created_after="2026-11-24T12:00:00Z", created_before="2026-11-24T12:00:03.000Z") == "bc"
    assert found(created_after="2026-11-24T13:00:01+01:00") == "cde"
    assert found(created_after="2026-11-24T12:00:02Z", created_before="2026-11-24T12:00:01Z") == ""


def test_a_listed_task_is_the_same_as_a_shown_one(world: World, acme: Tenant) -> None:
    task_id = acme.submit().body["id"]
    world.settle()
    [[task]] = pages(acme)
    assert task == acme.task(task_id)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "ten"},
        {"limit": "٣"},
        {"order": "up"},
        {"status": "done"},
        {"created_after": "yesterday"},
        {"created_before": "2026-11-24"},
        {"cursor": "x"},
        {"cursor": "bnVsbA"},
        {"cursor": "💥"},
        {"colour": "red"},
    ],
)
def test_a_wrong_parameter_is_a_400_that_names_it(acme: Tenant, query: Mapping[str, str]) -> None:
    reply = acme.ask("GET", "/v1/tasks", query=query)
    assert (reply.status, reply.problem) == (400, "malformed")
    [error] = reply.body["errors"]
    assert error["pointer"] == f"#/query/{next(iter(query))}"


def test_a_cursor_of_another_tenant_shows_nothing_of_that_tenant(world: World, acme: Tenant, globex: Tenant) -> None:
    submit_many(world, acme, 5)
    mine = globex.submit().body["id"]
    cursor = acme.ask("GET", "/v1/tasks", query={"limit": "2"}).body["cursor"]
    listed = [task["id"] for page in pages(globex, cursor=cursor, order="asc") for task in page]
    assert set(listed) <= {mine}
