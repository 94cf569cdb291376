"""POST to tenants' URLs: against a real server on the loopback, with every way of not answering."""

import socket
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from fairlane.outbound import Outbound
from fairlane.ports.web import NoReply, NoReplyReason, Reply
from tests.unit.outbound.serving import Behaviour, answering, ok, serving

LIMIT = 1_000
QUICK = timedelta(seconds=0.3)
AMPLE = timedelta(seconds=5)


def post(
    url: str,
    body: bytes = b"{}",
    *,
    timeout: timedelta = AMPLE,
    allow_private: bool = True,
    resolve: Callable[[str, int], Sequence[str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Reply | NoReply:
    outbound = Outbound(allow_private=allow_private, resolve=resolve)
    return outbound.post(url, body, headers or {}, timeout=timeout, answer_limit=LIMIT)


def posted_to(
    behave: Behaviour, *, body: bytes = b"{}", timeout: timedelta = AMPLE, reads: bool = True
) -> Reply | NoReply:
    with serving(behave, reads=reads) as server:
        return post(f"http://127.0.0.1:{server.port}/x", body, timeout=timeout)


def reason(answer: Reply | NoReply) -> NoReplyReason:
    assert isinstance(answer, NoReply), answer
    return answer.reason


def nowhere(_host: str, _port: int) -> Sequence[str]:
    raise AssertionError("nothing may be resolved")


def test_a_post_carries_path_headers_and_body() -> None:
    with serving(ok(b'{"n":1}')) as server:
        url = f"http://hooks.test:{server.port}/a/b?c=d"
        answer = post(url, b"body", headers={"X-A": "b"}, resolve=lambda _host, _port: ["127.0.0.1"])

    assert answer == Reply(200, b'{"n":1}')
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /a/b?c=d HTTP/1.1"
    assert {b"Host: hooks.test:%d" % server.port, b"X-A: b", b"Content-Length: 4", b"Connection: close"} <= set(lines)
    assert body == b"body"


@pytest.mark.parametrize("status", [b"204 No Content", b"404 Not Found", b"429 Too Many Requests", b"500 Oops"])
def test_every_status_is_an_answer(status: bytes) -> None:
    answer = posted_to(answering(b"HTTP/1.1 " + status + b"\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"))

    assert answer == Reply(int(status[:3]), b"", "7")


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"303 See Other", b"307 Temporary", b"308 Permanent"])
def test_redirects_are_answers_and_never_followed(status: bytes) -> None:
    with serving(ok(b"secret")) as other:
        location = b"Location: http://127.0.0.1:%d/" % other.port
        answer = posted_to(ok(b"", location, status=status))

    assert answer == Reply(int(status[:3]), b"")
    assert other.requests == []


def test_chunks_and_answers_that_end_with_the_connection_are_read_whole() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX: y\r\n\r\n"

    assert posted_to(answering(chunked)) == Reply(200, b"abcde")
    assert posted_to(answering(b"HTTP/1.0 200 OK\r\n\r\nabc")) == Reply(200, b"abc")


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nX: y",
        b"HTTP/1.1 200 OK\r\nX: y\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"HTTP/1.1 OK\r\n\r\n",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=lambda half: half[:40].decode(),
)
def test_half_answers_and_no_answers_are_broken(half: bytes) -> None:
    assert reason(posted_to(answering(half))) is NoReplyReason.BROKEN


def test_a_body_may_have_the_limit_and_no_byte_more() -> None:
    assert posted_to(ok(b"x" * LIMIT)) == Reply(200, b"x" * LIMIT)
    assert posted_to(ok(b"x" * (LIMIT + 1))) == Reply(200, b"x" * LIMIT, cut=True)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"fffffffffff\r\n",
    ],
    ids=["length", "no length", "chunk"],
)
def test_endless_answers_end_at_the_limit(head: bytes) -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(b"x" * 65536)

    assert posted_to(flood) == Reply(200, b"x" * LIMIT, cut=True)


def test_interim_answers_without_end_are_no_answer() -> None:
    def flood(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)

    answer = posted_to(flood, timeout=timedelta(seconds=20))

    assert reason(answer) is NoReplyReason.BROKEN


