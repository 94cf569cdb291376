"""What a running command has in its hands: the API as one caller, what was saved, and where to print."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import cached_property
from pathlib import Path

import httpx

from fairlane_cli.failures import CliError, ExitCode, ServiceError
from fairlane_cli.output import Output
from fairlane_cli.place import Chosen, Credential, Place, find_place, platform_credential, tenant_credential
from fairlane_client import (
    Client,
    FairlaneError,
    ForbiddenError,
    UnauthorizedError,
    UnexpectedAnswerError,
    UnreachableError,
)


class Access(Enum):
    """As whom a command calls the API."""

    #: It does not.
    NONE = "none"
    PLATFORM = "platform"
    TENANT = "tenant"


@dataclass(frozen=True)
class Wiring:
    """What commands use of the outside."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    cwd: Callable[[], Path] = Path.cwd
    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class Session:
    """One run of one command. Finds API and key only when they are first asked for."""

    def __init__(self, access: Access, chosen: Chosen, output: Output, wiring: Wiring) -> None:
        self.access = access
        self.chosen = chosen
        self.output = output
        self.wiring = wiring

    @cached_property
    def place(self) -> Place:
        return find_place(self.chosen, self.wiring.environment, self.wiring.cwd())

    @cached_property
    def credential(self) -> Credential:
        find = platform_credential if self.access is Access.PLATFORM else tenant_credential
        return find(self.chosen, self.wiring.environment, self.place)

    @cached_property
    def client(self) -> Client:
        place, credential = self.place, self.credential
        self._warn_if_readable(place)
        try:
            return Client(place.api_url, credential.key, transport=self.wiring.transport, sleep=self.wiring.sleep)
        except ValueError as error:
            origins = f"{place.origin} has the address, {credential.origin} the key."
            raise CliError(f"{error}.", origins, code=ExitCode.NOT_SET_UP) from error

    def close(self) -> None:
        if "client" in self.__dict__:
            self.client.close()

    def explained(self, error: FairlaneError) -> CliError:
        """The error with what to do about it here."""
        match error:
            case UnauthorizedError():
                return ServiceError(error, *self._about_the_key())
            case ForbiddenError() if self.access is Access.PLATFORM:
                hint = f"It needs a platform key (scope admin); the one used is from {self.credential.origin}."
                return ServiceError(error, hint)
            case ForbiddenError():
                return ServiceError(error, f"The key used is from {self.credential.origin}.")
            case UnreachableError() if self.place.local:
                hint = "fairlane status     says what of the local stack is up; fairlane up     starts it"
                return ServiceError(error, hint)
            case UnreachableError() | UnexpectedAnswerError():
                return ServiceError(error, f"The address is from {self.place.origin}.")
        return ServiceError(error)

    def _about_the_key(self) -> list[str]:
        hints = [f"The key used is from {self.credential.origin}, the address from {self.place.origin}."]
        if self.credential.tenant:
            hints.append(f"fairlane keys create {self.credential.tenant} --save     makes and keeps a new one")
        return hints

    def _warn_if_readable(self, place: Place) -> None:
        local = ("127.0.0.1", "localhost", "::1")
        try:
            url = httpx.URL(place.api_url)
        except httpx.InvalidURL:
            return
        if url.scheme == "http" and url.host not in local:
            self.output.note(f"warning: {place.api_url} is not encrypted; the key can be read on the way")
