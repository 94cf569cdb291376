"""A local HTTP server that takes webhooks: what is signed goes into a queue, anything else is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Thread
from typing import Any, Self

from fairlane_cli.failures import CliError
from fairlane_client.webhooks import NotSignedError, verify

LARGEST_BODY = 1_000_000
_TIMEOUT_S = 10


@dataclass(frozen=True)
class Refused:
    """A request that was no webhook of ours."""

    reason: str


class Receiver:
    """Listens from the start; takes webhooks once it has `secrets`."""

    def __init__(self, host: str, port: int, now: Callable[[], datetime]) -> None:
        """Port 0 is any that is free."""
        self.secrets: list[str] = []
        self.received: SimpleQueue[dict[str, Any] | Refused] = SimpleQueue()
        self._now = now
        try:
            self._server = ThreadingHTTPServer((host, port), _handler_of(self))
        except OSError as error:
            raise CliError(
                f"{host}:{port} cannot be listened to: {error.strerror}.", "--port 0 takes a free one"
            ) from error
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """The status to answer with."""
        if not self.secrets:
            return 503  # the subscription is being made: it is tried again in two seconds
        try:
            self.received.put(verify(headers, body, self.secrets, now=self._now()))
        except NotSignedError as error:
            self.received.put(Refused(str(error)))
            return 400
        except ValueError:
            self.received.put(Refused("signed, but no JSON"))
            return 400
        return 204


def _handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _TIMEOUT_S

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not (length.isascii() and length.isdigit()):
                self._answer(411)
            elif int(length) > LARGEST_BODY:
                self._answer(413)
            else:
                self._answer(receiver.take(dict(self.headers.items()), self.rfile.read(int(length))))

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: what came is printed by the command."""

    return Handler
