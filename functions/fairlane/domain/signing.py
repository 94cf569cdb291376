"""Signatures of webhooks by the Standard Webhooks specification 1.0.0: symmetric, `v1`.

Signed is `{webhook-id}.{webhook-timestamp}.{body}`; neither an id nor a timestamp of ours has a full stop.
"""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from fairlane.domain.times import rfc3339

PREFIX = "whsec_"
#: The specification wants 24 to 64.
SECRET_BYTES = 32
#: After a rotation both secrets sign for so long, so that receivers change without a gap.
OVERLAP = timedelta(hours=24)


@dataclass(frozen=True)
class Secrets:
    """What signs a subscription's webhooks: a secret, and the one before it for a while."""

    current: str
    previous: str | None = None
    previous_until: datetime | None = None

    @classmethod
    def of(cls, doc: Mapping[str, Any]) -> Self:
        """From its registry document."""
        until = doc.get("previous_until")
        return cls(doc["current"], doc.get("previous"), datetime.fromisoformat(until) if until else None)

    def doc(self) -> dict[str, Any]:
        """For the registry."""
        return {"current": self.current, "previous": self.previous, "previous_until": rfc3339(self.previous_until)}

    def rotated(self, fresh: str, now: datetime) -> "Secrets":
        """With a new secret. The one before stays for `OVERLAP`, the one before that ends now."""
        return Secrets(fresh, self.current, now + OVERLAP)

    def live(self, now: datetime) -> Sequence[str]:
        """The secrets that sign now, the newest first."""
        if self.previous is None or self.previous_until is None or self.previous_until <= now:
            return [self.current]
        return [self.current, self.previous]


def new_secret() -> str:
    """A secret as its receiver is shown it."""
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    """The signature of one secret, with its version."""
    key = b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    return "v1," + b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def signed_headers(live: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of an attempt at that moment, signed with every live secret."""
    timestamp_s = int(at.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp_s, body) for secret in live),
    }
