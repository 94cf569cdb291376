"""The local emulator (MiniStack or LocalStack): starting it as a detached process, finding it again, stopping it.

A LocalStack that runs already, or that Docker can run, is not a process of ours: `containers`.
"""

import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Protocol

import httpx
import psutil

from fairlane_cli.stack import containers, processes
from fairlane_cli.stack.errors import StackError
from fairlane_cli.stack.localstack import LocalStack
from fairlane_cli.stack.ministack import HOST, MiniStack
from fairlane_cli.stack.options import Report, StackOptions, StateDirectory
from fairlane_cli.stack.records import EmulatorRecord

FIRST_PORT = 4566
PORTS_TRIED = 100
#: Of these the emulator and the functions in it may know; nothing else of the caller's environment.
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Kind(Protocol):
    """An emulator of AWS that runs as a process."""

    name: str
    title: str
    #: Path that answers 200 when it is ready.
    health: str
    #: Stands in its log when it could not listen.
    port_taken: str
    start_s: int

    def command(self) -> list[str | Path]: ...

    def set_up(self, state: StateDirectory, report: Report) -> None: ...

    def environment(self, state: StateDirectory, port: int) -> dict[str, str]: ...


KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (MiniStack(), LocalStack())}


def endpoint_url(emulator: EmulatorRecord) -> str:
    return f"http://{HOST}:{emulator.port}"


def find(state: StateDirectory) -> EmulatorRecord | None:
    """The emulator of this stack, if it lives. Not whether it answers, where it is a process of ours."""
    record = EmulatorRecord.read(state.emulator_file)
    if record is None:
        return None
    lives = _lives(record, state) if record.runs_as == "process" else answers(record)
    return record if lives else None


def answers(emulator: EmulatorRecord) -> bool:
    try:
        response = httpx.get(f"{endpoint_url(emulator)}{KINDS[emulator.place].health}", timeout=2, trust_env=False)
    except httpx.HTTPError:
        return False
    return response.is_success


def start(options: StackOptions, report: Report) -> EmulatorRecord:
    """An emulator that answers: a new and empty one, save a LocalStack that runs already. Ends leftovers first."""
    state, kind = options.state, KINDS[options.on]
    stop(state)
    state.temporary.mkdir(parents=True)
    elsewhere = containers.localstack(options, report) if options.on == "localstack" else None
    if elsewhere:
        elsewhere.write(state.emulator_file)
        return elsewhere
    kind.set_up(state, report)
    for candidate in _candidates(options.port):
        emulator = _start_on(state, candidate, kind, options.emulator_settings)
        if emulator:
            report(f"emulator ({kind.title}) on port {candidate}, process {emulator.pid}")
            return emulator
        if options.port is not None:
            raise _taken(options.port)  # somebody took it between our look and the emulator's
    raise StackError(f"No free port between {FIRST_PORT} and {FIRST_PORT + PORTS_TRIED - 1}.")


def stop(state: StateDirectory) -> bool:
    """Ends the emulator, its workers and what they left on the disk. Tells whether anything ran."""
    ran = processes.stop(state.path)
    record = EmulatorRecord.read(state.emulator_file)
    if record and record.runs_as == "container":
        ran = containers.stop(record.port, state) or ran
    state.emulator_file.unlink(missing_ok=True)
    shutil.rmtree(state.temporary, ignore_errors=True)
    return ran


def _candidates(port: int | None) -> Iterator[int]:
    if port is not None:
        if not _is_free(port):
            raise _taken(port)
        yield port
        return
    yield from (candidate for candidate in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED) if _is_free(candidate))


def _taken(port: int) -> StackError:
    return StackError(
        f"Port {port} is taken by another program.",
        remedy=f"Name another port, or none: then the next free one from {FIRST_PORT} on is used.",
    )


def _is_free(port: int) -> bool:
    """Asked for every address too: another emulator may listen on all of them."""
    for host in (HOST, ""):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def _start_on(state: StateDirectory, port: int, kind: Kind, settings: Mapping[str, str]) -> EmulatorRecord | None:
    """None where the port was taken in the meantime. Raises StackError where the emulator does not come up."""
    pid = _spawn(state, port, kind, settings)
    emulator = EmulatorRecord(pid=pid, born_at=psutil.Process(pid).create_time(), port=port, place=kind.name)
    emulator.write(state.emulator_file)
    deadline = time.monotonic() + kind.start_s
    for attempt in count():
        if not _lives(emulator, state) and attempt:
            processes.stop(state.path)
            if kind.port_taken in state.log(kind.name).read_text(errors="replace"):
                return None
            break
        if answers(emulator) and _listens(emulator):
            return emulator
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    stop(state)
    raise StackError("The emulator did not start.", log=state.log(kind.name))


def _spawn(state: StateDirectory, port: int, kind: Kind, settings: Mapping[str, str]) -> int:
    """Detached: in a session of its own, so that Ctrl-C at the terminal does not reach it."""
    log = state.log(kind.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [str(part) for part in kind.command()]
    output = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    return os.posix_spawn(
        command[0],
        command,
        {**_environment(state), **kind.environment(state, port), **settings},
        setsid=True,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), output, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )


def _environment(state: StateDirectory) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {
        **inherited,
        **processes.mark(state.path),
        "HOME": str(state.temporary),
        "TMPDIR": str(state.temporary),
        "NO_PROXY": "127.0.0.1,localhost",
    }


def _lives(record: EmulatorRecord, state: StateDirectory) -> bool:
    """The process id alone says nothing: it may be another program's by now."""
    try:
        process = psutil.Process(record.pid)
        return abs(process.create_time() - record.born_at) < 1 and processes.is_marked(process, state.path)
    except psutil.Error:
        return False


def _listens(emulator: EmulatorRecord) -> bool:
    """That what answers on the port is ours, not an emulator that somebody else started at the same time."""
    try:
        sockets = psutil.Process(emulator.pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == emulator.port for each in sockets)
