from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane.domain.times import from_ms, rfc3339, to_ms, utc_now


@settings(deadline=None)
@given(st.integers(0, 4_102_444_800_000))
def test_milliseconds_go_there_and_back(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms


def test_now_is_aware_and_of_whole_milliseconds() -> None:
    now = utc_now()

    assert now.tzinfo is UTC
    assert from_ms(to_ms(now)) == now


def test_every_time_is_written_in_utc_with_milliseconds() -> None:
    berlin = timezone(timedelta(hours=1))

    assert rfc3339(datetime(2026, 3, 1, 12, 0, 0, 7_900, tzinfo=berlin)) == "2026-03-01T11:00:00.007Z"
    assert rfc3339(None) is None
