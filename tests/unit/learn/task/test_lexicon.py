"""The keyword tables find what is written in them, in every script, and nothing across words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.learn.task.lexicon import (
    GROUPS,
    indic_thai_hits,
    lexicon_digest,
    semitic_hits,
    syllabic_hits,
    word_hits,
)
from zeta_router.learn.task.words_code import CODE_WORDS
from zeta_router.learn.task.words_reason import REASON_WORDS
from zeta_router.learn.task.words_simple import SIMPLE_WORDS


def groups_of(text: str, cyrillic: bool = False) -> set[str]:
    """Names of the groups found in folded text, by word or by substring."""
    words = [word.encode() for word in text.split()]
    numbers = {
        *word_hits(words, set(words), cyrillic),
        *syllabic_hits(text),
        *semitic_hits(text),
        *indic_thai_hits(text),
    }
    return {GROUPS[number] for number in numbers if number < len(GROUPS)}


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("a python thing", "code_name"),
        ("in c++ please", "code_name"),
        ("prove it", "math_strong"),
        ("think step by step", "steps"),
        ("wie viele äpfel", "how_many"),
        ("Сколько яблок", "how_many"),
        ("用python写一个函数", "code_verb"),
        ("法国的首都", "fact"),
        ("数学の証明", "math_strong"),
        ("함수를 작성해줘", "code_verb"),
        ("ความน่าจะเป็น", "math_strong"),
        ("संभावना प्रायिकता", "math_strong"),
        ("ফাংশন", "code_vague"),
        ("ఎన్ని", "how_many"),
        ("خطوة بخطوة", "steps"),
        ("שלב אחר שלב", "steps"),
    ],
)
def test_entries_are_found(text, group):
    assert group in groups_of(text)


def test_stems_find_inflected_cyrillic():
    assert "math_strong" in groups_of("докажите теорему", cyrillic=True)


def test_a_phrase_needs_its_words_side_by_side():
    assert "how_many" in groups_of("so how many are there")
    assert "how_many" not in groups_of("how are many there")


def test_a_longer_phrase_needs_all_its_words():
    assert "steps" in groups_of("a chain of thought")
    assert "steps" not in groups_of("a chain of command")


def test_words_do_not_match_inside_words():
    assert "math_strong" not in groups_of("improve")


def test_an_entry_counts_once_however_often_it_occurs():
    words = [b"python"] * 5
    assert word_hits(words[5:], {b"python"}, False).count(GROUPS.index("code_name")) == 1


def test_the_first_words_are_told_apart():
    words = [b"prove"] + [b"x"] * 30 + [b"python"]
    found = word_hits(words, set(words), False)
    assert len(GROUPS) + GROUPS.index("math_strong") in found
    assert len(GROUPS) + GROUPS.index("code_name") not in found


def test_the_digest_is_stable():
    assert lexicon_digest() == lexicon_digest()


PIECES = ["how", "many", "step", "by", "let", "s", "think", "chain", "of", "thought", "prove", "x"]


def _written(entry: str) -> str:
    for mark in "'’-._;":
        entry = entry.replace(mark, " ")
    return f" {' '.join(entry.split())} "


WRITTEN = {
    (group, _written(entry))
    for table in (CODE_WORDS, REASON_WORDS, SIMPLE_WORDS)
    for group, entries in table.items()
    for entry in entries.split()
    if entry.isascii()
}


@given(words=st.lists(st.sampled_from(PIECES), max_size=40))
def test_found_is_what_reading_the_tables_finds(words):
    text = f" {' '.join(words)} "
    found = word_hits([w.encode() for w in words], {w.encode() for w in words}, False)
    whole = [GROUPS[number] for number in found if number < len(GROUPS)]
    assert sorted(whole) == sorted(group for group, written in WRITTEN if written in text)
