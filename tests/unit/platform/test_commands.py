"""Running tools: what went wrong is shown."""

from pathlib import Path

import pytest

from fairlane_cli.stack import StackError
from fairlane_cli.stack.commands import run_logged, tool_environment


def test_a_command_that_fails_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log" / "it.log"
    with pytest.raises(StackError) as failed:
        run_logged(["sh", "-c", "echo the reason; exit 3"], log=log, failure="It failed.", environment={})
    assert str(failed.value) == f"It failed.\n  | the reason\nThe whole log: {log}"


def test_the_callers_account_and_python_do_not_reach_a_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "the caller's")
    monkeypatch.setenv("HTTPS_PROXY", "the caller's")
    environment = tool_environment({"AWS_REGION": "ours"})
    assert {name for name, value in environment.items() if value == "the caller's"} == {"HTTPS_PROXY"}
    assert environment["AWS_REGION"] == "ours"
