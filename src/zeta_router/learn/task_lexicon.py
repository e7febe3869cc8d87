"""The keyword tables, laid out so that looking up costs microseconds.

What words say about a task, in groups that hold for all languages at once, because a router does
not know the language beforehand. The classifiers weigh groups, never single words, so that a word
seen in no training text still counts. The entries are written by hand in `task_words_code`,
`task_words_reason` and `task_words_simple`, all lower case:

- ``word``: a whole word, for scripts that put spaces between words;
- ``stem*``: the start of a Cyrillic word; its first five characters count;
- ``two_words``: a phrase, found by its first two words;
- substrings, in tables of their own, for scripts where a space does not end a word or the end
  of a word carries its case (Chinese, Japanese, Korean, Thai, Indic scripts, Arabic, Hebrew).

Words are looked up as UTF-8 bytes, all at once by set intersection; substrings only where their
first two characters occur. So the tables may grow to thousands of entries without costing time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from zeta_router.learn.task_words_code import CODE_SUBSTRINGS, CODE_WORDS
from zeta_router.learn.task_words_reason import REASON_SUBSTRINGS, REASON_WORDS
from zeta_router.learn.task_words_simple import SIMPLE_SUBSTRINGS, SIMPLE_WORDS

_WORD_TEXT = {**CODE_WORDS, **REASON_WORDS, **SIMPLE_WORDS}
_SUBSTRING_TEXT = (CODE_SUBSTRINGS, REASON_SUBSTRINGS, SIMPLE_SUBSTRINGS)

GROUPS: tuple[str, ...] = tuple(_WORD_TEXT)
"""Group names; a group's number is its place in here."""

HEAD_WORDS = 10
"""How many words count as the start of an ask."""

_STEM_CHARS = 5
_STEM_BYTES = _STEM_CHARS * 2

_WordPair = tuple[bytes, bytes]


def word_hits(words: list[bytes], unique: set[bytes], cyrillic: bool) -> bytes:
    """The group of every distinct entry found, a byte for each, in no order.

    Numbers ``len(GROUPS)`` higher are the groups of the first words.

    Args:
        words: The words in order, folded (lower case, no punctuation), as UTF-8.
        unique: The distinct ones.
        cyrillic: Whether there is Cyrillic to look for stems in.
    """
    found = [
        *filter(None, map(_WORDS.get, unique)),
        b"".join(filter(None, map(_WORDS.get, words[:HEAD_WORDS]))).translate(_AS_HEAD),
    ]
    numbers = set(filter(None, map(_PHRASE_NUMBERS.get, pairwise(words))))
    found += [_SHORT_PHRASES[number] for number in numbers]
    longer = numbers & _LONG_KEYS
    if longer:
        folded = b" %b " % b" ".join(words)
        for number in longer:
            found += [group for phrase, group in _LONG_PHRASES[number] if phrase in folded]
    if cyrillic:
        found += filter(None, map(_STEMS.get, {word[:_STEM_BYTES] for word in unique}))
    return b"".join(found)


def substring_hits(text: str, syllabic: bool) -> bytes:
    """Like `word_hits` over the whole text, for scripts that are not split at spaces.

    Args:
        text: The excerpt.
        syllabic: Which of two ways to the same answer is the faster. With many different characters
            (Chinese, Japanese, Korean), few entries begin with any of them; with few (Thai,
            Arabic), nearly all do, and runs of characters tell more.
    """
    codes = np.frombuffer(text.encode("utf-32", "replace"), np.uint32)[1:]
    return _hits_by_first(text, codes) if syllabic else _hits_by_run(text, codes)


def _hits_by_first(text: str, codes: NDArray[np.uint32]) -> bytes:
    chars = set(codes.tolist())
    found = []
    for entries in filter(None, map(_BY_FIRST.get, chars)):
        for second, substring, group in entries:
            if second in chars and substring in text:
                found.append(group)
    return b"".join(found)


def _hits_by_run(text: str, codes: NDArray[np.uint32]) -> bytes:
    """A rolling hash of every run of one, two and three characters goes through a filter at once.

    The few that pass are looked up, and only entries longer than that are searched for.
    """
    pairs = codes[:-1] * _ROLL + codes[1:]
    runs = np.concatenate((codes, pairs, pairs[:-1] * _ROLL + codes[2:]))
    passing = set(runs[_FILTER[_slots(runs)]].tolist())
    found = [*filter(None, map(_RUNS.get, passing))]
    for entries in filter(None, map(_LONG_RUNS.get, passing)):
        found += [group for substring, group in entries if substring in text]
    return b"".join(found)


def _run(chars: str) -> int:
    """The rolling hash of one to three characters."""
    run = 0
    for char in chars:
        run = (run * int(_ROLL) + ord(char)) & 0xFFFFFFFF
    return run


