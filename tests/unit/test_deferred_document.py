"""The worker of docs/deferred.md runs as it stands there."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import httpx
import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "deferred.md"
Callback = tuple[str, str, Any]


def worker() -> str:
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    return str(code)


def test_it_is_about_as_short_as_promised() -> None:
    lines = [line for line in worker().splitlines() if line and not line.startswith(("import", "from"))]

    assert len(lines) <= 25


@pytest.fixture
def callbacks() -> Iterator[tuple[str, SimpleQueue[Callback]]]:
    """The API as far as the worker sees it, and what it was told."""
    told: SimpleQueue[Callback] = SimpleQueue()

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.put((self.path, self.headers["Authorization"], body))
            answer = json.dumps({"cancel": body.get("progress") == 0.5}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", told
        server.shutdown()
        thread.join(5)


@pytest.fixture
def endpoint(callbacks: tuple[str, SimpleQueue[Callback]]) -> Iterator[str]:
    """The worker's own URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "FAIRLANE_API": callbacks[0], "PORT": str(port), "NO_PROXY": "127.0.0.1"}
    started = subprocess.Popen([sys.executable, "-c", worker()], env=environment, stderr=subprocess.DEVNULL)  # noqa: S603 - our own document
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}/"
    finally:
        started.kill()
        started.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "the worker does not listen"
            time.sleep(0.05)
        else:
            return


def start(endpoint: str, numbers: list[int]) -> int:
    event = {"taskid": "t_1", "tasktoken": "flt.x", "attempt": 1, "data": {"numbers": numbers}}
    return httpx.post(endpoint, json=event, trust_env=False).status_code


def test_it_says_202_sends_heartbeats_and_completes(
    endpoint: str, callbacks: tuple[str, SimpleQueue[Callback]]
) -> None:
    assert start(endpoint, [1, 2, 4]) == 202

    told = [callbacks[1].get(timeout=10) for _ in range(4)]

    assert [body for _, _, body in told] == [
        {"progress": 1 / 3},
        {"progress": 2 / 3},
        {"progress": 1.0},
        {"result": {"total": 7}},
    ]
    assert {path for path, _, _ in told} == {"/v1/tasks/t_1/heartbeat", "/v1/tasks/t_1/complete"}
    assert {key for _, key, _ in told} == {"Bearer flt.x"}


def test_it_stops_when_it_is_told_to(endpoint: str, callbacks: tuple[str, SimpleQueue[Callback]]) -> None:
    assert start(endpoint, [1, 2]) == 202
    assert callbacks[1].get(timeout=10)[2] == {"progress": 0.5}
    assert start(endpoint, [5]) == 202

    rest = [callbacks[1].get(timeout=10)[2] for _ in range(2)]

    assert rest == [{"progress": 1.0}, {"result": {"total": 5}}]
