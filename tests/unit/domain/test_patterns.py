"""Patterns: what is well-formed passes, what is not is refused with its place."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlane.domain.errors import Refused
from fairlane.domain.patterns import MATCHERS, check_pattern

GOOD: list[dict[str, Any]] = [
    {},
    {"detail-type": ["fairlane.task.failed", {"prefix": "fairlane."}]},
    {"detail": {"tasktype": [{"prefix": "photo."}, {"suffix": ".png"}, "x", None, 3, True]}},
    {"detail": {"data": {"task": {"attempt": [{"numeric": [">", 1, "<=", 3]}]}}}},
    {"detail": {"lane": [{"anything-but": ["a", "b"]}, {"anything-but": {"prefix": "a"}}, {"anything-but": 3}]}},
    {"detail": {"lane": [{"exists": False}], "subject": [{"wildcard": "t_*a*"}]}},
    {"detail": {"$or": [{"lane": ["a"]}, {"tasktype": [{"equals-ignore-case": "B"}]}]}},
    {"detail": {"source": [{"cidr": "10.0.0.0/24"}, {"prefix": {"equals-ignore-case": "/A"}}]}},
]
BAD: list[tuple[dict[str, Any], str]] = [
    ({"source": ["fairlane"]}, "#/pattern/source"),
    ({"$or": [{"detail": {}}, {"detail": {}}]}, "#/pattern/$or"),
    ({"detail-type": "fairlane.task.failed"}, "#/pattern/detail-type"),
    ({"detail-type": []}, "#/pattern/detail-type"),
    ({"detail": []}, "#/pattern/detail"),
    ({"detail": {}}, "#/pattern/detail"),
    ({"detail": {"lane": "a"}}, "#/pattern/detail/lane"),
    ({"detail": {"lane": [["a"]]}}, "#/pattern/detail/lane/0"),
    ({"detail": {"lane": ["a", {"prefix": 1}]}}, "#/pattern/detail/lane/1/prefix"),
    ({"detail": {"lane": [{"starts": "a"}]}}, "#/pattern/detail/lane/0"),
    ({"detail": {"lane": [{"prefix": "a", "suffix": "b"}]}}, "#/pattern/detail/lane/0"),
    ({"detail": {"lane": [{}]}}, "#/pattern/detail/lane/0"),
    ({"detail": {"n": [{"numeric": [">"]}]}}, "#/pattern/detail/n/0/numeric"),
    ({"detail": {"n": [{"numeric": ["!=", 1]}]}}, "#/pattern/detail/n/0/numeric"),
    ({"detail": {"n": [{"numeric": [[], 1]}]}}, "#/pattern/detail/n/0/numeric"),
    ({"detail": {"n": [{"numeric": [">", True]}]}}, "#/pattern/detail/n/0/numeric"),
    ({"detail": {"n": [{"exists": "yes"}]}}, "#/pattern/detail/n/0/exists"),
    ({"detail": {"n": [{"cidr": "10.0.0.0/99"}]}}, "#/pattern/detail/n/0/cidr"),
    ({"detail": {"n": [{"cidr": 7}]}}, "#/pattern/detail/n/0/cidr"),
    ({"detail": {"n": [{"wildcard": "a**b"}]}}, "#/pattern/detail/n/0/wildcard"),
    ({"detail": {"n": [{"anything-but": []}]}}, "#/pattern/detail/n/0/anything-but"),
    ({"detail": {"n": [{"anything-but": {"numeric": ["=", 1]}}]}}, "#/pattern/detail/n/0/anything-but"),
    ({"detail": {"$or": [{"lane": ["a"]}]}}, "#/pattern/detail/$or"),
    ({"detail": {"$or": [{"lane": ["a"]}, {"lane": "b"}]}}, "#/pattern/detail/$or/1/lane"),
]


@pytest.mark.parametrize("pattern", GOOD)
def test_a_well_formed_pattern_passes(pattern: dict[str, Any]) -> None:
    check_pattern(pattern, "#/pattern")


@pytest.mark.parametrize(("pattern", "pointer"), BAD)
def test_a_wrong_place_is_named(pattern: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Refused) as refused:
        check_pattern(pattern, "#/pattern")

    assert refused.value.kind == "refused"
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_every_wrong_place_is_named() -> None:
    with pytest.raises(Refused) as refused:
        check_pattern({"account": [], "detail": {"a": 1, "b": [{"exists": 0}]}}, "#/pattern")

    assert len(refused.value.errors) == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*MATCHERS, "$or", "detail", "tenant"]) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["detail", "detail-type", "resources", "source", "$or"]), JSON))
def test_whatever_is_sent_is_taken_or_refused_and_what_is_taken_names_no_field_of_fairlanes(
    pattern: dict[str, Any],
) -> None:
    try:
        check_pattern(pattern, "#/pattern")
    except Refused:
        return
    assert set(pattern) <= {"detail", "detail-type"}
