import httpx
import pytest

from tests.unit.cli.doctor.building import a_function, a_lane, a_subscription, a_usage, an_explanation
from tests.unit.cli.running import Cli, a_task, ok, page


@pytest.fixture
def tenant(cli: Cli) -> Cli:
    """A healthy one, with saved keys of two."""
    cli.with_local_stack()
    cli.with_saved_keys("acme", "other")
    cli.on("GET /lanes", page(a_lane()))
    cli.on("GET /functions", page(a_function()))
    cli.on("GET /usage", ok(a_usage()))
    cli.on("GET /tasks", page(a_task()))
    cli.on("GET /subscriptions", page(a_subscription()))
    cli.on("GET /deliveries", page())
    return cli


def test_a_healthy_tenant_is_told_as_such_and_ends_with_0(tenant: Cli) -> None:
    ran = tenant.run("doctor", "acme")
    assert (ran.code, ran.stdout) == (0, "healthy  (1 lane, 1 function, 1 recent task, 1 subscription)\n")
    assert tenant.keys_used == ["fl_acme_secret"] * len(tenant.requests)
    assert tenant.pauses == [5]


def test_what_is_wrong_is_told_with_its_remedy_and_ends_with_6(tenant: Cli) -> None:
    tenant.on("GET /functions", page(a_function(paused=True, paused_at="2026-11-23T19:00:00.000Z")))
    ran = tenant.run("doctor", "acme")
    assert ran.code == 6
    assert ran.stdout.splitlines() == [
        "not healthy  (1 lane, 1 function, 1 recent task, 1 subscription)",
        "warning function resize: it is paused, since 2026-11-23T19:00:00.000Z",
        "        -> fairlane functions resume resize",
    ]


def test_json_has_findings_and_what_was_looked_at(tenant: Cli) -> None:
    tenant.on("GET /subscriptions", page())
    ran = tenant.run("doctor", "acme", "--json", "--look-for", "2")
    assert ran.code == 0
    assert ran.json == {
        "healthy": True,
        "findings": [
            {
                "level": "note",
                "about": "subscriptions",
                "what": "there are none: nobody is told how tasks end",
                "remedy": None,
                "since": None,
            }
        ],
        "looked_at": {"lanes": 1, "functions": 1, "tasks": 1, "subscriptions": 0},
        "checked_at": "2026-11-23T20:00:00.000Z",
    }
    assert tenant.pauses == [2]


def test_lanes_are_looked_at_twice(tenant: Cli) -> None:
    tenant.on("GET /lanes", page(a_lane(depth=10, running=1)), page(a_lane(depth=30, running=1)))
    ran = tenant.run("doctor", "acme")
    assert "4.0 a second more than start" in ran.stdout


def test_of_a_stuck_lane_one_waiting_task_is_explained(tenant: Cli) -> None:
    def listed(request: httpx.Request) -> httpx.Response:
        return page(a_task("t_9", "queued")) if request.url.params.get("status") == "queued" else page()

    tenant.on("GET /lanes", page(a_lane(depth=7)))
    tenant.on("GET /tasks", listed)
    tenant.on("GET /tasks/t_9/explain", ok(an_explanation(("pause", "POST /v1/lanes/default/resume"))))
    ran = tenant.run("doctor", "acme")
    assert "Task t_9: Queued for 9 min: no reason." in ran.stdout
    assert "-> POST /v1/lanes/default/resume" in ran.stdout


def test_pages_of_a_standing_lane_are_gone_through_until_it_is_certain_but_not_for_ever(tenant: Cli) -> None:
    def listed(request: httpx.Request) -> httpx.Response:
        return page(cursor="more") if request.url.params.get("status") == "queued" else page()

    tenant.on("GET /lanes", page(a_lane(depth=7)))
    tenant.on("GET /tasks", listed)
    ran = tenant.run("doctor", "acme")
    assert "fairlane tasks list --lane default --status queued" in ran.stdout
    assert sum(request.url.params.get("status") == "queued" for request in tenant.requests) == 10


def test_two_tenants_are_one_too_many(tenant: Cli) -> None:
    ran = tenant.run("doctor", "acme", "--tenant", "other")
    assert (ran.code, tenant.requests) == (2, [])


def test_nothing_is_changed(tenant: Cli) -> None:
    tenant.run("doctor", "acme")
    assert {request.method for request in tenant.requests} == {"GET"}
