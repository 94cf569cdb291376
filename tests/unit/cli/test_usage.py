import copy
from typing import Any

import pytest

from tests.unit.cli.running import Cli, ok

USAGE: dict[str, Any] = {
    "at": "2026-11-23T20:00:00.000Z",
    "limits": {"submit_rate": 10, "submit_burst": None, "backlog": 1000, "concurrency": None, "payload_bytes": 262144},
    "usage": {
        "submit": {"rate": 10, "burst": 10, "available": 5},
        "backlog": {"limit": 1000, "used": 250},
        "concurrency": {"limit": None, "used": None},
        "lanes": {"default": {"concurrency": {"limit": 4, "used": 4}, "share": 2, "rate": 0.5, "burst": 1}},
        "functions": {"resize": {"concurrency": {"limit": None, "used": None}, "pressure": 3}},
    },
}


@pytest.fixture
def tenant(cli: Cli) -> Cli:
    cli.with_local_stack()
    cli.with_saved_keys("acme")
    cli.on("GET /usage", ok(copy.deepcopy(USAGE)))
    return cli


def test_json_is_what_the_service_says(tenant: Cli) -> None:
    assert tenant.run("usage", "--json").json == USAGE


def test_a_pipe_gets_lines(tenant: Cli) -> None:
    lines = [line.split("\t") for line in tenant.run("usage").stdout.splitlines()]

    assert lines == [
        ["what", "used", "limit", "note"],
        ["submit", "5", "10", "10 a second"],
        ["backlog", "250", "1000", "-"],
        ["concurrency", "-", "-", "-"],
        ["lane default", "4", "4", "0.5 a second, share 2"],
        ["function resize", "-", "-", "back-pressure: 3 at once"],
    ]


def test_people_see_bars(tenant: Cli) -> None:
    tenant.on_a_terminal = True
    shown = tenant.run("usage").stdout

    assert "█" * 10 + "░" * 10 in shown
    assert "█" * 5 + "░" * 15 in shown
    assert "█" * 20 in shown


def test_where_the_terminal_has_no_blocks_bars_are_plain(tenant: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant.on_a_terminal = True
    monkeypatch.setattr("fairlane_cli.output.Output.can_print", lambda *_: False)

    assert "#####..............." in tenant.run("usage").stdout


def test_a_bar_never_grows_beyond_its_limit(tenant: Cli) -> None:
    usage = copy.deepcopy(USAGE)
    usage["usage"]["backlog"] = {"limit": 10, "used": 30}
    tenant.on("GET /usage", ok(usage))
    tenant.on_a_terminal = True

    assert "█" * 21 not in tenant.run("usage").stdout
