"""The meters of the Quotas table in memory: the same conditions as `fairlane.aws.admission`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from fairlane.domain.admission import Drift, Meter, SubmitLimits, room, taken
from fairlane.ports.admission import Short, Taken
from fairlane.ports.queues import Depth

#: Called with the tenant and the meter after each write.
OnMeter = Callable[[str, Meter], None]


class FakeAdmission:
    """`AdmissionStore`."""

    def __init__(self, on_write: OnMeter = lambda _tenant, _meter: None) -> None:
        self.meters: dict[str, Meter] = {}
        self._on_write = on_write
        self._writes = 0

    def look(self, tenant: str) -> Meter | None:
        return self.meters.get(tenant)

    def start(self, tenant: str, meter: Meter, *, instead_of: Meter | None, now: datetime) -> Meter | None:  # noqa: ARG002
        held = self.meters.get(tenant)
        if (held.nonce if held else None) != (instead_of.nonce if instead_of else None):
            return held
        return self._write(tenant, meter)

    def take(self, tenant: str, limits: SubmitLimits, count: int, *, now: datetime, is_full: bool) -> Taken | Short:
        held = self.meters.get(tenant)
        if held is None or not held.counts_for(limits):
            return Short(held)
        if limits.rate is not None and held.is_full(now) != is_full:
            return Short(held)
        if room(limits, held, now).fits < count:
            return Short(held)
        return Taken(self._write(tenant, taken(limits, held, count, now)))

    def give_back(self, tenant: str, *, places: int, tokens_ns: int = 0, now: datetime) -> None:  # noqa: ARG002
        held = self.meters.get(tenant)
        if held is None:
            return
        backlog = None if held.backlog is None else max(0, held.backlog - places)
        full_at = held.full_at_ns - tokens_ns if held.token_ns else held.full_at_ns
        self._write(tenant, replace(held, backlog=backlog, full_at_ns=full_at))

    def correct(self, tenant: str, seen: Meter, *, by: int, drift: Drift | None, now: datetime) -> bool:  # noqa: ARG002
        held = self.meters.get(tenant)
        if held is None or held.backlog is None or (held.drift, held.since) != (seen.drift, seen.since):
            return False
        if held.backlog + by < 0:
            return False
        self._write(tenant, replace(held, backlog=held.backlog + by, drift=drift))
        return True

    def _write(self, tenant: str, meter: Meter) -> Meter:
        self._writes += 1
        written = replace(meter, nonce=f"w{self._writes}")
        self.meters[tenant] = written
        self._on_write(tenant, written)
        return written


class FakeDepths:
    """`Depths` over the fake queues: messages in the queues of a tenant."""

    def __init__(self, queue_urls: Callable[[str], list[str]], count: Callable[[str], int]) -> None:
        self._queue_urls = queue_urls
        self._count = count

    def unended(self, tenant: str) -> int:
        return sum(self._count(url) for url in self._queue_urls(tenant))

    def of(self, queue_url: str) -> Depth:
        return Depth(self._count(queue_url), 0, 0)
