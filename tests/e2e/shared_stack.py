"""One deployed stack for all workers of a test run: the first brings it up, the last takes it down.

Should the run be killed, a guard of its own session takes the stack down, with every process that it started.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock

from fairlane_cli.stack import DeployedStack, StackOptions, down, up

#: The emulator that is brought up: `ministack` (the default) or `localstack`.
PLACE = "FAIRLANE_E2E_ON"
#: Names the state directory of a stack that is up: it is used as it is, and left up.
REUSED = "FAIRLANE_E2E_STATE_DIR"


def stack_options(state_dir: Path, **more: Any) -> StackOptions:
    """A stack of the tests' own at the place that they run at: never one that is there already."""
    if os.environ.get(PLACE, "ministack") != "localstack":
        return StackOptions(state_dir, **more)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    return StackOptions(state_dir, port, on="localstack", **more)


@contextmanager
def shared_stack(state_dir: Path) -> Iterator[DeployedStack]:
    """The stack of `state_dir`, up as long as any worker is inside."""
    state_dir.mkdir(parents=True, exist_ok=True)
    options = stack_options(state_dir)
    lock = FileLock(state_dir / "users.lock")
    users = state_dir / "users.json"
    with lock:
        if not _living(users):
            _start_guard(state_dir)
        users.write_text(json.dumps([*_living(users), os.getpid()]))
    try:
        yield up(options, print)
    finally:
        with lock:
            others = [pid for pid in _living(users) if pid != os.getpid()]
            users.write_text(json.dumps(others))
            if not others:
                down(options, print)


def _living(users: Path) -> list[int]:
    """Workers that are inside; those that were killed are not."""
    return [pid for pid in json.loads(users.read_text()) if psutil.pid_exists(pid)] if users.exists() else []


def _start_guard(state_dir: Path) -> None:
    """Outlives Ctrl-C and the kill of the whole test run: it is in another session."""
    run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, __file__, str(run), str(state_dir)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ).returncode = 0  # nobody waits for it: it waits for us


def guard(run: int, state_dir: Path) -> None:
    """Take the stack down once the process `run` has ended."""
    try:
        psutil.Process(run).wait()
    except psutil.NoSuchProcess:
        pass
    finally:
        down(StackOptions(state_dir), print)


if __name__ == "__main__":
    guard(int(sys.argv[1]), Path(sys.argv[2]))
