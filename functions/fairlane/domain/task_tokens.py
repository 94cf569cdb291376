"""Task tokens: what lets whoever runs a deferred attempt end it, prolong it, or say how far it is.

A token names tenant, task, generation and claim, and is signed with a key of the deployment; so it can be checked
without reading anything, and the same attempt always gets the same token, however often its target is started.
It is good for its own attempt alone: the claim is the fence.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import dataclass

from fairlane.domain.task import Task

#: What tells a task token from an API key.
PREFIX = "flt"
_TOKEN = re.compile(
    rf"{PREFIX}\.(?P<key>[a-z0-9]{{1,32}})\.(?P<grant>[A-Za-z0-9_-]{{1,400}})\.(?P<mark>[A-Za-z0-9_-]{{43}})"
)
_GRANT = re.compile(
    r"(?P<tenant>[a-z0-9-]{1,63})/(?P<task>[A-Za-z0-9_-]{1,64})/(?P<generation>[0-9]{1,15})/(?P<claim>[0-9]{1,9})"
)


@dataclass(frozen=True)
class TokenKey:
    """A secret that signs tokens, and its name."""

    id: str
    secret: bytes


@dataclass(frozen=True)
class Grant:
    """Which attempt a token is for."""

    tenant: str
    task_id: str
    generation: int
    claim: int

    def is_for(self, task: Task) -> bool:
        """Whether the task is still at the attempt that the token was given to."""
        return (task.generation, task.claim) == (self.generation, self.claim)


FindKey = Callable[[str], TokenKey | None]


def issue(grant: Grant, key: TokenKey) -> str:
    """The token."""
    text = f"{grant.tenant}/{grant.task_id}/{grant.generation}/{grant.claim}"
    signed = f"{PREFIX}.{key.id}.{_encoded(text.encode())}"
    return f"{signed}.{_mark(signed, key)}"


def redeem(token: str, find: FindKey) -> Grant | None:
    """What the token is for; None for one that is not ours, or whose key is gone."""
    found = _TOKEN.fullmatch(token)
    key = find(found["key"]) if found else None
    if found is None or key is None:
        return None
    signed = token.rpartition(".")[0]
    if not hmac.compare_digest(found["mark"], _mark(signed, key)):
        return None
    return _grant(found["grant"])


def _grant(encoded: str) -> Grant | None:
    try:
        text = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("ascii")
    except (NotBase64, UnicodeDecodeError):
        return None
    found = _GRANT.fullmatch(text)
    return Grant(found["tenant"], found["task"], int(found["generation"]), int(found["claim"])) if found else None


def _mark(signed: str, key: TokenKey) -> str:
    return _encoded(hmac.new(key.secret, signed.encode(), hashlib.sha256).digest())


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
