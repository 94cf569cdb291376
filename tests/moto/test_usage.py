"""GET /v1/usage: limits, and what is used of them."""

from typing import Any

from tests.moto.limits import set_limits
from tests.moto.tenants import Tenant, make_key
from tests.moto.world import World


def usage(tenant: Tenant) -> dict[str, Any]:
    reply = tenant.ask("GET", "/v1/usage")
    assert reply.status == 200, reply
    answer: dict[str, Any] = reply.body
    return answer


def test_what_has_no_limit_is_not_counted(acme: Tenant) -> None:
    acme.submit()

    shown = usage(acme)

    assert shown["at"] == "2026-11-24T12:00:00.000Z"
    assert shown["limits"] == {
        "submit_rate": None,
        "submit_burst": None,
        "backlog": None,
        "concurrency": None,
        "payload_bytes": 262144,
    }
    nothing = {"limit": None, "used": None}
    assert shown["usage"] == {
        "submit": {"rate": None, "burst": None, "available": None},
        "backlog": nothing,
        "concurrency": nothing,
        "lanes": {"default": {"concurrency": nothing, "share": None, "rate": None, "burst": None}},
        "functions": {"resize": {"concurrency": nothing, "pressure": None}},
    }


def test_what_is_submitted_is_used_until_it_comes_back(world: World, acme: Tenant) -> None:
    set_limits(acme, submit_rate=2, submit_burst=3, backlog=5)
    fresh = usage(acme)["usage"]
    assert fresh["submit"] == {"rate": 2, "burst": 3, "available": 3}
    assert fresh["backlog"] == {"limit": 5, "used": 0}

    for number in range(2):
        acme.submit(id=f"e-{number}")
    used = usage(acme)["usage"]
    assert (used["submit"]["available"], used["backlog"]["used"]) == (1, 2)
    world.pass_time(seconds=0.5)
    assert usage(acme)["usage"]["submit"]["available"] == 2
    world.settle()
    assert usage(acme)["usage"]["backlog"]["used"] == 0


def test_a_limit_that_nobody_has_met_yet_shows_what_lies_in_the_queue(acme: Tenant) -> None:
    for number in range(3):
        acme.submit(id=f"e-{number}")
    set_limits(acme, backlog=10)

    assert usage(acme)["usage"]["backlog"] == {"limit": 10, "used": 3}


def test_concurrency_is_that_of_the_slots(world: World, acme: Tenant) -> None:
    set_limits(acme, concurrency=4)

    assert usage(acme)["usage"]["concurrency"] == {"limit": 4, "used": 0}
    acme.submit()
    world.settle()
    assert usage(acme)["usage"]["concurrency"] == {"limit": 4, "used": 0}


def test_usage_is_for_those_who_manage(world: World, acme: Tenant, globex: Tenant) -> None:
    set_limits(globex, backlog=7)
    key = make_key(world, acme.name, scopes=["submit", "read"])

    assert world.ask("GET", "/v1/usage", key=key).status == 403
    assert usage(acme)["limits"]["backlog"] is None
