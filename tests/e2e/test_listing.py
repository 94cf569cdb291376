from datetime import datetime, timedelta
from typing import Any

import pytest

from fairlane_client import new_event
from tests.e2e.problems import pointers, problem
from tests.e2e.tenancy import Tenancy

pytestmark = pytest.mark.e2e


def ids(tenant: Tenancy, **filters: Any) -> list[str]:
    return [task["id"] for task in tenant.api.list_tasks(**filters)]


def submitted(tenant: Tenancy, *events: tuple[str, str]) -> list[str]:
    """Tasks of (type, source), one after the other, ended."""
    found = [tenant.submit(task_type, source=source, error="E", message="m") for task_type, source in events]
    for task_id in found:
        tenant.wait(task_id)
    return found


def test_tasks_are_listed_newest_first_or_oldest_first(tenant: Tenancy) -> None:
    tenant.register("echo")
    first, second, third = submitted(tenant, ("echo", "/a"), ("echo", "/b"), ("echo", "/c"))
    assert ids(tenant) == [third, second, first]
    assert ids(tenant, order="desc") == [third, second, first]
    assert ids(tenant, order="asc") == [first, second, third]


def test_tasks_are_filtered_by_status_type_lane_and_source(tenant: Tenancy) -> None:
    tenant.register("echo")
    tenant.register("fail", retry={"max_attempts": 1})
    a, b, c = submitted(tenant, ("echo", "/a"), ("fail", "/a"), ("echo", "/b"))
    assert ids(tenant, type="echo") == [c, a]
    assert ids(tenant, type="fail") == [b]
    assert ids(tenant, source="/a") == [b, a]
    assert ids(tenant, source="/nowhere") == []
    assert ids(tenant, status="succeeded") == [c, a]
    assert ids(tenant, status="failed") == [b]
    assert ids(tenant, status="running") == []
    assert ids(tenant, lane="default") == [c, b, a]
    assert ids(tenant, lane="other") == []
    assert ids(tenant, status="succeeded", type="echo", source="/a", lane="default") == [a]


def test_tasks_are_filtered_by_the_time_of_their_creation(tenant: Tenancy) -> None:
    tenant.register("echo")
    first, second, third = submitted(tenant, ("echo", "/a"), ("echo", "/b"), ("echo", "/c"))
    middle = tenant.api.get_task(second)["created_at"]
    last = tenant.api.get_task(third)["created_at"]
    assert third in ids(tenant, created_after=middle)
    assert first not in ids(tenant, created_after=middle)
    assert first in ids(tenant, created_before=middle)
    assert third not in ids(tenant, created_before=middle)
    later = (datetime.fromisoformat(last) + timedelta(seconds=1)).isoformat()
    assert ids(tenant, created_after=later) == []
    assert ids(tenant, created_before=later, order="asc") == [first, second, third]


def test_a_list_is_gone_through_page_by_page_without_gaps_or_repeats(tenant: Tenancy) -> None:
    tenant.register("echo")
    events = [new_event("echo", number, source="/e2e", event_id=str(number)) for number in range(25)]
    wanted = {answer["id"] for answer in tenant.api.submit_batch(events) if "error" not in answer}
    assert len(wanted) == 25
    for order in ("desc", "asc"):
        seen: list[str] = []
        created: list[str] = []
        cursor: str | None = None
        while True:
            page = tenant.api.task_page(limit=7, cursor=cursor, order=order)
            assert len(page["items"]) <= 7
            seen += [task["id"] for task in page["items"]]
            created += [task["created_at"] for task in page["items"]]
            cursor = page["cursor"]
            if cursor is None:
                break
        assert len(seen) == 25
        assert set(seen) == wanted
        assert created == sorted(created, reverse=order == "desc")


def test_a_page_has_twenty_tasks_unless_told(tenant: Tenancy) -> None:
    tenant.register("echo")
    tenant.api.submit_batch([new_event("echo", source="/e2e") for _ in range(21)])
    page = tenant.http.get("/tasks").json()
    assert len(page["items"]) == 20
    rest = tenant.http.get("/tasks", params={"cursor": page["cursor"]}).json()
    assert (len(rest["items"]), rest["cursor"]) == (1, None)


def test_a_listed_task_is_the_task(tenant: Tenancy) -> None:
    tenant.register("echo")
    task = tenant.run("echo", {"n": 1})
    assert list(tenant.api.list_tasks()) == [task]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("status", "done"),
        ("order", "up"),
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "many"),
        ("cursor", "nonsense"),
        ("cursor", "ü"),
        ("created_after", "yesterday"),
        ("created_before", "2026-13-01T00:00:00Z"),
        ("colour", "red"),
    ],
)
def test_a_wrong_parameter_is_malformed(tenant: Tenancy, parameter: str, value: str) -> None:
    document = problem(tenant.http.get("/tasks", params={parameter: value}), 400)
    assert pointers(document) == {f"#/query/{parameter}"}


@pytest.mark.parametrize("path", ["/functions", "/lanes", "/subscriptions"])
@pytest.mark.parametrize(("parameter", "value"), [("limit", "0"), ("cursor", "nonsense"), ("colour", "red")])
def test_a_wrong_parameter_of_another_list_is_malformed(tenant: Tenancy, path: str, parameter: str, value: str) -> None:
    problem(tenant.http.get(path, params={parameter: value}), 400)


def test_other_lists_are_paged_too(tenant: Tenancy) -> None:
    for name in ("a", "b", "c"):
        tenant.register("echo", name)
    first = tenant.http.get("/functions", params={"limit": 2}).json()
    rest = tenant.http.get("/functions", params={"limit": 2, "cursor": first["cursor"]}).json()
    assert [function["type"] for function in first["items"] + rest["items"]] == ["a", "b", "c"]
    assert rest["cursor"] is None
