"""The Dedup table in memory."""

from datetime import datetime, timedelta

from fairlane.ports.tasks import Reservation


class FakeDedup:
    """`DedupStore`."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], tuple[Reservation, datetime]] = {}

    def reserve(self, tenant: str, key: str, wanted: Reservation, *, now: datetime, window: timedelta) -> Reservation:
        held = self._held.get((tenant, key))
        if held is not None and held[1] > now:
            return held[0]
        self._held[tenant, key] = (wanted, now + window)
        return wanted
