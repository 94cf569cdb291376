"""LocalStack as a place: which one is used, and what it is started with. Nothing is installed or started here."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fairlane_cli.stack import EmulatorRecord, StackOptions, containers, emulator
from fairlane_cli.stack.localstack import LocalStack

Serving = Callable[[dict[str, object]], int]


@pytest.fixture
def serving() -> Iterator[Serving]:
    """Serves paths of the given answers on a port; all others are 404."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def serve(answers: dict[str, object]) -> int:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path in answers
                body = json.dumps(answers.get(self.path)).encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return int(servers[-1].server_address[1])

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def docker(folder: Path, monkeypatch: pytest.MonkeyPatch, *, engine: bool) -> Path:
    """A docker command that notes how it is called; `info` tells whether an engine answers."""
    calls = folder / "calls"
    program = folder / "docker"
    exit_code = 0 if engine else 1
    program.write_text(
        f'#!/bin/sh\necho "$FAIRLANE_LOCALSTACK_PORT: $*" >>{calls}\n[ "$1" != info ] || exit {exit_code}\n'
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return calls


def options(state_dir: Path, port: int | None) -> StackOptions:
    made = StackOptions(state_dir, port, on="localstack")
    made.state.temporary.mkdir(parents=True)
    return made


def test_one_that_runs_already_is_used_and_left_running(tmp_path: Path, serving: Serving) -> None:
    port = serving({"/_localstack/health": {"services": {}}})
    started = emulator.start(options(tmp_path / "state", port), print)
    assert started == EmulatorRecord(pid=0, born_at=0, port=port, place="localstack", runs_as="elsewhere")
    state = StackOptions(tmp_path / "state").state
    assert emulator.find(state) == started
    assert not emulator.stop(state)
    assert emulator.answers(started)


def test_localstack_host_names_the_one_to_use(
    tmp_path: Path, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = serving({"/_localstack/health": {"services": {}}})
    monkeypatch.setenv("LOCALSTACK_HOST", f"localhost:{port}")
    found = containers.localstack(options(tmp_path / "state", None), print)
    assert found is not None
    assert found.port == port


def test_ministack_is_not_taken_for_it(serving: Serving) -> None:
    """It answers LocalStack's health path too."""
    assert not containers.is_localstack(serving({"/_localstack/health": {"services": {}}, "/_ministack/health": {}}))


def test_where_docker_has_an_engine_it_is_a_container(
    tmp_path: Path, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = docker(tmp_path, monkeypatch, engine=True)
    port = serving({})
    answers = iter((False, False, True))
    monkeypatch.setattr(containers, "is_localstack", lambda _port: next(answers))
    chosen = options(tmp_path / "state", port)
    started = containers.localstack(chosen, print)
    assert started == EmulatorRecord(pid=0, born_at=0, port=port, place="localstack", runs_as="container")
    assert containers.stop(port, chosen.state)
    up, down = calls.read_text().splitlines()[1:]
    assert up == f"{port}: compose --file {containers.COMPOSE} up --detach --wait"
    assert down == f"{port}: compose --file {containers.COMPOSE} down"


@pytest.mark.parametrize("client", [True, False])
def test_without_an_engine_it_is_a_process(
    client: bool, tmp_path: Path, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    if client:
        docker(tmp_path, monkeypatch, engine=False)
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    assert containers.localstack(options(tmp_path / "state", serving({})), print) is None


def test_each_process_has_files_of_its_own_and_the_mark_reaches_its_functions(tmp_path: Path) -> None:
    state = StackOptions(tmp_path / "state").state
    environment = LocalStack().environment(state, 4600)
    assert Path(environment["FILESYSTEM_ROOT"]).is_relative_to(state.temporary)
    assert environment["LOCALSTACK_HOST"] == "localhost:4600"
    assert environment["LAMBDA_PROCESS_INHERIT"] == "FAIRLANE_LOCAL_STACK"
