"""What both clients need of httpx: the address, the key, timeouts. Which key that is, the caller decides."""

from typing import Any

import httpx

from fairlane_client.flow import Pacing

#: API Gateway answers within 29 s, if only with a 504.
TIMEOUT = httpx.Timeout(35.0, connect=5.0)
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Connection:
    """Where the API is, and how requests to it look. Shows no key in its `repr`."""

    def __init__(self, api_url: str, key: str | None, pacing: Pacing | None) -> None:
        self.api_url = _api_url(api_url)
        self.pacing = pacing or Pacing()
        self._key = None if key is None else _checked_key(key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.api_url!r})"

    def _httpx_options(self) -> dict[str, Any]:
        headers = {"User-Agent": "fairlane-client"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        # a proxy of the environment cannot reach this machine's own stack
        direct = {f"all://{host}": None for host in _LOOPBACK}
        return {"headers": headers, "timeout": TIMEOUT, "mounts": direct}


def _api_url(text: str) -> str:
    """Without `/v1` and the final slash, so that either way of giving it works. Raises ValueError."""
    url = text.strip().rstrip("/").removesuffix("/v1")
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL()
    if parts.scheme not in {"http", "https"} or not parts.host or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is not the address of an API: it looks like https://host/stage")
    return url


def _checked_key(key: str) -> str:
    """Raises ValueError, without showing the key."""
    if not key.isascii() or not key.isprintable() or " " in key or not key:
        raise ValueError("the key has characters that no key has")
    return key
