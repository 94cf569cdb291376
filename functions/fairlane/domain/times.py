"""Times: aware, UTC, whole milliseconds; integers only at the edges."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_PUNCTUATION = str.maketrans("", "", "-:.")


def to_ms(at: datetime) -> int:
    """Milliseconds since the epoch."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The time of so many milliseconds since the epoch."""
    return EPOCH + timedelta(milliseconds=ms)


def utc_now() -> datetime:
    """The `Clock` of production."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def rfc3339(at: datetime | None) -> str | None:
    """UTC with milliseconds, as every time of the API."""
    if at is None:
        return None
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_rfc3339(text: str) -> datetime:
    """What `rfc3339` has written. Raises ValueError."""
    return datetime.fromisoformat(text)


def sortable(at: datetime) -> str:
    """A text of fixed width whose order is the times' order."""
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return text.translate(_NO_PUNCTUATION)
