"""Signatures: as the specification has them, and as the client reads them."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane.domain.signing import OVERLAP, Secrets, new_secret, signature, signed_headers

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_vector_of_the_reference_libraries() -> None:
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_as_long_as_the_specification_wants_and_new_each_time() -> None:
    first, second = new_secret(), new_secret()

    assert first != second
    assert first.startswith("whsec_")
    assert 24 <= len(b64decode(first.removeprefix("whsec_"))) <= 64


@settings(deadline=None)
@given(st.integers(-12, 14))
def test_the_timestamp_is_the_same_in_every_time_zone(hours: int) -> None:
    secret = new_secret()
    elsewhere = NOW.astimezone(timezone(timedelta(hours=hours)))

    assert signed_headers([secret], "m", elsewhere, b"x") == signed_headers([secret], "m", NOW, b"x")
    assert signed_headers([secret], "m", NOW, b"x")["webhook-timestamp"] == str(int(NOW.timestamp()))


def test_for_a_day_after_a_rotation_both_secrets_sign() -> None:
    before = Secrets("whsec_YQ==")
    after = before.rotated("whsec_Yg==", NOW)

    assert list(after.live(NOW + OVERLAP - timedelta(seconds=1))) == ["whsec_Yg==", "whsec_YQ=="]
    assert list(after.live(NOW + OVERLAP)) == ["whsec_Yg=="]
    assert Secrets.of(after.doc()) == after
    signatures = signed_headers(after.live(NOW), "m", NOW, b"x")["webhook-signature"].split(" ")
    assert signatures == [signature(secret, "m", int(NOW.timestamp()), b"x") for secret in after.live(NOW)]


def test_a_second_rotation_ends_the_oldest_secret_at_once() -> None:
    twice = Secrets("whsec_YQ==").rotated("whsec_Yg==", NOW).rotated("whsec_Yw==", NOW)

    assert list(twice.live(NOW)) == ["whsec_Yw==", "whsec_Yg=="]
