"""POST to a URL that a tenant gave, guarded against server-side request forgery.

The name is resolved once, every address it has must be allowed, and the connection is made to one of those
very addresses, so that a name that answers differently a moment later (DNS rebinding) gains nothing. TLS still
checks the certificate against the name. No proxy, no redirect, no cookie, nothing from the environment; one
limit for the time and one for the size of it all, so that drips and floods end.
"""

import io
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from ipaddress import ip_address
from threading import Thread
from typing import Any, cast

from fairlane.domain.addresses import may_call_all
from fairlane.domain.endpoints import Endpoint, endpoint
from fairlane.domain.errors import Refused
from fairlane.ports.web import NoReply, NoReplyReason, Reply

#: A connection (TCP and TLS) and a name's resolution take this long at most (s), whatever the time-out of it all.
CONNECT_LIMIT_S = 10.0
#: Bytes that may come beside a body: headers, the marks of chunks.
OVERHEAD_LIMIT = 256 * 1024
#: Of a name's addresses so many are tried, in their order.
MOST_TRIES = 3
_BLOCK = 64 * 1024
_KEEP_ALIVE_S = 60
_MESSAGE_LIMIT = 300

Resolve = Callable[[str, int], Sequence[str]]
"""Addresses of a name, as the system prefers them. Raises OSError."""


class Outbound:
    """`Web` on sockets. Safe to share between threads."""

    def __init__(
        self,
        *,
        allow_private: bool,
        resolve: Resolve | None = None,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        """`allow_private` lets tenants name private addresses and plain http: for local stacks and closed networks."""
        self._allow_private = allow_private
        self._resolve = resolve or _system_addresses
        self._tls = tls or _verifying

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeout: timedelta, answer_limit: int
    ) -> Reply | NoReply:
        """POST once. Never raises for what the other side does."""
        deadline = _Deadline(timeout.total_seconds())
        try:
            at = endpoint(url, allow_private=self._allow_private)
            addresses = self._addresses(at, deadline)
        except Refused as refused:  # registered under other rules, or before the rule was there
            return NoReply(NoReplyReason.FORBIDDEN, refused.detail)
        except OSError as error:
            return _no_reply(NoReplyReason.UNREACHABLE, error)
        if not may_call_all([ip_address(text) for text in addresses], allow_private=self._allow_private):
            return NoReply(NoReplyReason.FORBIDDEN, f"{at.host} has an address that may not be called")
        try:
            connection = self._connect(at, addresses, deadline)
        except OSError as error:
            return _no_reply(NoReplyReason.UNREACHABLE, error)
        with connection:
            return _exchange(
                _Wire(connection, deadline, answer_limit + OVERHEAD_LIMIT), at, body, headers, answer_limit
            )

    def _addresses(self, at: Endpoint, deadline: "_Deadline") -> Sequence[str]:
        if at.address is not None:
            return [str(at.address)]
        found = _within(lambda: self._resolve(at.host, at.port), deadline.at_most(CONNECT_LIMIT_S))
        if not found:
            raise OSError(f"{at.host} has no address")
        return found

    def _connect(self, at: Endpoint, addresses: Sequence[str], deadline: "_Deadline") -> socket.socket:
        within = _Deadline(deadline.at_most(CONNECT_LIMIT_S))
        tries = addresses[:MOST_TRIES]
        for left, address in zip(range(len(tries), 0, -1), tries, strict=True):
            try:
                return self._secured(at, address, _Deadline(within.left() / left))
            except ssl.SSLError:
                raise
            except OSError:
                if left == 1:
                    raise
        raise OSError("no address")  # unreachable: there is at least one

    def _secured(self, at: Endpoint, address: str, deadline: "_Deadline") -> socket.socket:
        plain = socket.create_connection((address, at.port), timeout=deadline.left())
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _keep_alive(plain)
            plain.settimeout(deadline.left())
            return self._tls().wrap_socket(plain, server_hostname=at.host) if at.scheme == "https" else plain
        except BaseException:
            plain.close()
            raise


