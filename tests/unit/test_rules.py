"""A rule's whole pattern: whatever a tenant writes, only its own events match, and what is for one subscription alone.

On moto's matcher of event patterns, with patterns of every matcher that EventBridge has.
"""

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from moto.events.models import EventPattern

from fairlane.aws.rules import full_pattern
from fairlane.domain.errors import Refused
from fairlane.domain.names import subscription_resource, tenant_resource
from fairlane.domain.patterns import check_pattern

TEXT = st.sampled_from(["", "acme", "globex", "fairlane", "fairlane:tenant/globex", "/tenants/globex", "*"])
SCALAR = TEXT | st.none() | st.booleans() | st.integers(-3, 3)
MATCHER = st.one_of(
    st.builds(lambda text: {"prefix": text}, TEXT),
    st.builds(lambda text: {"suffix": text}, TEXT),
    st.builds(lambda text: {"equals-ignore-case": text}, TEXT),
    st.builds(lambda text: {"wildcard": text}, TEXT),
    st.builds(lambda text: {"anything-but": [text]}, TEXT),
    st.builds(lambda text: {"anything-but": {"prefix": text}}, TEXT),
    st.builds(lambda there: {"exists": there}, st.booleans()),
    st.builds(lambda number: {"numeric": [">=", number]}, st.integers(-3, 3)),
)
VALUES = st.lists(SCALAR | MATCHER, min_size=1, max_size=3)
NAMES = st.sampled_from(["tenant", "source", "resources", "type", "lane", "data", "detail", "subject"])
NODE = st.recursive(
    st.dictionaries(NAMES, VALUES, min_size=1, max_size=3),
    lambda inner: st.one_of(
        st.dictionaries(NAMES, inner | VALUES, min_size=1, max_size=3),
        st.builds(lambda nodes: {"$or": nodes}, st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=6,
)
PATTERN = st.fixed_dictionaries({}, optional={"detail-type": VALUES, "detail": NODE})


def an_event(tenant: str, *, resource: str | None = None) -> dict[str, Any]:
    return {
        "source": "fairlane",
        "detail-type": "fairlane.task.succeeded",
        "resources": [resource or tenant_resource(tenant)],
        "detail": {"tenant": tenant, "source": f"/tenants/{tenant}", "lane": "default", "type": "x", "data": {"n": 1}},
    }


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether a rule of acme's subscription `mine` with that pattern takes the event."""
    return EventPattern.load(full_pattern("acme", "mine", pattern)).matches_event(event)  # type: ignore[arg-type]


@settings(deadline=None)
@given(PATTERN)
def test_no_pattern_takes_another_tenants_event(pattern: dict[str, Any]) -> None:
    try:
        check_pattern(pattern, "#/pattern")
        full_pattern("acme", "mine", pattern)
    except Refused:
        assume(False)
    for tenant in ("globex", "acm", "acme2", "ACME", ""):
        assert not matches(pattern, an_event(tenant))
    for foreign in (
        subscription_resource("globex", "mine"),
        subscription_resource("acme", "other"),
        "fairlane:subscription/acme",
        "",
    ):
        assert not matches(pattern, an_event("globex", resource=foreign))
    assert matches(pattern, an_event("acme", resource=subscription_resource("acme", "mine")))


def test_an_empty_pattern_takes_every_event_of_the_tenant_and_no_sample_of_a_neighbour() -> None:
    assert matches({}, an_event("acme"))
    assert not matches({}, an_event("acme", resource=subscription_resource("acme", "other")))


def test_a_pattern_still_chooses() -> None:
    assert matches({"detail": {"lane": ["default"]}}, an_event("acme"))
    assert not matches({"detail": {"lane": ["other"]}}, an_event("acme"))
    assert not matches({"detail-type": ["fairlane.task.failed"]}, an_event("acme"))


def test_what_is_longer_than_eventbridge_takes_is_refused() -> None:
    with pytest.raises(Refused):
        full_pattern("acme", "mine", {"detail": {"lane": ["x" * 2_000]}})
    assert len(json.loads(full_pattern("a" * 63, "b" * 63, {}))["$or"]) == 2
