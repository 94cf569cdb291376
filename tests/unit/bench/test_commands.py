from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from typer.testing import CliRunner

from bench import commands
from bench.noisy.load import BenchError
from bench.noisy.scenarios import Flood, Isolation, Plan
from fairlane_cli.demo.request_log import NotCountedError
from tests.unit.bench.building import a_result


@pytest.fixture(autouse=True)
def no_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def two_stacks(*_: object) -> Iterator[tuple[str, str]]:
        yield "stack", "other"

    monkeypatch.setattr(commands, "two_stacks", two_stacks)


def run(*options: str) -> tuple[int, str]:
    result = CliRunner().invoke(commands.app, ["noisy", *options])
    return result.exit_code, result.output


def test_what_is_worth_nothing_ends_with_1_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object) -> list[object]:
        raise BenchError("nothing waited in A's lane at the end: no flood")

    monkeypatch.setattr(commands, "run_plan", nothing)
    code, output = run()
    assert code == 1
    assert "no flood" in output


def test_floods_that_were_measured_are_shown_although_the_next_could_not_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Iterator[object]:
        yield a_result()
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(commands, "run_plan", broken)
    code, output = run()
    assert code == 1
    assert "worth nothing: Could not connect" in output
    assert "1.3: held" in output


@pytest.mark.parametrize(("beside_s", "code"), [(0.02, 0), (0.05, 6)])
def test_a_missed_goal_ends_with_6(monkeypatch: pytest.MonkeyPatch, beside_s: float, code: int) -> None:
    monkeypatch.setattr(commands, "run_plan", lambda *_: [a_result(0.02, beside_s)])
    assert run()[0] == code


def test_options_make_the_plan_and_results_are_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plans: list[Plan] = []

    def measured(plan: Plan, *_: object) -> list[object]:
        plans.append(plan)
        return [a_result()]

    monkeypatch.setattr(commands, "run_plan", measured)
    into = tmp_path / "docs"
    code, _ = run("--isolation", "pooled", "--flood", "failing", "--rounds", "2", "--into", str(into))
    assert code == 0
    assert plans == [Plan(Isolation.POOLED, (Flood.FAILING,), rounds=2)]
    assert sorted(file.name for file in into.iterdir()) == [
        f"noisy-neighbour-pooled.{ending}" for ending in ("json", "md", "svg")
    ]


def test_a_lane_that_cannot_be_counted_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def spinning(*_: object) -> object:
        raise NotCountedError("at least 10000 requests: the lane spins")

    monkeypatch.setattr(commands, "one_stack", lambda *_: nullcontext("stack"))
    monkeypatch.setattr(commands, "measure", spinning)
    result = CliRunner().invoke(commands.app, ["full-lane"])
    assert (result.exit_code, "spins" in result.output) == (1, True)