class _Deadline:
    """A point in time for everything that one POST does."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then. Raises TimeoutError when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def at_most(self, seconds: float) -> float:
        return min(seconds, self.left())


class _Wire(io.RawIOBase):
    """A socket whose every operation ends at the deadline, and which gives a bounded number of bytes."""

    def __init__(self, connection: socket.socket, deadline: _Deadline, bytes_left: int) -> None:
        super().__init__()
        self._connection = connection
        self._deadline = deadline
        self._bytes_left = bytes_left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._bytes_left <= 0:
            raise _TooMuch
        self._connection.settimeout(self._deadline.left())
        read = self._connection.recv_into(buffer)
        self._bytes_left -= read
        return read

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._connection.settimeout(self._deadline.left())
            view = view[self._connection.send(view[:_BLOCK]) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        """For `http.client`, which wants a socket."""
        return _Lines(self)

    def close(self) -> None:
        """The socket is closed by whoever opened it."""


class _Lines(io.BufferedReader):
    """Lines of an answer's head. `http.client` takes the end of the connection for the end of the head."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n") and len(line) != size:
            raise IncompleteRead(line)
        return line


class _TooMuch(Exception):
    """More came than a body and its overhead may have."""


def _exchange(wire: _Wire, at: Endpoint, body: bytes, headers: Mapping[str, str], limit: int) -> Reply | NoReply:
    connection = HTTPConnection(at.host, at.port)
    connection.default_port = at.default_port  # what it leaves out of the Host header
    connection.sock = cast(socket.socket, wire)
    connection.auto_open = 0
    try:
        with _refusals_may_come_early():
            connection.request("POST", at.target, body, {**headers, "Connection": "close"})
        answer = connection.getresponse()
        read = answer.read(limit + 1)
    except _TooMuch:
        return NoReply(NoReplyReason.BROKEN, "the answer's head or its chunks do not end")
    except TimeoutError as error:
        return _no_reply(NoReplyReason.TIMEOUT, error)
    except (OSError, HTTPException, ValueError) as error:  # http.client raises ValueError for chunks that are none
        return _no_reply(NoReplyReason.BROKEN, error)
    if len(read) <= limit and _is_half(answer):
        return NoReply(NoReplyReason.BROKEN, "the answer ended before its Content-Length")
    return Reply(answer.status, read[:limit], answer.getheader("Retry-After"), cut=len(read) > limit)


@contextmanager
def _refusals_may_come_early() -> Iterator[None]:
    """A server may answer (413, 503) and close before it has read all; its answer is worth more than our error."""
    try:
        yield
    except (BrokenPipeError, ConnectionResetError):
        return


def _is_half(answer: HTTPResponse) -> bool:
    return answer.length not in (None, 0)


def _within(resolve: Callable[[], Sequence[str]], seconds: float) -> Sequence[str]:
    """The system's resolver has a time limit of its own, and may take longer: it is left behind then."""
    found: list[Sequence[str] | Exception] = []

    def run() -> None:
        try:
            found.append(resolve())
        except Exception as error:  # noqa: BLE001 - handed over
            found.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise TimeoutError("the name was not resolved in time")
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


def _system_addresses(host: str, port: int) -> Sequence[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    except UnicodeError as error:  # the system's idea of a label may be narrower than ours
        raise OSError(str(error)) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _keep_alive(connection: socket.socket) -> None:
    """Networks cut connections that are idle for minutes, as those of long calls are."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, name):  # Linux
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), _KEEP_ALIVE_S)


@cache
def _verifying() -> ssl.SSLContext:
    return ssl.create_default_context()


def _no_reply(reason: NoReplyReason, error: Exception) -> NoReply:
    return NoReply(reason, (str(error) or type(error).__name__)[:_MESSAGE_LIMIT])
