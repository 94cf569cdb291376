"""Times: aware, UTC, whole milliseconds; integers only at the edges."""

from datetime import UTC, datetime


def to_ms(at: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(at.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """The time of so many milliseconds since the epoch."""
    return datetime.fromtimestamp(ms // 1000, tz=UTC).replace(microsecond=ms % 1000 * 1000)


def utc_now() -> datetime:
    """The `Clock` of production."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def rfc3339(at: datetime | None) -> str | None:
    """UTC with milliseconds, as every time of the API."""
    if at is None:
        return None
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