def _slots(runs: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """A hash to 16 bits by multiplication (Knuth 3, 6.4); that it wraps around is meant."""
    return runs * _SLOT_FACTOR >> _SLOT_SHIFT


def lexicon_digest() -> str:
    """Changes whenever an entry, a group or the way of looking up does."""
    tables = [sorted(set(_entries(texts))) for texts in (_WORD_TEXT, *_SUBSTRING_TEXT)]
    meaning = repr((GROUPS, tables, HEAD_WORDS, _STEM_CHARS))
    return blake2b(meaning.encode(), digest_size=8).hexdigest()


def _spellings(words: str) -> tuple[str, ...]:
    """Also capitalised where folding ASCII case does not do it (Cyrillic, accents)."""
    return (words,) if words[0].isascii() else (words, words[0].upper() + words[1:])


def _tokens(entry: str) -> list[str]:
    for mark in "'’-._;":
        entry = entry.replace(mark, " ")
    return entry.split()


def _compile_words() -> tuple[
    dict[bytes, set[int]], dict[_WordPair, set[tuple[bytes, int]]], dict[bytes, set[int]]
]:
    """Words; phrases by their first two words, with the whole if it is longer; and stems."""
    words: dict[bytes, set[int]] = defaultdict(set)
    stems: dict[bytes, set[int]] = defaultdict(set)
    phrases: dict[_WordPair, set[tuple[bytes, int]]] = defaultdict(set)
    for group, entry in _entries(_WORD_TEXT):
        if entry.endswith("*"):
            for stem in _spellings(entry[:-1]):
                stems[stem[:_STEM_CHARS].encode()].add(group)
            continue
        for spelling in _spellings(" ".join(_tokens(entry))):
            tokens = spelling.encode().split()
            if len(tokens) == 1:
                words[tokens[0]].add(group)
            else:
                whole = f" {spelling} ".encode() if len(tokens) > 2 else b""
                phrases[tokens[0], tokens[1]].add((whole, group))
    return words, phrases, stems


def _entries(texts: Mapping[str, str]) -> Iterable[tuple[int, str]]:
    for group, text in texts.items():
        for entry in text.split():
            yield GROUPS.index(group), entry


def _substrings() -> set[tuple[str, int]]:
    """Every substring with its group."""
    return {
        (entry.replace("_", " "), group)
        for texts in _SUBSTRING_TEXT
        for group, entry in _entries(texts)
    }


def _compile_runs() -> tuple[dict[int, set[int]], dict[int, set[tuple[str, int]]]]:
    """Entries of up to three characters by their run; and longer ones by their first three."""
    short: dict[int, set[int]] = defaultdict(set)
    longer: dict[int, set[tuple[str, int]]] = defaultdict(set)
    for substring, group in _substrings():
        run = _run(substring[:_RUN_CHARS])
        if len(substring) <= _RUN_CHARS:
            short[run].add(group)
        else:
            longer[run].add((substring, group))
    return short, longer


def _compile_firsts() -> dict[int, list[tuple[int, str, bytes]]]:
    """Every entry by its first character: the second (or the first again), itself, its group."""
    table: dict[int, list[tuple[int, str, bytes]]] = defaultdict(list)
    for substring, group in sorted(_substrings()):
        second = ord(substring[min(1, len(substring) - 1)])
        table[ord(substring[0])].append((second, substring, bytes((group,))))
    return dict(table)


_RUN_CHARS = 3
_ROLL = np.uint32(2246822519)
_SLOT_FACTOR, _SLOT_SHIFT = np.uint32(2654435769), np.uint32(16)
_AS_HEAD = bytes((group + len(GROUPS)) & 255 for group in range(256))

_WORD_SETS, _PHRASE_SETS, _STEM_SETS = _compile_words()
_WORDS = {word: bytes(sorted(groups)) for word, groups in _WORD_SETS.items()}
_STEMS = {stem: bytes(sorted(groups)) for stem, groups in _STEM_SETS.items()}
_PHRASE_NUMBERS = {pair: number for number, pair in enumerate(_PHRASE_SETS, 1)}
_SHORT_PHRASES = [b""] + [
    bytes(sorted(group for whole, group in found if not whole)) for found in _PHRASE_SETS.values()
]
_LONG_PHRASES = {
    number: tuple((whole, bytes((group,))) for whole, group in sorted(found) if whole)
    for number, found in enumerate(_PHRASE_SETS.values(), 1)
    if any(whole for whole, _ in found)
}
_LONG_KEYS = frozenset(_LONG_PHRASES)

_BY_FIRST = _compile_firsts()
_SHORT_SETS, _LONGER_SETS = _compile_runs()
_RUNS = {run: bytes(sorted(groups)) for run, groups in _SHORT_SETS.items()}
_LONG_RUNS = {
    run: tuple((substring, bytes((group,))) for substring, group in sorted(entries))
    for run, entries in _LONGER_SETS.items()
}
_FILTER = np.zeros(1 << 16, np.bool_)
_FILTER[_slots(np.array([*_RUNS, *_LONG_RUNS], np.uint32))] = True
