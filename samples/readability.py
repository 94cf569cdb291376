"""Statistics of one English document: its size, how hard it reads (Flesch, Flesch-Kincaid), its terms."""

import re
from collections import Counter
from typing import Any

WORDS_PER_MINUTE = 230
TOP_TERMS = 8

_WORD = re.compile(r"[A-Za-z]+(?:['\u2019][A-Za-z]+)*")
#: A sentence ends at its mark or at a blank line (headings have no mark).
_SENTENCE_END = re.compile(r"[.!?]+[\"')\]]*\s+|\n[ \t]*\n")
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n")
_VOWELS = re.compile(r"[aeiouy]+")
_SHORTEST_TERM = 4

_STOP_WORDS = frozenset(
    """
    about above after again against also although always among another because been before being below between both
    cannot could does doing done down during each either else even ever every following from further given gives have
    having here however into itself just like made make makes many more most much must neither never none nothing once
    only other others otherwise ours over same shall should since some such than that their them then there therefore
    these they thing this those though through thus under unless until upon used using very want well were what when
    where whether which while whose will with within without would your yours
    """.split()  # noqa: SIM905 -- a hundred quotation marks would hide the words
)


def readability(text: str) -> dict[str, Any] | None:
    """None where there are no words."""
    words = [word.lower() for word in _WORD.findall(text)]
    if not words:
        return None
    sentences = [count for part in _SENTENCE_END.split(text) if (count := len(_WORD.findall(part)))]
    syllables = sum(map(_syllables, words))
    per_sentence = len(words) / len(sentences)
    per_word = syllables / len(words)
    return {
        "characters": len(text),
        "words": len(words),
        "different_words": len(set(words)),
        "sentences": len(sentences),
        "longest_sentence_words": max(sentences),
        "paragraphs": sum(bool(_WORD.search(part)) for part in _PARAGRAPH_END.split(text)),
        "words_per_sentence": round(per_sentence, 1),
        "syllables_per_word": round(per_word, 2),
        "reading_ease": round(206.835 - 1.015 * per_sentence - 84.6 * per_word, 1),
        "school_grade": round(0.39 * per_sentence + 11.8 * per_word - 15.59, 1),
        "reading_minutes": round(len(words) / WORDS_PER_MINUTE, 1),
        "top_terms": _top_terms(words),
    }


def _syllables(word: str) -> int:
    """By groups of vowels, a silent final e not counted: right for nine words of ten, which is enough for a mean."""
    groups = len(_VOWELS.findall(word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent)


def _top_terms(words: list[str]) -> list[dict[str, Any]]:
    terms = Counter(word for word in words if len(word) >= _SHORTEST_TERM and word not in _STOP_WORDS)
    ranked = sorted(terms.items(), key=lambda term: (-term[1], term[0]))
    return [{"term": term, "count": count} for term, count in ranked[:TOP_TERMS]]
