"""Keywords of scripts where a space does not end a word, found by the runs of characters they hold.

Searching a text for two thousand entries one after the other takes milliseconds. Instead every run
of a few characters goes through a filter, all at once in numpy; the few that pass are looked up.
Entries longer than that are known by one of their runs, the one that is rarest among all entries,
and searched for only where it occurs.

A run is an integer: its characters as UTF-16, the first in the lowest 16 bits. So all runs of a
text are its bytes read as overlapping 64-bit integers, masked. (Of a character outside the basic
plane two units make a run's two characters, which is as good.)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final

import numpy as np

from zeta_router.learn.task.words_code import CODE_SUBSTRINGS
from zeta_router.learn.task.words_reason import REASON_SUBSTRINGS
from zeta_router.learn.task.words_simple import SIMPLE_SUBSTRINGS

SUBSTRING_TEXT: Final[tuple[Mapping[str, str], ...]] = (
    CODE_SUBSTRINGS,
    REASON_SUBSTRINGS,
    SIMPLE_SUBSTRINGS,
)
"""Tables of group to its entries; ``_`` in an entry stands for a space."""

_WINDOW_CHARS: Final = 4
_END: Final = bytes(2 * (_WINDOW_CHARS - 1))
"""So that a window may begin at the last character."""
_SLOTS: Final = 65521
"""Length of the filter, the largest prime below 2^16: a run's slot is the remainder."""


class Substrings:
    """Finds entries in texts.

    Args:
        entries: Each substring with the number of its group, below 256.
        lengths: How long the runs are that are looked up: from the shortest entry on, and so long
            that few of them occur in a text by chance; three at most.
    """

    def __init__(self, entries: Iterable[tuple[str, int]], lengths: tuple[int, ...]) -> None:
        every = sorted(set(entries))
        sizes = [2 * length for length in sorted(lengths)]
        rarity = Counter(run for substring, _ in every for run in _runs(substring, sizes[-1]))
        short: dict[int, set[int]] = defaultdict(set)
        longer: dict[int, list[tuple[str, bytes]]] = defaultdict(list)
        for substring, group in every:
            if len(_units(substring)) in sizes:
                short[_number(_units(substring))].add(group)
            else:
                run = min(_runs(substring, sizes[-1]), key=rarity.__getitem__)
                longer[run].append((substring, bytes((group,))))
        self._masks = np.array([[(1 << 16 * length) - 1] for length in lengths], np.int64)
        self._short = {run: bytes(sorted(groups)) for run, groups in short.items()}
        self._short_runs = frozenset(short)
        self._longer = dict(longer)
        self._longer_runs = frozenset(longer)
        self._filter = np.zeros(_SLOTS, np.bool_)
        self._filter[np.array([*short, *longer], np.int64) % _SLOTS] = True

    def hits(self, text: str) -> bytes:
        """The group of every distinct entry in `text`, a byte for each, in no order."""
        units = _units(text) + _END
        windows = np.ndarray((len(units) // 2 - _WINDOW_CHARS + 1,), "<i8", units, 0, (2,))
        runs = (windows & self._masks).ravel()
        passing = runs.compress(self._filter.take(runs % _SLOTS)).tolist()
        found = [*map(self._short.__getitem__, self._short_runs.intersection(passing))]
        longer = self._longer_runs.intersection(passing)
        if longer:
            entries = chain.from_iterable(map(self._longer.__getitem__, longer))
            found += [group for substring, group in entries if substring in text]
        return b"".join(found)


def _units(text: str) -> bytes:
    return text.encode("utf-16-le", "replace")


def _runs(substring: str, size: int) -> list[int]:
    """Every run of `size` bytes; of a shorter entry, the whole."""
    units = _units(substring)
    places = range(0, max(1, len(units) - size + 1), 2)
    return [_number(units[place : place + size]) for place in places]


def _number(units: bytes) -> int:
    return int.from_bytes(units, "little")
