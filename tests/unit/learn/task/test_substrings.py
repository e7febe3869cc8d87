"""Every entry that is in a text is found, once, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.learn.task.substrings import Substrings

ENTRIES = [
    ("倍", 1),
    ("函数", 2),
    ("函数", 3),
    ("多少个", 4),
    ("一个一个", 5),
    ("كم ", 6),
    ("نصف", 7),
    ("على التوالي", 8),
    ("ทั้งหมด", 9),
    ("ab", 10),
    ("😀😀", 11),
]
TEXTS = st.text(st.sampled_from("倍函数多少个一كم نصفعلى التواليทั้งหมดabc。😀\0"), max_size=60)


@given(text=TEXTS)
def test_found_is_what_searching_one_by_one_finds(text):
    found = Substrings(ENTRIES).hits(text)
    assert sorted(found) == sorted(group for entry, group in ENTRIES if entry in text)


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_is_found_at_the_very_end_and_alone(entry):
    table = Substrings(ENTRIES)
    for text in (entry[0], "x" + entry[0], "zz" * 50 + entry[0] * 3):
        assert table.hits(text).count(entry[1]) == 1


def test_no_text_has_nothing_in_it():
    assert Substrings(ENTRIES).hits("") == b""


def test_a_lone_surrogate_does_not_raise():
    assert Substrings(ENTRIES).hits("\ud800倍") == b"\x01"


def test_different_characters_with_the_same_low_bytes_are_told_apart():
    table = Substrings([("ab", 1), ("\u0e61\u0e62", 2)])
    assert table.hits("ab") == b"\x01"
    assert table.hits("\u0e61\u0e62") == b"\x02"
    assert table.hits("\u0961\u0962") == b""
