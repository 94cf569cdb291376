"""Time that moves only when a test moves it."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class VirtualClock:
    """A `Clock`: aware, UTC, whole milliseconds."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now.replace(microsecond=self._now.microsecond // 1000 * 1000)

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += max(timedelta(), by)

    def advance_to(self, at: datetime) -> None:
        """Let time pass until `at`; nothing happens when that has passed."""
        self._now = max(self._now, at)
