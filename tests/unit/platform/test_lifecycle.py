"""What `up` does, and leaves out, in each state it can meet. The emulator is real; building and deploying are not."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from fairlane_cli.stack import (
    StackError,
    StackOptions,
    build,
    deploy,
    deploy_beside,
    down,
    emulator,
    lifecycle,
    processes,
    status,
    up,
)

OUTPUTS = {
    "ApiId": "abc",
    "ControllerFunction": "controller",
    "ResultsBus": "results",
    "SampleFunctions": '{"echo": "target-echo"}',
}


class Deploys:
    """Stands in for SAM and for the deployed service: counts, and fails on demand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stacks: list[str] = []
        self.failure: BaseException | None = None
        self.sick = ""
        self.sources = "sources 1"
        self.keys = 0
        monkeypatch.setattr(lifecycle, "set_up_tools", lambda _report: None)
        monkeypatch.setattr(build, "fingerprint", lambda: self.sources)
        monkeypatch.setattr(build, "build", lambda _report, log: log.parent)
        monkeypatch.setattr(deploy, "deploy", self._deploy)
        monkeypatch.setattr(deploy, "create_admin_key", self._create_admin_key)
        monkeypatch.setattr(deploy, "health", lambda _api_url: self.sick)

    def _deploy(self, _place: object, stack: str, **_rest: object) -> Mapping[str, str]:
        if self.failure:
            raise self.failure
        self.stacks.append(stack)
        return OUTPUTS

    def _create_admin_key(self, *_arguments: object) -> str:
        self.keys += 1
        return f"key {self.keys}"


@pytest.fixture
def deploys(monkeypatch: pytest.MonkeyPatch) -> Deploys:
    return Deploys(monkeypatch)


@pytest.fixture
def options(tmp_path: Path) -> Iterator[StackOptions]:
    options = StackOptions(tmp_path / "state")
    yield options
    processes.stop(options.state.path)


def document(options: StackOptions) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(options.state.stack_file.read_text())
    return written


def test_up_writes_how_to_reach_the_stack_for_its_owner_alone(deploys: Deploys, options: StackOptions) -> None:
    deployed = up(options, print)
    port = deployed.emulator["port"]
    assert deploys.stacks == ["fairlane"]
    assert (
        document(options).items()
        >= {
            "api_url": f"http://127.0.0.1:{port}/_aws/execute-api/abc/api",
            "admin_key": "key 1",
            "aws_endpoint_url": f"http://127.0.0.1:{port}",
            "region": "us-east-1",
            "stack": "fairlane",
            "functions": {"echo": "target-echo"},
        }.items()
    )
    assert options.state.stack_file.stat().st_mode & 0o777 == 0o600


def test_up_twice_does_nothing_the_second_time_and_says_so(deploys: Deploys, options: StackOptions) -> None:
    first = up(options, print)
    said: list[str] = []
    assert up(options, said.append) == first
    assert said == [f"already up on port {first.emulator['port']}, unchanged"]
    assert deploys.stacks == ["fairlane"]


def test_changed_sources_are_deployed_to_the_same_emulator_and_the_key_stays(
    deploys: Deploys, options: StackOptions
) -> None:
    first = up(options, print)
    deploys.sources = "sources 2"
    assert status(options).outdated
    second = up(options, print)
    assert deploys.stacks == ["fairlane", "fairlane"]
    assert (second.emulator, second.admin_key) == (first.emulator, first.admin_key)
    assert not status(options).outdated


def test_other_parameters_are_deployed(deploys: Deploys, options: StackOptions) -> None:
    up(options, print)
    up(StackOptions(options.state_dir, parameters={"LogLevel": "DEBUG"}), print)
    assert len(deploys.stacks) == 2


def test_a_stack_beside_the_first_is_not_the_one_that_commands_find(deploys: Deploys, options: StackOptions) -> None:
    first = up(options, print)
    beside = deploy_beside(replace(options, stack="other"), print)
    assert deploys.stacks == ["fairlane", "other"]
    assert (beside.stack, beside.emulator, beside.admin_key) == ("other", first.emulator, "key 2")
    assert document(options)["stack"] == "fairlane"


def test_there_is_no_stack_beside_nothing(deploys: Deploys, options: StackOptions) -> None:
    with pytest.raises(StackError, match="not running"):
        deploy_beside(options, print)
    assert deploys.stacks == []


@pytest.mark.parametrize("failure", [StackError("no"), KeyboardInterrupt()])
def test_a_first_deploy_that_fails_leaves_nothing_running(
    failure: BaseException, deploys: Deploys, options: StackOptions
) -> None:
    deploys.failure = failure
    with pytest.raises(type(failure)):
        up(options, print)
    assert processes.marked(options.state.path) == []
    assert not options.state.stack_file.exists()


def test_a_later_deploy_that_fails_leaves_the_stack_up_and_is_tried_again(
    deploys: Deploys, options: StackOptions
) -> None:
    first = up(options, print)
    deploys.sources = "sources 2"
    deploys.failure = StackError("no")
    with pytest.raises(StackError):
        up(options, print)
    assert status(options).deployed == first
    deploys.failure = None
    assert up(options, print).emulator == first.emulator
    assert len(deploys.stacks) == 2


def test_a_deploy_that_was_killed_half_way_is_started_again_from_nothing(
    deploys: Deploys, options: StackOptions
) -> None:
    killed = emulator.start(options, print)
    assert up(options, print).emulator["pid"] != killed.pid
    assert not psutil.pid_exists(killed.pid)
    assert deploys.stacks == ["fairlane"]


def test_after_the_emulator_died_everything_is_deployed_anew(deploys: Deploys, options: StackOptions) -> None:
    first = up(options, print)
    process = psutil.Process(first.emulator["pid"])
    process.kill()
    process.wait(10)
    assert status(options).problem == "the emulator is not running"
    second = up(options, print)
    assert second.emulator["pid"] != first.emulator["pid"]
    assert second.admin_key == "key 2"
    assert len(deploys.stacks) == 2


def test_a_stack_stays_on_its_port_whatever_port_is_asked_for(deploys: Deploys, options: StackOptions) -> None:
    first = up(options, print)
    said: list[str] = []
    again = up(StackOptions(options.state_dir, port=first.emulator["port"] + 1), said.append)
    assert again == first
    assert deploys.stacks == ["fairlane"]
    assert said[0] == f"it is up on port {first.emulator['port']}, and stays there"


def test_status_tells_when_the_api_is_sick(deploys: Deploys, options: StackOptions) -> None:
    up(options, print)
    assert status(options).healthy
    deploys.sick = "502 Bad Gateway"
    assert status(options).problem == "the API does not answer: 502 Bad Gateway"


def test_an_api_that_stays_sick_fails_the_deploy(
    deploys: Deploys, options: StackOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy, "HEALTHY_S", 0)
    deploys.sick = "502 Bad Gateway"
    with pytest.raises(StackError, match="does not become healthy: 502 Bad Gateway"):
        up(options, print)


def test_down_leaves_logs_only(deploys: Deploys, options: StackOptions) -> None:
    up(options, print)
    assert deploys.stacks == ["fairlane"]
    assert down(options, print)
    assert {path.name for path in options.state_dir.iterdir()} == {"lock", "log"}
    assert not down(options, print)
