from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlane.domain.task_tokens import Grant, TokenKey, issue, redeem
from tests.unit.domain.building import a_task

OLD, NEW = TokenKey("old", b"one secret"), TokenKey("new", b"another")
KEYS = {key.id: key for key in (OLD, NEW)}
GRANT = Grant("acme", "t_abc", 1_795_000_000_000, 3)


def test_a_token_gives_back_what_it_was_made_for() -> None:
    assert redeem(issue(GRANT, OLD), KEYS.get) == GRANT


def test_one_attempt_has_one_token() -> None:
    assert issue(GRANT, OLD) == issue(GRANT, OLD)


@pytest.mark.parametrize(
    "other",
    [
        replace(GRANT, tenant="acm"),
        replace(GRANT, task_id="t_abd"),
        replace(GRANT, generation=GRANT.generation + 1),
        replace(GRANT, claim=4),
    ],
)
def test_anything_else_has_another(other: Grant) -> None:
    token, theirs = issue(GRANT, OLD), issue(other, OLD)

    assert token.split(".")[3] != theirs.split(".")[3]
    mixed = ".".join((*theirs.split(".")[:3], token.split(".")[3]))
    assert redeem(mixed, KEYS.get) is None


def test_a_key_that_is_gone_opens_nothing() -> None:
    assert redeem(issue(GRANT, OLD), {"new": NEW}.get) is None


def test_another_key_of_the_same_name_opens_nothing() -> None:
    assert redeem(issue(GRANT, OLD), {"old": TokenKey("old", b"guessed")}.get) is None


@given(st.integers(0, 200), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_token_with_any_other_character_opens_nothing(at: int, character: str) -> None:
    token = issue(GRANT, OLD)
    at %= len(token)
    changed = token[:at] + character + token[at + 1 :]

    assert (redeem(changed, KEYS.get) is None) is (changed != token)


@given(st.text(max_size=100))
def test_any_text_is_a_token_or_none(text: str) -> None:
    assert redeem(text, KEYS.get) is None
    assert redeem(f"flt.old.{text}", KEYS.get) is None


def test_a_grant_is_for_one_attempt_of_one_generation() -> None:
    task = a_task(generation=5, claim=2)

    assert Grant("acme", task.id, 5, 2).is_for(task)
    assert not Grant("acme", task.id, 5, 1).is_for(task)
    assert not Grant("acme", task.id, 4, 2).is_for(task)
