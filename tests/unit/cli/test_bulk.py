import json
from typing import Any

import pytest

from tests.unit.cli.running import Cli, ok


@pytest.fixture
def tenant(cli: Cli) -> Cli:
    cli.with_tenant()
    return cli


def an_operation(**changes: Any) -> dict[str, Any]:
    return {
        "id": "op_1",
        "action": "cancel",
        "status": "running",
        "matched": 0,
        "done": 0,
        "failed": 0,
        "filter": {},
        "error": None,
        "created_at": "2026-11-23T20:00:00.000Z",
        "ended_at": None,
        **changes,
    }


def test_a_bulk_operation_is_started_with_the_given_conditions_only(tenant: Cli) -> None:
    tenant.on("POST /tasks/bulk", ok(an_operation()))
    ran = tenant.run("tasks", "bulk", "cancel", "--status", "queued", "--lane", "slow", "--since", "2h", "--json")
    assert ran.json["id"] == "op_1"
    assert json.loads(tenant.requests[0].content) == {
        "action": "cancel",
        "filter": {"status": "queued", "lane": "slow", "created_after": "2026-11-23T18:00:00.000Z"},
    }


def test_waiting_shows_how_far_it_is_and_ends_with_it(tenant: Cli) -> None:
    tenant.on("POST /tasks/bulk", ok(an_operation(action="redo")))
    half = an_operation(matched=50, done=50)
    tenant.on("GET /operations/op_1", ok(half), ok(an_operation(status="done", matched=100, done=100)))
    ran = tenant.run("tasks", "bulk", "redo", "--type", "resize", "--wait", "--json")
    assert (ran.json["status"], ran.json["done"], ran.code) == ("done", 100, 0)
    assert tenant.pauses == [1.0, 1.0]


def test_what_could_not_be_done_is_an_exit_code(tenant: Cli) -> None:
    tenant.on("GET /operations/op_1", ok(an_operation(status="done", matched=3, done=2, failed=1)))
    assert tenant.run("operations", "show", "op_1", "--wait", "--json").code == 6
    assert tenant.run("operations", "show", "op_1", "--json").code == 0


def test_an_operation_is_stopped(tenant: Cli) -> None:
    tenant.on("POST /operations/op_1/cancel", ok(an_operation(status="cancelled")))
    assert tenant.run("operations", "cancel", "op_1", "--json").json["status"] == "cancelled"
