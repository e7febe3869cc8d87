"""Keywords of scripts where a space does not end a word, found by their pairs of characters.

Searching a text for two thousand entries one after the other takes a hundred microseconds. Instead
every entry is filed under one of its pairs of neighbouring characters, the one that is rarest, it
and its characters, among all entries, and searched for only in texts that hold this pair.

Of a character only the low byte of its UTF-16 unit counts, so all pairs of a text are every second
byte of it, read as overlapping integers of 16 bits. Different pairs may give the same number; that
costs a search in vain and nothing else. There is no numpy in here: on a text of a hundred
characters its calls cost more, most of it waiting for their code to arrive from memory.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from zeta_router.learn.task.words_code import CODE_SUBSTRINGS
from zeta_router.learn.task.words_reason import REASON_SUBSTRINGS
from zeta_router.learn.task.words_simple import SIMPLE_SUBSTRINGS

SUBSTRING_TEXT: Final[tuple[Mapping[str, str], ...]] = (
    CODE_SUBSTRINGS,
    REASON_SUBSTRINGS,
    SIMPLE_SUBSTRINGS,
)
"""Tables of group to its entries; ``_`` in an entry stands for a space."""


class Substrings:
    """Finds entries in texts.

    Args:
        entries: Each substring with the number of its group, below 256.
    """

    def __init__(self, entries: Iterable[tuple[str, int]]) -> None:
        every = [(substring, bytes((group,))) for substring, group in sorted(set(entries))]
        pairs = {substring: _pairs(substring).tolist() for substring, _ in every}
        rarity = Counter(pair for found in pairs.values() for pair in found)
        common = Counter(low for substring, _ in every for low in _low_bytes(substring))
        filed: dict[int, list[tuple[str, bytes]]] = defaultdict(list)
        single: dict[str, bytes] = defaultdict(bytes)
        for substring, group in every:
            if pairs[substring]:
                rarest = min(
                    pairs[substring], key=lambda p: rarity[p] * common[p & 255] * common[p >> 8]
                )
                filed[rarest].append((substring, group))
            else:
                single[substring] += group
        self._filed = {pair: tuple(found) for pair, found in filed.items()}
        self._filed_pairs = frozenset(filed)
        self._single = dict(single)
        self._find_single = (
            re.compile(f"[{re.escape(''.join(single))}]").findall if single else None
        )

    def hits(self, text: str) -> bytes:
        """The group of every distinct entry in `text`, a byte for each, in no order."""
        filed = self._filed
        passing = self._filed_pairs.intersection(_pairs(text))
        found = [group for pair in passing for entry, group in filed[pair] if entry in text]
        if self._find_single is not None:
            found += map(self._single.__getitem__, {*self._find_single(text)})
        return b"".join(found)


def _pairs(text: str) -> array[int]:
    """The numbers of all pairs of neighbours: those that begin at even places, then the others."""
    low = _low_bytes(text)
    length = len(low)
    pairs = array("H", low[: length & ~1])
    pairs.frombytes(low[1 : length - 1 + (length & 1)])
    return pairs


def _low_bytes(text: str) -> bytes:
    return text.encode("utf-16-le", "replace")[::2]
