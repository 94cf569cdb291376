"""Lanes on the emulator: chosen, paused, limited, ordered, drained."""

import time
from datetime import datetime
from itertools import pairwise

import pytest

from fairlane_client import NotFoundError
from fairlane_client.models import Task
from tests.e2e.polling import eventually
from tests.e2e.problems import pointers, problem
from tests.e2e.tenancy import Tenancy

#: The registry's cache and a dispatcher's visit.
PAUSED_WITHIN_S = 5
LIMITED_WITHIN_S = 10


def at(text: str | None) -> datetime:
    assert text is not None
    return datetime.fromisoformat(text)


def most_at_once(tasks: list[Task]) -> int:
    """Most tasks that ran at one moment, by their records."""
    starts = [(at(task["started_at"]), 1) for task in tasks]
    ends = [(at(task["ended_at"]), -1) for task in tasks]
    running = most = 0
    for _, change in sorted(starts + ends):
        running += change
        most = max(most, running)
    return most


def test_tasks_go_to_the_lane_that_their_function_or_their_event_names(tenant: Tenancy) -> None:
    assert tenant.http.put("/lanes/fast", json={"concurrency": 2}).status_code in (201, 202)
    tenant.register("echo", lane="fast")
    assert tenant.run("echo", 1)["lane"] == "fast"
    assert tenant.run("echo", 2, lane="default")["lane"] == "default"
    assert sorted(lane["lane"] for lane in tenant.api.list_lanes()) == ["default", "fast"]


def test_a_paused_lane_starts_nothing_takes_tasks_and_goes_on(tenant: Tenancy) -> None:
    tenant.register("echo")
    assert tenant.api.pause_lane("default")["status"] == "paused"
    time.sleep(PAUSED_WITHIN_S)  # what the promise is about
    tasks = [tenant.submit("echo", n) for n in range(3)]
    time.sleep(PAUSED_WITHIN_S)
    assert {tenant.api.get_task(task)["status"] for task in tasks} == {"queued"}
    lane = tenant.api.get_lane("default")
    assert (lane["depth"], lane["status"]) == (3, "paused")
    assert lane["oldest_age"] is not None
    assert tenant.api.resume_lane("default")["status"] == "active"
    assert {tenant.wait(task)["status"] for task in tasks} == {"succeeded"}


def test_a_lower_limit_holds_for_what_is_queued_already(tenant: Tenancy) -> None:
    tenant.register("sleep")
    tenant.api.pause_lane("default")
    time.sleep(PAUSED_WITHIN_S)
    tasks = [tenant.submit("sleep", {"seconds": 1}) for _ in range(4)]
    tenant.api.put_lane("default", {"concurrency": 1})
    tenant.api.resume_lane("default")
    assert most_at_once([tenant.wait(task) for task in tasks]) == 1


def test_an_ordered_lane_keeps_the_order_of_each_key(tenant: Tenancy) -> None:
    assert tenant.http.put("/lanes/pay", json={"ordered": True}).status_code in (201, 202)
    tenant.register("echo", lane="pay")
    assert pointers(problem(tenant.http.post("/tasks", json=an_event("x"), headers=STRUCTURED), 422)) == {
        "#/partitionkey"
    }
    names = [f"{key}{n}" for n in range(4) for key in "ab"]
    ids = {name: tenant.submit("echo", name, event_id=name, partitionkey=name[0]) for name in names}
    ended = {name: tenant.wait(task) for name, task in ids.items()}
    for key in "ab":
        mine = [ended[name] for name in names if name[0] == key]
        for before, after in pairwise(mine):
            assert at(before["ended_at"]) <= at(after["started_at"])


STRUCTURED = {"Content-Type": "application/cloudevents+json"}


def an_event(name: str) -> dict[str, str]:
    return {"specversion": "1.0", "id": name, "source": "/e2e", "type": "echo"}


def test_a_deleted_lane_drains_and_takes_no_new_tasks(tenant: Tenancy) -> None:
    tenant.http.put("/lanes/old", json={})
    tenant.register("sleep")
    task = tenant.submit("sleep", {"seconds": 2}, lane="old")
    answer = tenant.http.delete("/lanes/old")
    assert (answer.status_code, answer.json()["status"]) == (202, "draining")
    assert tenant.wait(task)["status"] == "succeeded"

    def is_gone() -> bool:
        try:
            tenant.api.get_lane("old")
        except NotFoundError:
            return True
        return False

    assert eventually(is_gone, patience_s=30)
    refused = tenant.http.post("/tasks", json={**an_event("late"), "type": "sleep", "lane": "old"}, headers=STRUCTURED)
    assert pointers(problem(refused, 422)) == {"#/lane"}


@pytest.mark.parametrize("lane", ["default"])
def test_the_default_lane_cannot_be_deleted(tenant: Tenancy, lane: str) -> None:
    problem(tenant.http.delete(f"/lanes/{lane}"), 409)
