"""The keys that sign task tokens: one document of the registry.

The controller makes the first one with the first deferred function, and rotates them; the newest signs, the
others are known as long as a token of theirs may be in use.
"""

from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fairlane.domain.task_tokens import TokenKey
from fairlane.ports.registry import Entry

DEPLOYMENT = "#deployment"
TOKEN_KEYS = "token-keys"  # noqa: S105 - the document's name


class Lookup(Protocol):
    """The registry, maybe behind a cache."""

    def get(self, partition: str, item: str) -> Entry | None:
        """The document, or None."""


@dataclass(frozen=True)
class TokenKeys:
    """Reads them, through the cache where that is enough."""

    cached: Lookup
    registry: Lookup

    def signing(self) -> TokenKey:
        """The newest. Raises LookupError where there is none: no deferred function was ever registered."""
        keys = keys_of(self.cached.get(DEPLOYMENT, TOKEN_KEYS))
        if not keys:
            raise LookupError("there is no key for task tokens")
        return keys[0]

    def find(self, key_id: str) -> TokenKey | None:
        """The key of that name; a key that was made a moment ago is not in the cache yet."""
        for source in (self.cached, self.registry):
            for key in keys_of(source.get(DEPLOYMENT, TOKEN_KEYS)):
                if key.id == key_id:
                    return key
        return None


def keys_of(entry: Entry | None) -> Sequence[TokenKey]:
    """The keys of the document, the newest first."""
    stored: Sequence[Any] = entry.doc["keys"] if entry else ()
    return [TokenKey(key["id"], urlsafe_b64decode(key["secret"])) for key in stored]
