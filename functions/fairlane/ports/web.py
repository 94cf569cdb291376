"""The internet, for calls to URLs of tenants."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True)
class Reply:
    """A complete answer of a web server, whatever its status. Redirects are answers: none is followed."""

    status: int
    body: bytes
    #: The header of that name, unread.
    retry_after: str | None = None
    #: The body is longer than was allowed: this is its beginning.
    cut: bool = False


class NoReplyReason(StrEnum):
    """Why there is no answer, by what that means."""

    FORBIDDEN = "ForbiddenAddress"  # its address may not be called: nothing was sent
    UNREACHABLE = "Unreachable"  # no address, connection or TLS: nothing was sent
    BROKEN = "BrokenAnswer"  # the connection ended early, or its answer was none
    TIMEOUT = "Timeout"  # sent, and no complete answer in time: the server may be at it still


@dataclass(frozen=True)
class NoReply:
    """There was no complete answer."""

    reason: NoReplyReason
    message: str


class Web(Protocol):
    """POST to URLs that tenants gave, guarded."""

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeout: timedelta, answer_limit: int
    ) -> Reply | NoReply:
        """POST once; `timeout` bounds all of it, from the name's resolution to the answer's last byte."""
