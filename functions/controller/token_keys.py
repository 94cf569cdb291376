"""Keys of task tokens: made with the first deferred function, rotated by the platform."""

import secrets
from base64 import b32encode, urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from controller.registry import Documents
from fairlane.domain.catalog import LONGEST_DEFERRED_S
from fairlane.domain.errors import Refused
from fairlane.domain.times import rfc3339
from fairlane.ports.running import Clock
from fairlane.token_keys import DEPLOYMENT, TOKEN_KEYS

#: A replaced key is known until the last token that it signed has passed its deadline, and a little longer.
KNOWN_FOR = timedelta(seconds=LONGEST_DEFERRED_S) + timedelta(days=1)


@dataclass(frozen=True)
class KeysOfTokens:
    """The use case."""

    documents: Documents
    now: Clock

    def ensure(self) -> None:
        """Make the first key, unless there is one."""
        if self.documents.find(DEPLOYMENT, TOKEN_KEYS) is None:
            with suppress(Refused):  # somebody else has just made it
                self.documents.save(DEPLOYMENT, TOKEN_KEYS, {"keys": [_new_key(self.now())]}, None)

    def rotate(self) -> dict[str, Any]:
        """A new key signs from now on; those that no token can be of any more are forgotten."""
        now = self.now()
        old = self.documents.find(DEPLOYMENT, TOKEN_KEYS)
        keys: list[dict[str, Any]] = list(old.doc["keys"]) if old else []
        replaced = [{"replaced_at": rfc3339(now), **key} for key in keys]  # one that was replaced before keeps its time
        known = [key for key in replaced if datetime.fromisoformat(key["replaced_at"]) + KNOWN_FOR > now]
        self.documents.save(DEPLOYMENT, TOKEN_KEYS, {"keys": [_new_key(now), *known]}, old)
        return {"keys": len(known) + 1}


def _new_key(now: datetime) -> dict[str, Any]:
    return {
        "id": b32encode(secrets.token_bytes(5)).decode().lower(),
        "secret": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "made_at": rfc3339(now),
    }
