"""A web server on the loopback that does to its first request exactly what a test says."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

Behaviour = Callable[[socket.socket], None]
"""What to do with a connection whose request was read."""


@dataclass
class Server:
    """Where it listens, and the requests that it read (head and body)."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    #: Set at the end of the test: a server that stalls waits for this instead of sleeping.
    over: Event = field(default_factory=Event)


def answering(*parts: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return behave


def ok(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> Behaviour:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
    return answering(b"\r\n".join(lines) + b"\r\n\r\n" + body)


@contextmanager
def serving(
    behave: Callable[[Server], Behaviour] | Behaviour, *, tls: ssl.SSLContext | None = None, reads: bool = True
) -> Iterator[Server]:
    """Serve one connection after the other, on 127.0.0.1 only."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(listening.getsockname()[1])
        thread = Thread(target=_serve, args=(listening, server, behave, tls, reads), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # ends its accept
            thread.join(5)


def _serve(
    listening: socket.socket, server: Server, behave: Behaviour, tls: ssl.SSLContext | None, reads: bool
) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with suppress(OSError), connection:
            connection.settimeout(5)
            if tls is not None:
                with tls.wrap_socket(connection, server_side=True) as secured:
                    _answer(secured, server, behave, reads)
            else:
                _answer(connection, server, behave, reads)


def _answer(connection: socket.socket, server: Server, behave: Behaviour, reads: bool) -> None:
    if reads:
        server.requests.append(_request(connection))
    behave(connection)


def _request(connection: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        read += connection.recv(65536)
    head, _, body = read.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
