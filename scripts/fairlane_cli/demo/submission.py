"""Sending a tenant's events: batches and single structured events by the client, single binary events by hand."""

from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import cast
from urllib.parse import quote

import httpx

from fairlane_cli.demo.tenants import Mode, Work
from fairlane_client import Client
from fairlane_client.models import Accepted, Answer, Event

#: Events in one request. 100 are allowed; of less each tenant sees sooner that its tasks start.
BATCH = 50
_TIMEOUT_S = 35
_NOT_HEADERS = {"data", "data_base64", "datacontenttype"}

Answered = Callable[[Event, Answer], None]
"""Is told what each event was answered with."""


def submit(work: Work, *, client: Client, key: str, answered: Answered, go_on: Callable[[], bool]) -> None:
    """Send it all, unless `go_on` says no in between. Raises FairlaneError or httpx.HTTPError."""
    for event, answer in _answers(work, client, key):
        answered(event, answer)
        if not go_on():
            return


def _answers(work: Work, client: Client, key: str) -> Iterator[tuple[Event, Answer]]:
    match work.mode:
        case Mode.BATCHED:
            yield from zip(work.events, client.submit_stream(work.events, batch_events=BATCH), strict=True)
        case Mode.STRUCTURED:
            yield from ((event, client.submit_event(event)) for event in work.events)
        case Mode.BINARY:
            yield from _binary_answers(work, client.api_url, key)


def _binary_answers(work: Work, api_url: str, key: str) -> Iterator[tuple[Event, Answer]]:
    """What any program with an HTTP library can do: attributes as headers, the body is the data as it is."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(headers=headers, timeout=_TIMEOUT_S, trust_env=False) as http:
        for event in work.events:
            data = b64decode(str(event["data_base64"]))
            response = http.post(f"{api_url}/v1/tasks", headers=_binary_headers(event), content=data)
            response.raise_for_status()
            yield event, cast("Accepted", response.json())


def _binary_headers(event: Event) -> dict[str, str]:
    attributes = {name: value for name, value in event.items() if name not in _NOT_HEADERS}
    headers = {f"ce-{name}": quote(str(value), safe=" !#$&'()*+,/:;=?@[]-._~") for name, value in attributes.items()}
    return {**headers, "Content-Type": str(event["datacontenttype"])}
