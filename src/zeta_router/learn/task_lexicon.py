"""The keyword tables, laid out so that looking up costs microseconds.

What words say about a task, in groups that hold for all languages at once, because a router does
not know the language beforehand. The classifiers weigh groups, never single words, so that a word
seen in no training text still counts. The entries are written by hand in `task_words_code`,
`task_words_reason` and `task_words_simple`, all lower case:

- ``word``: a whole word, for scripts that put spaces between words;
- ``stem*``: the start of a Cyrillic word; its first five characters count;
- ``two_words``: a phrase; a longer one is found by all its pairs of neighbours;
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

_Groups = tuple[int, ...]
_WordPair = tuple[bytes, bytes]
_Phrases = tuple[tuple[frozenset[_WordPair], int], ...]


def word_hits(words: list[bytes], unique: set[bytes], cyrillic: bool) -> list[int]:
    """The group of every distinct entry found, once per entry, in no order.

    Numbers ``len(GROUPS)`` higher are the groups of the first words.

    Args:
        words: The words in order, folded (lower case, no punctuation), as UTF-8.
        unique: The distinct ones.
        cyrillic: Whether there is Cyrillic to look for stems in.
    """
    found: list[int] = []
    for word in unique & _WORD_KEYS:
        found += _WORDS[word]
    for word in words[:HEAD_WORDS]:
        if word in _HEAD:
            found += _HEAD[word]
    pairs = set(pairwise(words))
    for pair in pairs & _PHRASE_KEYS:
        for rest, group in _PHRASES[pair]:
            if rest <= pairs:
                found.append(group)
    if cyrillic:
        for stem in {word[:_STEM_BYTES] for word in unique} & _STEM_KEYS:
            found += _STEMS[stem]
    return found


def substring_hits(text: str) -> list[int]:
    """Like `word_hits` over the whole text, for scripts that are not split at spaces.

    All runs of two and of three neighbouring characters go through a filter at once; the few that
    pass are looked up, and only entries longer than that are searched for.
    """
    codes = np.frombuffer(text.encode("utf-16-le", "replace"), np.uint16)
    found: list[int] = []
    for single in set(_SINGLES[codes].tobytes().translate(None, b"\0")):
        found += _SINGLE_GROUPS[single]
    wide = codes.astype(np.uint32)
    pairs = wide[:-1] << 16 | wide[1:]
    runs = np.concatenate((pairs, pairs[:-1] * _TRIPLE_FACTOR ^ wide[2:]))
    for run in set(runs[_FILTER[_slots(runs)]].tolist()):
        for substring, group in _RUNS.get(run, ()):
            if substring in text:
                found.append(group)
    return found


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
    dict[bytes, _Groups], dict[_WordPair, _Phrases], dict[bytes, _Groups]
]:
    words: dict[bytes, set[int]] = defaultdict(set)
    stems: dict[bytes, set[int]] = defaultdict(set)
    phrases: dict[_WordPair, set[tuple[frozenset[_WordPair], int]]] = defaultdict(set)
    for group, entry in _entries(_WORD_TEXT):
        if entry.endswith("*"):
            for stem in _spellings(entry[:-1]):
                stems[stem[:_STEM_CHARS].encode()].add(group)
            continue
        for spelling in _spellings(" ".join(_tokens(entry))):
            tokens = [token.encode() for token in spelling.split()]
            if len(tokens) == 1:
                words[tokens[0]].add(group)
            else:
                first, *rest = pairwise(tokens)
                phrases[first].add((frozenset(rest), group))
    return (
        {word: tuple(sorted(groups)) for word, groups in words.items()},
        {pair: tuple(found) for pair, found in phrases.items()},
        {stem: tuple(sorted(groups)) for stem, groups in stems.items()},
    )


def _entries(texts: Mapping[str, str]) -> Iterable[tuple[int, str]]:
    for group, text in texts.items():
        for entry in text.split():
            yield GROUPS.index(group), entry


def _compile_substrings() -> tuple[dict[str, _Groups], dict[int, tuple[tuple[str, int], ...]]]:
    """Entries of one character; and longer ones by their first two or three, as one number."""
    singles: dict[str, set[int]] = defaultdict(set)
    runs: dict[int, set[tuple[str, int]]] = defaultdict(set)
    for texts in _SUBSTRING_TEXT:
        for group, entry in _entries(texts):
            substring = entry.replace("_", " ")
            if len(substring) == 1:
                singles[substring].add(group)
                continue
            run = ord(substring[0]) << 16 | ord(substring[1])
            if len(substring) > 2:
                run = run * int(_TRIPLE_FACTOR) & 0xFFFFFFFF ^ ord(substring[2])
            runs[run].add((substring, group))
    return (
        {char: tuple(sorted(groups)) for char, groups in singles.items()},
        {run: tuple(sorted(entries)) for run, entries in runs.items()},
    )


def _shifted(words: Mapping[bytes, _Groups], by: int) -> dict[bytes, _Groups]:
    return {word: tuple(group + by for group in groups) for word, groups in words.items()}


_WORDS, _PHRASES, _STEMS = _compile_words()
_WORD_KEYS = frozenset(_WORDS)
_PHRASE_KEYS = frozenset(_PHRASES)
_STEM_KEYS = frozenset(_STEMS)
_HEAD = _shifted(_WORDS, len(GROUPS))
_SLOT_FACTOR, _SLOT_SHIFT = np.uint32(2654435769), np.uint32(16)
_TRIPLE_FACTOR = np.uint32(2246822519)
_SINGLE_TABLE, _RUNS = _compile_substrings()

_SINGLE_GROUPS: list[_Groups] = [(), *_SINGLE_TABLE.values()]
_SINGLES = np.zeros(1 << 16, np.uint8)
_SINGLES[[ord(char) for char in _SINGLE_TABLE]] = range(1, len(_SINGLE_GROUPS))
_FILTER = np.zeros(1 << 16, np.bool_)
_FILTER[_slots(np.array(list(_RUNS), np.uint32))] = True
