"""Times as people give them: RFC 3339, or a duration from now."""

import re
from datetime import UTC, datetime, timedelta

from fairlane_cli.failures import CliError

_DURATION = re.compile(r"(\d{1,9})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def in_future(text: str, now: datetime) -> str:
    """`10m` is ten minutes from now."""
    return _moment(text, now, 1)


def in_past(text: str, now: datetime) -> str:
    """`10m` is ten minutes ago."""
    return _moment(text, now, -1)


def _moment(text: str, now: datetime, direction: int) -> str:
    """As RFC 3339 in UTC. Raises CliError."""
    duration = _DURATION.fullmatch(text.strip())
    try:
        if duration:
            at = now + direction * timedelta(**{_UNITS[duration[2]]: int(duration[1])})
        else:
            at = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise _no_time(text) from None
    if at.tzinfo is None:
        raise _no_time(text)
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _no_time(text: str) -> CliError:
    return CliError(f"{text!r} is no time.", "Say 30s, 10m, 2h or 1d, or a time like 2026-11-23T20:00:00Z.")
