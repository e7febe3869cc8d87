"""The keyword table of `task_words`, laid out so that looking up costs microseconds.

Words are looked up as UTF-8 bytes, all at once by set intersection; phrases only where their last
word occurs; substrings (scripts without spaces) only where their first character occurs. So the
table can grow to thousands of entries without growing the time.
"""

from __future__ import annotations

from collections import defaultdict

from zeta_router.learn.task_words import GROUP_TEXT, GROUPS, SUBSTRINGS

_STEM_CHARS = 5

_Word = tuple[tuple[int, ...], tuple[tuple[bytes, int], ...]]


def _spellings(word: str) -> tuple[str, ...]:
    """Also capitalised where folding ASCII case does not do it (Cyrillic, accents)."""
    return (word,) if word[0].isascii() else (word, word[0].upper() + word[1:])


def _compile_words() -> tuple[dict[bytes, _Word], dict[str, tuple[int, ...]]]:
    words: dict[str, set[int]] = defaultdict(set)
    phrases: dict[str, set[tuple[bytes, int]]] = defaultdict(set)
    stems: dict[str, set[int]] = defaultdict(set)
    for index, group in enumerate(GROUPS):
        for entry in GROUP_TEXT[group].split():
            if entry.endswith("*"):
                for stem in _spellings(entry[:_STEM_CHARS]):
                    stems[stem].add(index)
                continue
            parts = entry.replace("'", " ").replace("-", " ").replace(".", " ").replace("_", " ")
            tokens = parts.split()
            for spelling in _spellings(" ".join(tokens)):
                if len(tokens) == 1:
                    words[spelling].add(index)
                else:
                    phrases[tokens[-1]].add((f" {spelling} ".encode(), index))
    table = {
        word.encode(): (tuple(sorted(words.get(word, ()))), tuple(sorted(phrases.get(word, ()))))
        for word in {*words, *phrases}
    }
    return table, {stem: tuple(sorted(groups)) for stem, groups in stems.items()}


def _compile_substrings() -> dict[str, tuple[tuple[str, int], ...]]:
    table: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for group, text in SUBSTRINGS.items():
        for entry in text.split():
            substring = entry.replace("_", " ")
            table[substring[0]].add((substring, GROUPS.index(group)))
    return {first: tuple(sorted(entries)) for first, entries in table.items()}


_WORDS, _STEMS = _compile_words()
_WORD_KEYS = frozenset(_WORDS)
_STEM_BYTES = {stem.encode(): groups for stem, groups in _STEMS.items()}
_STEM_KEYS = frozenset(_STEM_BYTES)
_SUBSTRINGS = _compile_substrings()
_FIRST_CHARS = frozenset(_SUBSTRINGS)
_CYRILLIC_STEM_BYTES = _STEM_CHARS * 2


def hits_of_words(unique: set[bytes], folded: bytes) -> list[int]:
    """Distinct entries found, one count per group.

    Args:
        unique: The distinct words, folded.
        folded: All words in order, joined and surrounded by single spaces, for the phrases.
    """
    hits = [0] * len(GROUPS)
    for word in unique & _WORD_KEYS:
        groups, phrases = _WORDS[word]
        for group in groups:
            hits[group] += 1
        for phrase, group in phrases:
            if phrase in folded:
                hits[group] += 1
    for stem in {word[:_CYRILLIC_STEM_BYTES] for word in unique} & _STEM_KEYS:
        for group in _STEM_BYTES[stem]:
            hits[group] += 1
    return hits


def hits_of_text(text: str, hits: list[int]) -> None:
    """Add the substrings found in `text` to `hits`, for scripts that are not split at spaces."""
    for first in _FIRST_CHARS.intersection(text):
        for substring, group in _SUBSTRINGS[first]:
            if substring in text:
                hits[group] += 1
