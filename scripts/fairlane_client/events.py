"""Making CloudEvents, and packing them into batches. What the service checks is not checked here."""

import uuid
from base64 import b64encode
from collections.abc import Sequence

from fairlane_client.models import Event

#: What the API takes in one request.
BATCH_EVENTS = 100
#: Below the API's 4 MB, as a request is more than its body.
BATCH_BYTES = 3_500_000


def new_event(
    task_type: str, data: object = None, *, source: str, event_id: str | None = None, **attributes: object
) -> Event:
    """A CloudEvent of that type; `attributes` are more of its attributes, such as `lane` or `notbefore`.

    Events of one `source` and `event_id` are the same task, however often they are submitted. Without an
    `event_id` a random one is made. Bytes become `data_base64`; None means no data.
    """
    event: dict[str, object] = {
        "specversion": "1.0",
        "id": event_id or str(uuid.uuid4()),
        "source": source,
        "type": task_type,
        **attributes,
    }
    if isinstance(data, bytes):
        event["data_base64"] = b64encode(data).decode()
    elif data is not None:
        event.setdefault("datacontenttype", "application/json")
        event["data"] = data
    return event


class Batch:
    """Events as JSON text that fit into one request."""

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self._bytes = len("[]")

    def takes(self, text: bytes, *, most: int) -> bool:
        """Whether it still fits. An event too large for any batch fits into an empty one: the service refuses it."""
        fits = len(self.texts) < most and self._bytes + len(text) + 1 <= BATCH_BYTES
        return fits or not self.texts

    def add(self, text: bytes) -> None:
        self.texts.append(text)
        self._bytes += len(text) + 1


def halves(texts: Sequence[bytes]) -> tuple[Sequence[bytes], Sequence[bytes]]:
    middle = len(texts) // 2
    return texts[:middle], texts[middle:]
