"""RFC 3339 times, read strictly. Whether a time is past or too far ahead is for the use cases."""

import re
from datetime import UTC, datetime, timedelta, timezone

from fairlane.events.problems import Unfit

_RFC3339 = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"[Tt](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,32}))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<offset_hour>[0-9]{2}):(?P<offset_minute>[0-9]{2}))"
)
_LEAP = 60


def event_time(text: str) -> datetime:
    """The moment in UTC, cut to microseconds; a leap second is the second after it.

    Raises Unfit (a ValueError) for anything that is not an RFC 3339 time.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise _not_a_time()
    try:
        at = _local(match).astimezone(UTC)
        return _after_leap_second(at) if _is_leap(match) else at
    except (ValueError, OverflowError) as impossible:
        raise _not_a_time() from impossible


def _is_leap(match: re.Match[str]) -> bool:
    return int(match["second"]) == _LEAP


def _local(match: re.Match[str]) -> datetime:
    return datetime(
        int(match["year"]),
        int(match["month"]),
        int(match["day"]),
        int(match["hour"]),
        int(match["minute"]),
        _LEAP - 1 if _is_leap(match) else int(match["second"]),
        int((match["fraction"] or "0")[:6].ljust(6, "0")),
        tzinfo=timezone(_offset(match)),
    )


def _offset(match: re.Match[str]) -> timedelta:
    hours, minutes = int(match["offset_hour"] or 0), int(match["offset_minute"] or 0)
    if minutes > 59:  # noqa: PLR2004 -- minutes of an hour; too many hours are refused by timezone
        raise ValueError(minutes)
    return timedelta(hours=hours, minutes=minutes) * (-1 if match["sign"] == "-" else 1)


def _after_leap_second(at: datetime) -> datetime:
    # Leap seconds are put in at the end of a month, UTC, and only there (RFC 3339, appendix D).
    following = at.replace(microsecond=0) + timedelta(seconds=1)
    if (following.day, following.hour, following.minute, following.second) != (1, 0, 0, 0):
        raise ValueError(at)
    return following


def _not_a_time() -> Unfit:
    return Unfit("must be an RFC 3339 time with an offset, such as 2026-11-23T20:00:00Z")
