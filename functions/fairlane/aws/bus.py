"""Amazon EventBridge: publishing on the results bus.

Quotas (AWS, 2026): 10 entries and 256 KB a PutEvents request, 300 rules a bus.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from fairlane.aws.clients import error_code
from fairlane.domain.names import subscription_resource, tenant_resource
from fairlane.ports.bus import BusEntry

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "fairlane"
BATCH_ENTRIES = 10
BATCH_BYTES = 256 * 1024
#: Refusals of a whole request that one entry may have caused.
OF_ONE_ENTRY = {"ValidationException", "ValidationError", "RequestEntityTooLarge"}
#: EventBridge counts 14 bytes for the time, and source, detail type and resources by their bytes.
ENTRY_OVERHEAD = 14 + len(SOURCE)


class EventBus:
    """`ResultsBus` on EventBridge."""

    def __init__(self, client: "EventBridgeClient", bus: str) -> None:
        """`bus` is the bus's name."""
        self._client = client
        self._bus = bus

    def publish(self, entries: Sequence[BusEntry]) -> Sequence[str | None]:
        """For each entry None when the bus accepted it, else the error code."""
        codes: list[str | None] = []
        for batch in _batches(entries):
            codes += self._put(batch)
        return codes

    def _put(self, batch: Sequence[BusEntry]) -> list[str | None]:
        request: Any = [
            {
                "Source": SOURCE,
                "DetailType": entry.detail_type,
                "Detail": entry.detail,
                "Time": entry.time,
                "Resources": [_resource(entry)],
                "EventBusName": self._bus,
            }
            for entry in batch
        ]
        try:
            answer = self._client.put_events(Entries=request)
        except ClientError as error:
            code = error_code(error) or "ClientError"
            if code in OF_ONE_ENTRY and len(batch) > 1:  # one of them: its neighbours go on without it
                return [code for entry in batch for code in self._put([entry])]
            return [code] * len(batch)
        except BotoCoreError as error:
            return [type(error).__name__] * len(batch)
        results = answer.get("Entries", [])
        # an answer with fewer entries than asked confirms nothing about the rest
        codes: list[str | None] = [
            None if result.get("EventId") and not result.get("ErrorCode") else str(result.get("ErrorCode", "Unknown"))
            for result in results[: len(batch)]
        ]
        return codes + ["Unknown"] * (len(batch) - len(codes))


def _resource(entry: BusEntry) -> str:
    """Whom the event is for: every rule wants one or the other, and no tenant's pattern can mention it."""
    if entry.subscription is None:
        return tenant_resource(entry.tenant)
    return subscription_resource(entry.tenant, entry.subscription)


def _batches(entries: Sequence[BusEntry]) -> Iterator[list[BusEntry]]:
    batch: list[BusEntry] = []
    size = 0
    for entry in entries:
        own = ENTRY_OVERHEAD + sum(len(text.encode()) for text in (entry.detail, entry.detail_type, _resource(entry)))
        if batch and (len(batch) == BATCH_ENTRIES or size + own > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += own
    if batch:
        yield batch
