"""The emulator as a process: it is found again, never mistaken, and leaves nothing behind. With the real one."""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import psutil
import pytest

from fairlane_cli.stack import EmulatorRecord, StackError, StackOptions, down, emulator, ministack, processes, status
from fairlane_cli.stack.commands import set_up_tools
from fairlane_cli.stack.options import Report, StateDirectory

Sleepers = Callable[[Mapping[str, str]], psutil.Process]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateDirectory]:
    set_up_tools(print)
    state = StackOptions(state_dir=tmp_path / "state").state
    yield state
    emulator.stop(state)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def start(state: StateDirectory) -> EmulatorRecord:
    return emulator.start(StackOptions(state.path, free_port()), print)


@pytest.fixture
def sleepers() -> Iterator[Sleepers]:
    """Starts processes that outlive their parents until they are ended."""
    started: list[subprocess.Popen[bytes]] = []

    def sleeper(environment: Mapping[str, str]) -> psutil.Process:
        command = ["sleep", "600"]
        started.append(subprocess.Popen(command, env={**os.environ, **environment}, start_new_session=True))  # noqa: S603
        return psutil.Process(started[-1].pid)

    yield sleeper
    for process in started:
        process.kill()
        process.wait()


def test_it_answers_when_it_is_started_and_is_found_again(state: StateDirectory) -> None:
    started = start(state)
    assert emulator.answers(started)
    assert emulator.find(state) == started


def test_it_listens_on_this_machine_only(state: StateDirectory) -> None:
    sockets = psutil.Process(start(state).pid).net_connections("tcp")
    assert {each.laddr.ip for each in sockets if each.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


def test_it_survives_ctrl_c_at_the_terminal(state: StateDirectory) -> None:
    assert os.getsid(start(state).pid) != os.getsid(0)


def test_nothing_of_the_callers_account_reaches_it(state: StateDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "FAIRLANE_KEY", "PYTHONPATH"):
        monkeypatch.setenv(name, "the caller's")
    environment = psutil.Process(start(state).pid).environ()
    assert [name for name, value in environment.items() if value == "the caller's"] == []


def test_stopping_it_leaves_no_process_and_no_temporary_file(state: StateDirectory) -> None:
    started = start(state)
    assert emulator.stop(state)
    assert not psutil.pid_exists(started.pid)
    assert processes.marked(state.path) == []
    assert not state.temporary.exists()


def test_stopping_it_twice_does_no_harm(state: StateDirectory) -> None:
    start(state)
    assert emulator.stop(state)
    assert not emulator.stop(state)


def test_a_worker_that_outlived_its_emulator_is_ended(state: StateDirectory, sleepers: Sleepers) -> None:
    started = start(state)
    worker = sleepers(processes.mark(state.path))
    psutil.Process(started.pid).kill()
    assert emulator.stop(state)
    assert not worker.is_running()


def test_an_emulator_that_died_is_not_found(state: StateDirectory) -> None:
    process = psutil.Process(start(state).pid)
    process.kill()
    process.wait(10)
    assert emulator.find(state) is None


def test_a_process_that_got_the_same_id_is_not_taken_for_it(state: StateDirectory, sleepers: Sleepers) -> None:
    other = sleepers({})
    EmulatorRecord(pid=other.pid, born_at=other.create_time(), port=1).write(state.emulator_file)
    assert emulator.find(state) is None
    assert not emulator.stop(state)
    assert other.is_running()


def test_an_emulator_whose_record_is_lost_is_ended_all_the_same(state: StateDirectory) -> None:
    started = start(state)
    state.emulator_file.unlink()
    assert emulator.stop(state)
    assert not psutil.pid_exists(started.pid)


def test_an_emulator_of_another_stack_is_left_alone(state: StateDirectory, tmp_path: Path) -> None:
    started = start(state)
    assert not emulator.stop(StateDirectory(tmp_path / "other"))
    assert emulator.answers(started)


def test_starting_again_ends_the_one_before(state: StateDirectory) -> None:
    first = start(state)
    second = start(state)
    assert not psutil.pid_exists(first.pid)
    assert emulator.find(state) == second


def test_a_taken_port_is_an_error_that_names_it(state: StateDirectory, taken: int) -> None:
    with pytest.raises(StackError, match=f"Port {taken} is taken"):
        emulator.start(StackOptions(state.path, taken), print)
    assert processes.marked(state.path) == []


def test_without_a_wish_the_next_free_port_is_used(
    state: StateDirectory, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator, "FIRST_PORT", taken)
    assert emulator.start(StackOptions(state.path), print).port > taken


def test_one_that_does_not_come_up_is_ended_and_its_log_shown(
    state: StateDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho what went wrong\nexit 1\n")
    broken.chmod(0o700)
    monkeypatch.setattr(ministack, "interpreter", lambda: broken)
    with pytest.raises(StackError, match="what went wrong"):
        emulator.start(StackOptions(state.path), print)
    assert processes.marked(state.path) == []


def test_a_second_up_or_down_waits_for_the_first(state: StateDirectory) -> None:
    said: list[str] = []
    with state.locked(said.append):
        waiting = threading.Event()
        second = threading.Thread(target=_lock, args=(state, lambda _line: waiting.set()))
        second.start()
        assert waiting.wait(10)
    second.join(10)
    assert not second.is_alive()
    assert said == []


def _lock(state: StateDirectory, report: Report) -> None:
    with state.locked(report):
        pass


def test_down_where_nothing_was_ever_up_does_nothing(tmp_path: Path) -> None:
    assert not down(StackOptions(state_dir=tmp_path / "never"), print)
    assert not (tmp_path / "never").exists()


def test_status_tells_what_is_missing(state: StateDirectory) -> None:
    options = StackOptions(state_dir=state.path)
    assert status(options).problem == "the emulator is not running"
    start(state)
    assert status(options).problem == "nothing is deployed"


def test_a_record_can_be_read_by_its_owner_only_and_half_of_one_is_none(state: StateDirectory) -> None:
    record = EmulatorRecord(pid=1, born_at=2.5, port=3)
    record.write(state.emulator_file)
    assert state.emulator_file.stat().st_mode & 0o777 == 0o600
    assert EmulatorRecord.read(state.emulator_file) == record
    state.emulator_file.write_text(json.dumps({"pid": 1})[:5])
    assert EmulatorRecord.read(state.emulator_file) is None


def test_health_is_asked_without_a_proxy(state: StateDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    started = start(state)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    assert emulator.answers(started)
    with pytest.raises(httpx.ConnectError):
        httpx.get(emulator.endpoint_url(started), timeout=2)
