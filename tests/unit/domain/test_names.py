import re
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fairlane.domain import names
from fairlane.domain.errors import Refused

legal = st.from_regex(names.NAME, fullmatch=True)
pairs = st.tuples(legal, legal)
#: What makes a name ambiguous: parts of parts, and the text of hashes.
tricky = st.lists(st.sampled_from(["a", "b", "a-b", "b-c", "x" * 50, "abcdefghij"]), min_size=1, max_size=2).map(
    lambda parts: "-".join(parts)[:63]
)
stacks = st.sampled_from(["s", "fairlane", "fairlane-local", "a-stack-with-a-rather-long-name"])


@settings(deadline=None)
@given(stacks, st.tuples(legal | tricky, legal | tricky), st.tuples(legal | tricky, legal | tricky))
@example("s", ("a-b", "c"), ("a", "b-c"))
def test_two_lanes_never_share_a_queue(stack: str, one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (names.lane_queue(stack, *one) == names.lane_queue(stack, *other)) == (one == other)


@settings(deadline=None)
@given(stacks, legal | tricky, legal | tricky)
def test_two_tenants_never_share_a_results_queue(stack: str, one: str, other: str) -> None:
    assert (names.results_queue(stack, one) == names.results_queue(stack, other)) == (one == other)


@settings(deadline=None)
@given(st.tuples(legal | tricky, legal | tricky), st.tuples(legal | tricky, legal | tricky))
@example(("a-b", "c"), ("a", "b-c"))
def test_two_subscriptions_never_share_a_rule(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (names.subscription_rule(*one) == names.subscription_rule(*other)) == (one == other)


MAKERS: list[tuple[str, Callable[[str], str], int]] = [
    ("queue", lambda tenant: names.lane_queue("stack", tenant, "default"), 80),
    ("results", lambda tenant: names.results_queue("a-stack-with-a-name", tenant), 80),
    ("rule", lambda tenant: names.subscription_rule(tenant, "default"), 64),
]


@pytest.mark.parametrize(("make", "limit"), [(make, limit) for _, make, limit in MAKERS], ids=[m[0] for m in MAKERS])
def test_no_tenant_can_be_named_so_that_it_gets_the_shortened_name_of_another(
    make: Callable[[str], str], limit: int
) -> None:
    """Were the hash joined by a hyphen, `<the cut name>-<the hash>` would be a legal name of its own."""
    shortened = make("x" * 63)
    readable = make("x").partition("x")[0]

    forged = shortened.removeprefix(readable)

    assert len(shortened) == limit
    assert not names.NAME.fullmatch(forged)


@settings(deadline=None)
@given(stacks, pairs)
def test_names_keep_to_what_aws_allows(stack: str, pair: tuple[str, str]) -> None:
    for name, limit in (
        (names.lane_queue(stack, *pair), 80),
        (names.results_queue(stack, pair[0]), 80),
        (names.subscription_rule(*pair), 64),
    ):
        assert re.fullmatch(rf"[A-Za-z0-9_-]{{1,{limit}}}", name)


@settings(deadline=None)
@given(stacks, pairs)
def test_queue_names_begin_with_the_stack_and_their_kind(stack: str, pair: tuple[str, str]) -> None:
    """The roles of the functions are allowed these prefixes only."""
    assert names.lane_queue(stack, *pair).startswith(f"{stack}-lane-")
    assert names.results_queue(stack, pair[0]).startswith(f"{stack}-results-")


def test_a_short_name_is_written_out() -> None:
    assert names.lane_queue("fairlane", "ada", "default") == "fairlane-lane-ada-default"
    assert names.subscription_rule("ada", "mine") == "ada-mine"


texts = st.text(max_size=8)


@settings(deadline=None)
@given(st.tuples(texts, texts, texts), st.tuples(texts, texts, texts))
@example(("a", "bc", "d"), ("ab", "c", "d"))
@example(("1:a", "", ""), ("", "1:a", ""))
def test_a_task_id_stands_for_one_tenant_source_and_event(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert (names.task_id(*one) == names.task_id(*other)) == (one == other)


@settings(deadline=None)
@given(texts, texts, texts)
def test_a_task_id_has_the_form_of_task_ids(tenant: str, source: str, event_id: str) -> None:
    assert names.TASK_ID.fullmatch(names.task_id(tenant, source, event_id))


@pytest.mark.parametrize("name", ["a", "0", "a-b", "a" * 63])
def test_a_legal_name_is_taken(name: str) -> None:
    assert names.check_name(name, "tenant") == name


@pytest.mark.parametrize("name", ["", "-a", "A", "a_b", "a.b", "a" * 64, "a#b", "a/b", "é", "a\n", " a"])
def test_any_other_name_is_refused_with_the_remedy(name: str) -> None:
    with pytest.raises(Refused) as caught:
        names.check_name(name, "tenant")

    assert (caught.value.status, caught.value.errors[0].pointer) == (400, "#/path/tenant")
    assert "1 to 63" in caught.value.errors[0].detail


@pytest.mark.parametrize("task_type", ["a", "com.acme.Resize_v2-x", "x" * 128])
def test_a_legal_task_type_is_taken(task_type: str) -> None:
    assert names.check_task_type(task_type) == task_type


@pytest.mark.parametrize("task_type", ["", "a b", "a#b", "a/b", "x" * 129, "ü", "a\n"])
def test_any_other_task_type_is_refused(task_type: str) -> None:
    with pytest.raises(Refused, match="malformed"):
        names.check_task_type(task_type)
