"""However the demo ends, the stack is left as it should be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fairlane_cli.demo import run
from fairlane_cli.demo.work import DemoError
from fairlane_cli.failures import ExitCode
from fairlane_cli.stack import DeployedStack, StackError, StackOptions, StackStatus
from fairlane_client import UnreachableError

STACK = DeployedStack(
    api_url="http://127.0.0.1:1/api",
    admin_key="fl_a_b",
    aws_endpoint_url="http://127.0.0.1:1",
    region="us-east-1",
    stack="fairlane",
    functions={},
    bus="results",
    emulator={},
    outputs={},
    fingerprint="",
)


class Stack:
    """The stack's verbs, which only note that they were used; `ending` is how the work in it goes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, state_dir: Path) -> None:
        self.is_up = False
        self.downs = 0
        self.up_error: Exception | None = None
        self.ending: Callable[[], object] = lambda: None
        monkeypatch.setenv("FAIRLANE_STATE", str(state_dir))
        monkeypatch.setattr(run, "status", self._status)
        monkeypatch.setattr(run, "up", self._up)
        monkeypatch.setattr(run, "down", self._down)
        monkeypatch.setattr(run, "demo_tenants", lambda _run: self.ending())

    def _status(self, _options: StackOptions) -> StackStatus:
        deployed = STACK if self.is_up else None
        return StackStatus(None, deployed, outdated=False, problem="" if self.is_up else "down")

    def _up(self, _options: StackOptions, _report: object) -> DeployedStack:
        if self.up_error:
            raise self.up_error
        self.is_up = True
        return STACK

    def _down(self, _options: StackOptions, _report: object) -> bool:
        self.downs += 1
        was_up, self.is_up = self.is_up, False
        return was_up


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stack:
    return Stack(monkeypatch, tmp_path)


def raising(error: BaseException) -> Callable[[], object]:
    def end() -> object:
        raise error

    return end


ENDINGS = [
    (KeyboardInterrupt(), ExitCode.INTERRUPTED, "interrupted"),
    (DemoError("no result came"), ExitCode.REFUSED, "The demo failed: no result came"),
    (UnreachableError("refused", url="http://api", sent=False), ExitCode.REFUSED, "no answer from http://api"),
]


@pytest.mark.parametrize(("error", "code", "said"), ENDINGS, ids=[str(code.name) for _, code, _ in ENDINGS])
def test_the_stack_goes_down_however_the_demo_ends(
    stack: Stack, capsys: pytest.CaptureFixture[str], error: BaseException, code: ExitCode, said: str
) -> None:
    stack.ending = raising(error)
    assert run.run_demo(keep=False) == code
    assert not stack.is_up
    out = capsys.readouterr().out
    assert said in out
    assert "The local stack is down." in out


def test_a_bug_in_the_demo_is_not_hidden_but_the_stack_goes_down(stack: Stack) -> None:
    stack.ending = raising(RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        run.run_demo(keep=False)
    assert not stack.is_up


def test_the_stack_stays_up_when_it_is_to_be_kept(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.ending = raising(KeyboardInterrupt())
    run.run_demo(keep=True)
    assert stack.is_up
    assert "The stack stays up. Look around, and end it with: fairlane down" in capsys.readouterr().out


def test_a_stack_that_was_up_before_stays_up(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.is_up = True
    stack.ending = raising(KeyboardInterrupt())
    run.run_demo(keep=False)
    assert stack.downs == 0
    assert "as it was up before" in capsys.readouterr().out


def test_a_stack_that_does_not_come_up_is_the_callers_to_tell(stack: Stack) -> None:
    stack.up_error = StackError("no port")
    with pytest.raises(StackError, match="no port"):
        run.run_demo(keep=True)
    assert not stack.is_up
