"""API keys: which are taken, and that every way of being wrong looks the same."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pytest

from fairlane.auth import KEY, authenticate, authorize, key_partition, new_key
from fairlane.domain.errors import Refused
from fairlane.domain.times import rfc3339
from fairlane.http import PLATFORM, Caller, Request, Route
from fairlane.ports.registry import Entry
from tests.simulation.fakes.registry import FakeRegistry
from tests.unit.domain.building import NOW, after

KEYID, SECRET = "a" * 16, "S" * 43
HELD = f"fl_{KEYID}_{SECRET}"


def keys(**changes: Any) -> FakeRegistry:
    """A registry with one key."""
    doc = {
        "digest": hashlib.sha256(SECRET.encode()).hexdigest(),
        "tenant": "ada",
        "scopes": ["submit", "read"],
        "expires_at": None,
    }
    registry = FakeRegistry()
    registry.put(Entry(key_partition(KEYID), "key", doc | changes, 1), expected=0)
    return registry


def caller(*authorization: str, registry: FakeRegistry | None = None) -> Caller:
    headers: Sequence[tuple[str, str]] = [("authorization", value) for value in authorization]
    return authenticate(Request("GET", "/", headers), registry or keys(), lambda: NOW)


def refusal(*authorization: str, registry: FakeRegistry | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        caller(*authorization, registry=registry)
    return caught.value


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
def test_a_valid_key_tells_tenant_and_scopes(scheme: str) -> None:
    assert caller(f"{scheme} {HELD}") == Caller("ada", KEYID, frozenset({"submit", "read"}))


@pytest.mark.parametrize(
    "authorization",
    [
        (),
        ("",),
        ("Bearer",),
        (HELD,),
        (f"Basic {HELD}",),
        (f"Bearer {HELD}x!",),
        (f"Bearer fl_{KEYID.upper()}_{SECRET}",),
        (f"Bearer fl_{KEYID}_short",),
        (f"Bearer {HELD} {HELD}",),
        (f"Bearer fl_{KEYID}_{'é' * 43}",),
    ],
)
def test_what_is_no_bearer_key_is_unauthorized(authorization: tuple[str, ...]) -> None:
    refused = refusal(*authorization)

    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="fairlane"')


def test_an_unknown_key_a_wrong_secret_and_an_expired_key_look_the_same() -> None:
    unknown = refusal(f"Bearer fl_{'b' * 16}_{SECRET}")
    wrong = refusal(f"Bearer fl_{KEYID}_{'T' * 43}")
    expired = refusal(f"Bearer {HELD}", registry=keys(expires_at=rfc3339(NOW)))

    assert unknown == wrong == expired
    assert unknown.status == 401


def test_a_key_without_a_record_does_not_pass_by_the_digest_that_stands_in_for_it() -> None:
    assert refusal(f"Bearer fl_{'b' * 16}_{'0' * 64}").status == 401


@pytest.mark.parametrize(("expires_s", "works"), [(-1, False), (0, False), (0.001, True)])
def test_a_key_works_until_its_time(expires_s: float, works: bool) -> None:
    registry = keys(expires_at=rfc3339(after(expires_s)))

    if works:
        assert caller(f"Bearer {HELD}", registry=registry).tenant == "ada"
    else:
        assert refusal(f"Bearer {HELD}", registry=registry).status == 401


def test_the_first_of_several_headers_counts() -> None:
    assert caller(f"Bearer {HELD}", "Bearer nonsense").keyid == KEYID


def route(scope: str | None) -> Route:
    return Route("GET", "/", scope, "act")


@pytest.mark.parametrize(
    ("tenant", "scopes", "scope", "allowed"),
    [
        ("ada", {"submit"}, "submit", True),
        ("ada", {"read"}, "submit", False),
        ("ada", set(), "read", False),
        ("ada", set(), None, True),
        (PLATFORM, {"admin"}, "admin", True),
        (PLATFORM, {"admin"}, "read", False),
        (PLATFORM, {"admin", "read"}, "read", False),
        ("ada", {"admin"}, "admin", False),
    ],
)
def test_a_route_needs_its_scope_and_the_right_kind_of_caller(
    tenant: str, scopes: set[str], scope: str | None, allowed: bool
) -> None:
    who = Caller(tenant, KEYID, frozenset(scopes))

    if allowed:
        authorize(who, route(scope))
    else:
        with pytest.raises(Refused, match="forbidden"):
            authorize(who, route(scope))


def test_new_keys_have_the_form_of_keys_differ_and_are_stored_as_a_digest_only() -> None:
    one, other = new_key(), new_key()
    found = KEY.fullmatch(one.text)

    assert found is not None
    assert found[1] == one.keyid
    assert one.digest == hashlib.sha256(found[2].encode()).hexdigest()
    assert found[2] not in one.digest
    assert one.text != other.text
