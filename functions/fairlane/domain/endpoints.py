"""URLs that tenants give (HTTP targets, webhooks): what they may look like.

Two parsers that read one URL differently are how guards are passed by, so only one plain form is allowed and
anything else is refused with the reason. What a name resolves to is judged at each call, not here.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NoReturn

from fairlane.domain.addresses import Address, may_call
from fairlane.domain.errors import FieldError, Refused

LONGEST_URL = 2_048
_PARTS = re.compile(r"(?P<scheme>[^:/?#]*)://(?P<authority>[^/?#]*)(?P<target>.*)")
_TARGET = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
#: The last label of what other programs would read as an IPv4 address: `2130706433`, `0x7f.1`, `127.1`, `010.0.0.1`.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
#: Names that mean something on a private network only.
_PRIVATE_SUFFIXES = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home.arpa", "onion")
_PORTS = {"https": 443, "http": 80}
#: Below are the ports of other protocols; of them only 443 is allowed.
_FIRST_FREE_PORT = 1_024
_LAST_PORT = 65_535


@dataclass(frozen=True)
class Endpoint:
    """A URL that may be called if its addresses may. `host` is lower-case, without brackets."""

    scheme: str
    host: str
    port: int
    #: Path and query, as they go into the request line.
    target: str
    #: Set where `host` is an address.
    address: Address | None

    @property
    def default_port(self) -> int:
        """The port that the scheme means."""
        return _PORTS[self.scheme]


def endpoint(url: str, *, allow_private: bool, pointer: str = "#/url") -> Endpoint:
    """The parts of a URL. Raises Refused (422) with `pointer` and the reason. `allow_private` also allows http."""
    if len(url) > LONGEST_URL:
        _refuse(pointer, f"may have {LONGEST_URL} characters")
    if not url.isascii():
        _refuse(pointer, "must be ASCII: write the host in its xn-- form and escape the path")
    found = _PARTS.fullmatch(url)
    if not found:
        _refuse(pointer, "must be a URL such as https://example.com/path")
    scheme, authority, target = found["scheme"].lower(), found["authority"].lower(), found["target"]
    if scheme != "https" and not (allow_private and scheme == "http"):
        _refuse(pointer, "must begin with https://")
    if "#" in target:
        _refuse(pointer, "must not have a fragment (#...)")
    if not _TARGET.fullmatch(target):
        _refuse(pointer, "has a character that must be escaped with % in path or query")
    if "@" in authority:
        _refuse(pointer, "must not have a user or a password")
    host, port = _host_and_port(authority, _PORTS[scheme], pointer)
    _check_port(port, pointer, allow_private=allow_private)
    address = _address(host, pointer)
    if address is not None and not may_call(address, allow_private=allow_private):
        _refuse(pointer, "must not be a private, local or reserved address")
    if address is None:
        _check_name(host, pointer, allow_private=allow_private)
    return Endpoint(scheme, host.strip("[]"), port, target if target.startswith("/") else f"/{target}", address)


def _host_and_port(authority: str, default: int, pointer: str) -> tuple[str, int]:
    bracket = authority.rfind("]")
    host, colon, port = authority[bracket + 1 :].partition(":")
    host = authority[: bracket + 1] + host
    if colon and not _PORT.fullmatch(port):
        _refuse(pointer, "must have a port of 1 to 65535, or none")
    return host, int(port) if colon else default


def _check_port(port: int, pointer: str, *, allow_private: bool) -> None:
    if port > _LAST_PORT:
        _refuse(pointer, "must have a port of 1 to 65535, or none")
    if not allow_private and port != _PORTS["https"] and port < _FIRST_FREE_PORT:
        _refuse(pointer, f"must have port 443, or one from {_FIRST_FREE_PORT} up")


def _address(host: str, pointer: str) -> Address | None:
    """The address that `host` is; None for a name. Raises Refused for a number that is no plain address."""
    try:
        if host.startswith("["):
            zone = "%" in host  # of one machine's own interfaces
            return IPv6Address("" if zone or not host.endswith("]") else host[1:-1])
        if _NUMBER.fullmatch(host.rpartition(".")[2]):
            return IPv4Address(host)
    except AddressValueError:
        _refuse(pointer, "must have a host name, or an address in its usual form")
    return None


def _check_name(host: str, pointer: str, *, allow_private: bool) -> None:
    if not _NAME.fullmatch(host):
        _refuse(pointer, "must have a host name of letters, digits, hyphens and dots")
    if allow_private:
        return
    if "." not in host or any(f".{host}".endswith(f".{suffix}") for suffix in _PRIVATE_SUFFIXES):
        _refuse(pointer, "must have a public host name")


def _refuse(pointer: str, detail: str) -> NoReturn:
    raise Refused("refused", f"{pointer} {detail}.", (FieldError(pointer, detail),))
