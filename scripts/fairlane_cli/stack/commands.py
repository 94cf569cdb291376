"""Running the tools of the checkout (uv, SAM CLI): quietly, into a log, with an environment of their own."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from fairlane_cli.stack.errors import StackError
from fairlane_cli.stack.options import ROOT, Report

#: Settings of whoever calls that would change what a tool does, or send it to another account.
_NOT_INHERITED = ("AWS_", "FAIRLANE_", "SAM_", "PYTHON", "VIRTUAL_ENV", "UV_PROJECT")


def tool_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without its AWS account and Python settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    return {**inherited, "SAM_CLI_TELEMETRY": "0", **extra}


def run_logged(command: Sequence[str | Path], *, log: Path, failure: str, environment: Mapping[str, str]) -> None:
    """Run in the checkout, all output into `log`. Raises StackError with the end of the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        completed = subprocess.run(
            command,
            cwd=ROOT,
            env=tool_environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if completed.returncode:
        raise StackError(failure, log=log)


def set_up_tools(report: Report) -> None:
    """Bring uv, SAM CLI and MiniStack into the checkout. Quick where they are."""
    set_up([ROOT / "scripts" / "setup.sh", "uv", "sam", "ministack"], report)


def set_up(script: Sequence[str | Path], report: Report) -> None:
    """Run a script that installs something and says each step on its standard error. Raises StackError."""
    with subprocess.Popen(
        script,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        said = []
        for line in process.stderr or ():
            said.append(line.strip())
            report(said[-1])
    if process.returncode:
        raise StackError("The tools could not be installed.", remedy=said[-1] if said else "")
