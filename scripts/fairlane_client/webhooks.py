"""Checking that a webhook is Fairlane's: signatures by Standard Webhooks.

event = verify(request.headers, request.body, ["whsec_..."])
"""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

#: A webhook whose timestamp is farther from now may be an old one that somebody sends again.
TOLERANCE = timedelta(minutes=5)
PREFIX = "whsec_"


class NotSignedError(ValueError):
    """Not sent by who knows the secret, or not now."""


def verify(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now: datetime | None = None
) -> dict[str, Any]:
    """The result event of a webhook that one of `secrets` has signed. Raises NotSignedError.

    `body` is the request's, byte for byte. The same event may come again: its `id` tells.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, stamp = lower["webhook-id"], lower["webhook-timestamp"]
        given = lower["webhook-signature"].split(" ")
        sent_at = datetime.fromtimestamp(int(stamp), UTC)
    except (KeyError, ValueError, OverflowError, OSError) as error:
        raise NotSignedError("a header is missing or malformed") from error
    if abs((now or datetime.now(UTC)) - sent_at) > TOLERANCE:
        raise NotSignedError("the timestamp is too far from now")
    signed = f"{message_id}.{stamp}.".encode() + body
    wanted = [_signature(secret, signed) for secret in secrets]
    if not any(hmac.compare_digest(one.encode(), each.encode()) for one in wanted for each in given):
        raise NotSignedError("no signature fits")
    event: dict[str, Any] = json.loads(body)
    return event


def _signature(secret: str, signed: bytes) -> str:
    digest = hmac.digest(b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256)
    return f"v1,{b64encode(digest).decode()}"