@pytest.mark.parametrize("slow", [b"H", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_drips_do_not_prolong_the_time_out(slow: bytes) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(slow)
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)  # a server that is always just alive

    started = time.monotonic()
    answer = posted_to(drip, timeout=QUICK)

    assert reason(answer) is NoReplyReason.TIMEOUT
    assert time.monotonic() - started < 2


def test_silence_is_a_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = post(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout=QUICK)

    assert reason(answer) is NoReplyReason.TIMEOUT


def test_a_request_that_nobody_reads_is_a_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = post(f"http://127.0.0.1:{silent.getsockname()[1]}/", b"x" * 50_000_000, timeout=QUICK)

    assert reason(answer) is NoReplyReason.TIMEOUT


def test_an_answer_that_comes_before_the_request_was_read_counts() -> None:
    def refuse(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    assert posted_to(refuse, body=b"x" * 10_000_000, reads=False) == Reply(413, b"")


def test_a_port_that_nobody_listens_on_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    assert reason(post(f"http://127.0.0.1:{port}/")) is NoReplyReason.UNREACHABLE


def test_the_next_address_is_tried_where_the_first_does_not_answer() -> None:
    with serving(ok(b"1")) as server:
        answer = post(f"http://hooks.test:{server.port}/", resolve=lambda _host, _port: ["127.7.7.7", "127.0.0.1"])

    assert answer == Reply(200, b"1")


def test_a_name_that_is_not_known_is_unreachable() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert reason(post("https://hooks.test/", resolve=unknown)) is NoReplyReason.UNREACHABLE
    assert reason(post("https://hooks.test/", resolve=lambda _host, _port: [])) is NoReplyReason.UNREACHABLE


def test_a_resolver_that_takes_too_long_is_left_behind() -> None:
    def slow(_host: str, _port: int) -> Sequence[str]:
        time.sleep(1)  # as the system's does when no server answers
        return ["127.0.0.1"]

    started = time.monotonic()

    assert reason(post("https://hooks.test/", resolve=slow, timeout=QUICK)) is NoReplyReason.UNREACHABLE
    assert time.monotonic() - started < 0.9


@pytest.mark.parametrize(
    "addresses",
    [
        *(["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["::1"], ["::ffff:127.0.0.1"], ["fe80::1%1"], ["0.0.0.0"]),  # noqa: S104 - to be refused
        *(["93.184.215.14", "127.0.0.1"], ["127.0.0.1", "93.184.215.14"], ["2606:2800:21f::1", "fd00::1"]),
    ],
)
def test_a_name_with_one_address_that_is_not_public_is_not_called(addresses: list[str]) -> None:
    answer = post("https://hooks.example/", allow_private=False, resolve=lambda _host, _port: addresses)

    assert reason(answer) is NoReplyReason.FORBIDDEN


@pytest.mark.parametrize(
    "url", ["http://example.com/", "https://127.0.0.1/", "https://localhost/", "https://2130706433/"]
)
def test_a_url_that_could_not_be_registered_today_is_not_called(url: str) -> None:
    assert reason(post(url, allow_private=False, resolve=nowhere)) is NoReplyReason.FORBIDDEN


def test_the_name_is_resolved_once_and_the_connection_goes_to_that_very_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: the first answer is public and passes the guard, the next would be the loopback."""
    answers = [["93.184.215.14"], ["127.0.0.1"]]
    reached: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], **_: object) -> socket.socket:
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    answer = post("https://rebound.example/", allow_private=False, resolve=lambda _host, _port: answers.pop(0))

    assert reason(answer) is NoReplyReason.UNREACHABLE
    assert reached == [("93.184.215.14", 443)]


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(ok(b"proxy")) as proxy, serving(ok(b"1")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        answer = post(f"http://127.0.0.1:{server.port}/")

    assert answer == Reply(200, b"1")
    assert proxy.requests == []


def test_the_system_resolves_names() -> None:
    with serving(ok(b"1")) as server:
        assert post(f"http://localhost:{server.port}/") == Reply(200, b"1")
