import sys
import types
from pathlib import Path
from typing import Any

import pytest

from fairlane_cli import stack
from fairlane_cli.stack import DeployedStack, EmulatorRecord, StackError, StackOptions, StackStatus
from tests.unit.cli.running import Cli

EMULATOR = EmulatorRecord(pid=1, born_at=0.0, port=4566)
DEPLOYED = DeployedStack(
    api_url="http://127.0.0.1:4566/api",
    admin_key="fl_admin_secret",
    aws_endpoint_url="http://127.0.0.1:4566",
    region="us-east-1",
    stack="fairlane",
    functions={"echo": "fairlane-target-echo"},
    bus="fairlane-results",
    emulator={"pid": 1, "port": 4566},
    outputs={},
    fingerprint="f",
)


def stands_in(monkeypatch: pytest.MonkeyPatch, verb: str, answer: object) -> list[StackOptions]:
    """Replace a verb of the stack; notes the options that it is called with."""
    called: list[StackOptions] = []

    def stand_in(options: StackOptions, *_report: object) -> Any:
        called.append(options)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(stack, verb, stand_in)
    return called


def test_up_tells_where_the_stack_is_and_what_to_do_next_but_not_its_key(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = stands_in(monkeypatch, "up", DEPLOYED)
    ran = cli.run("up", "--port", "4600")
    assert called[0].port == 4600
    assert DEPLOYED.api_url in ran.stdout
    assert "fairlane tenants put acme --save-key" in ran.stderr
    assert DEPLOYED.admin_key not in ran.stdout + ran.stderr


def test_up_with_json_prints_the_stack_only(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    stands_in(monkeypatch, "up", DEPLOYED)
    ran = cli.run("up", "--json")
    assert (ran.json["status"], ran.json["api_url"], ran.stderr) == ("up", DEPLOYED.api_url, "")


def test_a_stack_that_does_not_come_up_is_explained(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    stands_in(monkeypatch, "up", StackError("Port 4600 is taken.", remedy="Leave --port out."))
    ran = cli.run("up", "--port", "4600")
    assert (ran.code, ran.stdout) == (1, "")
    assert "error: Port 4600 is taken.\nLeave --port out." in ran.stderr


def test_down_forgets_the_keys_of_tenants_that_are_gone(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    called = stands_in(monkeypatch, "down", answer=True)
    cli.with_saved_keys("acme")
    state = cli.folder / ".fairlane"
    assert cli.run("down", "--state-dir", str(state), "--json").json == {"status": "stopped"}
    assert called[0].state_dir == state
    assert not (state / "keys.json").exists()
    stands_in(monkeypatch, "down", answer=False)
    assert cli.run("down", "--state-dir", str(tmp_path), "--json").json == {"status": "nothing was running"}


@pytest.mark.parametrize(
    ("found", "code", "status"),
    [
        (StackStatus(EMULATOR, DEPLOYED, outdated=False, problem=""), 0, "up"),
        (StackStatus(EMULATOR, DEPLOYED, outdated=False, problem="the API does not answer"), 1, "down"),
        (StackStatus(None, None, outdated=False, problem="the emulator is not running"), 1, "down"),
    ],
    ids=["healthy", "ill", "down"],
)
def test_status_says_what_is_up(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, found: StackStatus, code: int, status: str
) -> None:
    stands_in(monkeypatch, "status", found)
    ran = cli.run("status", "--json")
    assert (ran.code, ran.json["status"], ran.json["problem"]) == (code, status, found.problem or None)


def test_status_points_out_sources_that_are_not_deployed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    stands_in(monkeypatch, "status", StackStatus(EMULATOR, DEPLOYED, outdated=True, problem=""))
    assert "The sources have changed" in cli.run("status").stderr


@pytest.mark.parametrize("as_json", [True, False])
def test_the_demo_is_run_and_its_exit_code_passed_on(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    kept: list[bool] = []

    def run_demo(*, keep: bool) -> int:
        kept.append(keep)
        sys.stdout.write("live\n")
        return 4

    module: Any = types.ModuleType("fairlane_cli.demo.run")
    module.run_demo = run_demo
    monkeypatch.setitem(sys.modules, "fairlane_cli.demo.run", module)
    ran = cli.run("demo", "--keep", *(["--json"] if as_json else []))
    assert (ran.code, kept) == (4, [True])
    assert ran.stdout == ('{\n  "exit_code": 4\n}\n' if as_json else "live\n")


def test_the_version_is_told_both_ways(cli: Cli) -> None:
    version = cli.run("version", "--json").json["version"]
    assert cli.run("--version").stdout == f"fairlane {version}\n"
