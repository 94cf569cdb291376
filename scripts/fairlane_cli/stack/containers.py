"""A LocalStack that is no process of ours: one that runs already, or one that a Docker engine runs for us."""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping

import httpx

from fairlane_cli.stack.commands import run_logged, tool_environment
from fairlane_cli.stack.errors import StackError
from fairlane_cli.stack.options import ROOT, Report, StackOptions, StateDirectory
from fairlane_cli.stack.records import EmulatorRecord

COMPOSE = ROOT / "infra" / "localstack" / "compose.yaml"
DEFAULT_PORT = 4566
#: Asking an engine that is not there can hang.
ENGINE_S = 10
#: The image may have to be fetched first.
START_S = 600


def localstack(options: StackOptions, report: Report) -> EmulatorRecord | None:
    """One that runs, else one in a container where a Docker engine answers, else None. Raises StackError."""
    port = options.port or _usual_port()
    if is_localstack(port):
        report(f"using the LocalStack that runs on port {port}")
        return EmulatorRecord(pid=0, born_at=0, port=port, place="localstack", runs_as="elsewhere")
    if not docker_answers():
        return None
    report(f"LocalStack in a container on port {port}")
    run_logged(
        _compose("up", "--detach", "--wait"),
        log=options.state.log("localstack"),
        failure="Docker could not start LocalStack.",
        environment=_settings(port),
    )
    deadline = time.monotonic() + START_S
    while not is_localstack(port):
        if time.monotonic() > deadline:
            raise StackError(f"LocalStack does not answer on port {port}.", log=options.state.log("localstack"))
        time.sleep(0.5)
    return EmulatorRecord(pid=0, born_at=0, port=port, place="localstack", runs_as="container")


def stop(port: int, state: StateDirectory) -> bool:
    """End our container. True: it was there."""
    run_logged(
        _compose("down"),
        log=state.log("localstack-down"),
        failure="Docker could not stop LocalStack.",
        environment=_settings(port),
    )
    return True


def is_localstack(port: int) -> bool:
    """Whether LocalStack answers there. MiniStack knows its health path too, but names no edition."""
    try:
        told = httpx.get(f"http://127.0.0.1:{port}/_localstack/health", timeout=2, trust_env=False)
        return told.is_success and "services" in told.json() and not _is_ministack(port)
    except (httpx.HTTPError, ValueError):
        return False


def docker_answers() -> bool:
    """Whether there is a Docker engine, not only its client."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        asked = subprocess.run(
            [docker, "info", "--format", "{{.ServerVersion}}"],
            env=tool_environment({}),
            capture_output=True,
            timeout=ENGINE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def _is_ministack(port: int) -> bool:
    return httpx.get(f"http://127.0.0.1:{port}/_ministack/health", timeout=2, trust_env=False).is_success


def _usual_port() -> int:
    """That of LOCALSTACK_HOST (host:port), which LocalStack's own tools read."""
    _, _, port = os.environ.get("LOCALSTACK_HOST", "").rpartition(":")
    return int(port) if port.isascii() and port.isdigit() else DEFAULT_PORT


def _compose(*words: str) -> list[str]:
    return ["docker", "compose", "--file", str(COMPOSE), *words]


def _settings(port: int) -> Mapping[str, str]:
    return {"FAIRLANE_LOCALSTACK_PORT": str(port)}
