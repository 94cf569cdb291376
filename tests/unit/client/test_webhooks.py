"""What the client takes for Fairlane's webhook is what the service signs, and nothing else."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane.domain.signing import Secrets, new_secret, signed_headers
from fairlane_client.webhooks import TOLERANCE, NotSignedError, verify

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECRET = new_secret()
BODY = b'{"id":"m-1"}'


def headers(secret: str = SECRET, body: bytes = BODY, at: datetime = NOW) -> dict[str, str]:
    return signed_headers([secret], "m-1", at, body)


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_what_the_service_signs_is_taken(event: dict[str, object]) -> None:
    body = json.dumps(event).encode()

    assert verify(headers(body=body), body, [SECRET], now=NOW) == event


def test_names_of_headers_come_in_any_case() -> None:
    titled = {name.title(): value for name, value in headers().items()}

    assert verify(titled, BODY, [SECRET], now=NOW) == {"id": "m-1"}


def test_either_secret_fits_while_two_sign() -> None:
    fresh = new_secret()
    signed = signed_headers(Secrets(SECRET).rotated(fresh, NOW).live(NOW), "m-1", NOW, BODY)

    assert verify(signed, BODY, [SECRET], now=NOW) == verify(signed, BODY, [fresh], now=NOW)
    assert verify(headers(fresh), BODY, [SECRET, fresh], now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "m-2"},
        {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "9" * 30},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,\u00e9"},
        {"webhook-signature": "v1a,x v1,y"},
    ],
)
def test_what_was_changed_on_the_way_is_not_taken(change: dict[str, str]) -> None:
    with pytest.raises(NotSignedError):
        verify(headers() | change, BODY, [SECRET], now=NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_header_is_wanted(name: str) -> None:
    with pytest.raises(NotSignedError):
        verify({key: value for key, value in headers().items() if key != name}, BODY, [SECRET], now=NOW)


def test_another_body_another_secret_and_another_time_are_not_taken() -> None:
    with pytest.raises(NotSignedError):
        verify(headers(), BODY + b" ", [SECRET], now=NOW)
    with pytest.raises(NotSignedError):
        verify(headers(), BODY, [new_secret()], now=NOW)
    for apart in (TOLERANCE + timedelta(seconds=1), -TOLERANCE - timedelta(seconds=1)):
        with pytest.raises(NotSignedError):
            verify(headers(at=NOW + apart), BODY, [SECRET], now=NOW)
