from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import PayloadError
from demo import document_statistics
from tests.unit.samples.calling import an_event


def statistics(text: str) -> dict[str, Any]:
    return document_statistics(an_event({"title": "a title", "text": text}), None)


def test_words_sentences_and_paragraphs_are_counted() -> None:
    found = statistics("The cat sat. It didn't move!\n\nA heading\n\nWhy (so they asked)?\n")
    counted = {name: found[name] for name in ("words", "different_words", "sentences", "paragraphs")}
    assert counted == {"words": 12, "different_words": 12, "sentences": 4, "paragraphs": 3}
    assert found["longest_sentence_words"] == 4


@pytest.mark.parametrize(
    ("word", "syllables"), [("cat", 1), ("readable", 3), ("make", 1), ("table", 2), ("tree", 1), ("the", 1), ("nth", 1)]
)
def test_syllables_are_groups_of_vowels_without_a_silent_e(word: str, syllables: int) -> None:
    assert statistics(word)["syllables_per_word"] == syllables


def test_reading_ease_and_grade_follow_flesch_and_kincaid() -> None:
    found = statistics("The cat sat on the mat.")  # 6 words, 6 syllables, 1 sentence
    assert found["reading_ease"] == round(206.835 - 1.015 * 6 - 84.6, 1)
    assert found["school_grade"] == round(0.39 * 6 + 11.8 - 15.59, 1)


def test_plain_words_read_easier_than_long_ones() -> None:
    plain = statistics("We met in the park. It was fun. The sun was out.")
    hard = statistics("Institutional considerations necessitate interdepartmental organisational communication.")
    assert plain["reading_ease"] > 80
    assert hard["reading_ease"] < 0
    assert plain["school_grade"] < hard["school_grade"]


def test_top_terms_leave_out_common_and_short_words() -> None:
    found = statistics("Queue queue lane lane lane which which which which the the the a a a")
    assert found["top_terms"] == [{"term": "lane", "count": 3}, {"term": "queue", "count": 2}]


def test_a_plain_text_event_is_the_document_with_its_subject_as_title() -> None:
    found = document_statistics(an_event("Two words.", subject="a letter"), None)
    assert (found["title"], found["words"]) == ("a letter", 2)


@pytest.mark.parametrize("text", ["", "\n", "12 34 --"])
def test_a_document_without_words_is_refused(text: str) -> None:
    with pytest.raises(PayloadError, match=r"^PayloadError: data\.text has no words"):
        statistics(text)


@pytest.mark.parametrize("data", [{}, {"title": "a"}, {"title": 1, "text": "a"}, [], 5])
def test_bad_data_is_refused(data: object) -> None:
    with pytest.raises(PayloadError):
        document_statistics(an_event(data), None)


@given(st.text(min_size=1))
def test_any_text_gives_consistent_counts_or_is_refused(text: str) -> None:
    try:
        found = statistics(text)
    except PayloadError:
        return
    assert found["different_words"] <= found["words"]
    assert found["longest_sentence_words"] <= found["words"] >= found["sentences"] >= found["paragraphs"] >= 1
