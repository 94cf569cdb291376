"""API keys: how they look, how they are checked.

A key is `fl_<keyid>_<secret>`. The secret has 256 random bits, so its plain SHA-256 is a safe
thing to store: there is nothing to guess by dictionary (unlike a password, which needs a slow hash).
"""

import hashlib
import hmac
import re
import secrets
import string
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fairlane.domain.errors import Refused
from fairlane.http import PLATFORM, Caller, Request, Route
from fairlane.ports.registry import Entry
from fairlane.ports.running import Clock

KEY = re.compile(r"fl_([a-z2-7]{16})_([A-Za-z0-9]{43,64})")
_ALPHABET = string.ascii_letters + string.digits
_SECRET_LENGTH = 43  # 62^43 > 2^256
SCOPES = ("submit", "read", "manage", "admin")


class KeyReader(Protocol):
    """The part of the registry that authentication needs."""

    def get(self, partition: str, item: str) -> Entry | None:
        """The stored key document, or None."""


@dataclass(frozen=True)
class NewKey:
    """A fresh key: only `digest` is stored, `text` is shown once."""

    keyid: str
    text: str
    digest: str


def new_key() -> NewKey:
    """Make a key from the operating system's randomness."""
    keyid = b32encode(secrets.token_bytes(10)).decode().lower()
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    return NewKey(keyid, f"fl_{keyid}_{secret}", _digest(secret))


def key_partition(keyid: str) -> str:
    """Where the registry keeps the key that a request names."""
    return f"key#{keyid}"


def authenticate(request: Request, keys: KeyReader, now: Clock) -> Caller:
    """Who calls. Raises Refused (401), the same for every way in which a key can be wrong."""
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    found = KEY.fullmatch(token.strip()) if scheme.lower() == "bearer" else None
    if not found:
        raise _unauthorized("Send `Authorization: Bearer fl_<keyid>_<secret>`.")
    keyid, secret = found.groups()
    entry = keys.get(key_partition(keyid), "key")
    stored = entry.doc["digest"] if entry else "0" * 64  # the same work with and without such a key
    matches = hmac.compare_digest(stored, _digest(secret))
    if entry is None or not matches or _is_over(entry, now()):
        raise _unauthorized("There is no such key, or it was revoked or has expired.")
    return Caller(tenant=entry.doc["tenant"], keyid=keyid, scopes=frozenset(entry.doc["scopes"]))


def authorize(caller: Caller, route: Route) -> None:
    """Check the route's scope, and that a tenant's route is called by a tenant. Raises Refused (403)."""
    if route.scope is None:
        return
    if route.scope not in caller.scopes:
        raise Refused("forbidden", f"This needs a key with the scope `{route.scope}`.")
    if (caller.tenant == PLATFORM) != (route.scope == "admin"):
        raise Refused("forbidden", "A platform key manages tenants; a tenant's own routes need a key of that tenant.")


def _is_over(entry: Entry, now: datetime) -> bool:
    expires_at = entry.doc.get("expires_at")
    return expires_at is not None and datetime.fromisoformat(expires_at) <= now


def _unauthorized(detail: str) -> Refused:
    return Refused("unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="fairlane"'})


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
