"""The keyword tables, laid out so that looking up costs microseconds.

What words say about a task, in groups that hold for all languages at once, because a router does
not know the language beforehand. The classifiers weigh groups, never single words, so that a word
seen in no training text still counts. The entries are written by hand in `words_code`,
`words_reason` and `words_simple`, all lower case:

- ``word``: a whole word, for scripts that put spaces between words;
- ``stem*``: the start of a Cyrillic word; its first five characters count;
- ``two_words``: a phrase, found by its first two words;
- substrings, in tables of their own, for scripts where a space does not end a word or the end
  of a word carries its case (Chinese, Japanese, Korean, Thai, Indic scripts, Arabic, Hebrew).

Words are looked up as UTF-8 bytes, all at once by set intersection; substrings by
`task_substrings`. So the tables may grow to thousands of entries without costing time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import blake2b
from itertools import pairwise
from operator import itemgetter

from zeta_router.learn.task.substrings import SUBSTRING_TEXT, Substrings
from zeta_router.learn.task.words_code import CODE_WORDS
from zeta_router.learn.task.words_reason import REASON_WORDS
from zeta_router.learn.task.words_simple import SIMPLE_WORDS

_WORD_TEXT = {**CODE_WORDS, **REASON_WORDS, **SIMPLE_WORDS}

GROUPS: tuple[str, ...] = tuple(_WORD_TEXT)
"""Group names; a group's number is its place in here."""

HEAD_WORDS = 10
"""How many words count as the start of an ask."""

_KANA = "\u3000"
"""From here on a character is a syllable or a word, and entries are short."""

_SEMITIC_CHARS = range(0x590, 0x700)

_STEM_CHARS = 5
_START_OF = itemgetter(slice(2 * _STEM_CHARS))
"""As far as a stem reaches, of a Cyrillic word in UTF-8."""

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
    pairs = _PHRASE_KEYS.intersection(pairwise(words))
    for pair in pairs:
        short, longer = _PHRASES[pair]
        found.append(short)
        for end, phrase, group in longer:
            if end in pairs and phrase in b" %b " % b" ".join(words):
                found.append(group)
    if cyrillic:
        found += map(_STEMS.__getitem__, _STEM_KEYS.intersection(map(_START_OF, unique)))
    return b"".join(found)


def syllabic_hits(text: str) -> bytes:
    """Like `word_hits` over the whole text, for Chinese, Japanese and Korean."""
    return _SYLLABIC.hits(text)


def semitic_hits(text: str) -> bytes:
    """Like `word_hits` over the whole text, for Arabic, Persian and Hebrew."""
    return _SEMITIC.hits(text)


def indic_thai_hits(text: str) -> bytes:
    """Like `word_hits` over the whole text, for Thai and the scripts of India."""
    return _INDIC_THAI.hits(text)


@cache
def lexicon_digest() -> str:
    """Changes whenever an entry, a group or the way of looking up does."""
    tables = [sorted(set(_entries(texts))) for texts in (_WORD_TEXT, *SUBSTRING_TEXT)]
    meaning = repr((GROUPS, tables, HEAD_WORDS, _STEM_CHARS))
    return blake2b(meaning.encode(), digest_size=8).hexdigest()


def _spellings(words: str) -> tuple[str, ...]:
    """Also capitalised where folding ASCII case does not do it (Cyrillic, accents)."""
    return (words,) if words[0].isascii() else (words, words[0].upper() + words[1:])


_MARKS = str.maketrans(dict.fromkeys("'’-._;", " "))


def _tokens(entry: str) -> list[str]:
    return entry.translate(_MARKS).split()


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
                if whole:
                    phrases.setdefault((tokens[1], tokens[2]), set())
    return words, phrases, stems


def _longer(whole: bytes, group: int) -> tuple[_WordPair, bytes, bytes]:
    """A phrase of three words or more, before it its second pair, which is asked for first."""
    _, second, third, *_ = whole.split()
    return (second, third), whole, bytes((group,))


def _is_semitic(entry: str) -> bool:
    return any(ord(char) in _SEMITIC_CHARS for char in entry)


def _entries(texts: Mapping[str, str]) -> Iterable[tuple[int, str]]:
    for group, text in texts.items():
        number = GROUPS.index(group)
        for entry in text.split():
            yield number, entry


_AS_HEAD = bytes((group + len(GROUPS)) & 255 for group in range(256))

_WORD_SETS, _PHRASE_SETS, _STEM_SETS = _compile_words()
_WORDS = {word: bytes(sorted(groups)) for word, groups in _WORD_SETS.items()}
_STEMS = {stem: bytes(sorted(groups)) for stem, groups in _STEM_SETS.items()}
_STEM_KEYS = frozenset(_STEMS)
_PHRASES = {
    pair: (
        bytes(sorted(group for whole, group in found if not whole)),
        tuple(_longer(whole, group) for whole, group in sorted(found) if whole),
    )
    for pair, found in _PHRASE_SETS.items()
}
_PHRASE_KEYS = frozenset(_PHRASES)
_ALL_SUBSTRINGS = [
    (entry.replace("_", " "), group) for texts in SUBSTRING_TEXT for group, entry in _entries(texts)
]
_SYLLABIC = Substrings(entry for entry in _ALL_SUBSTRINGS if max(entry[0]) >= _KANA)
_SEMITIC = Substrings(entry for entry in _ALL_SUBSTRINGS if _is_semitic(entry[0]))
_INDIC_THAI = Substrings(
    entry for entry in _ALL_SUBSTRINGS if max(entry[0]) < _KANA and not _is_semitic(entry[0])
)
