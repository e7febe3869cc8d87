"""A prefix cache: which leading blocks of a prompt need not be computed again.

Hashes are chained (a block's hash covers everything before it), so membership of one hash says
that the whole prefix up to it is the same. Blocks of running sequences and cached blocks are not
made to share one memory, as they do in a real engine: the cache has a size of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence


class PrefixCache:
    """Keeps the `capacity` most recently used block hashes."""

    __slots__ = ("_blocks", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._blocks: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._blocks)

    def match(self, hashes: Sequence[int]) -> int:
        """How many leading blocks are cached; they count as used."""
        hits = 0
        for block in hashes:
            if block not in self._blocks:
                break
            self._blocks.move_to_end(block)
            hits += 1
        return hits

    def insert(self, hashes: Sequence[int]) -> None:
        """Remember the blocks of a computed prompt, forgetting the least recently used.

        Of a prompt longer than the cache only the leading blocks are kept: a tail without its
        beginning could never be matched.
        """
        if not self.capacity:
            return
        blocks = self._blocks
        for block in reversed(hashes[: self.capacity]):
            blocks[block] = None
            blocks.move_to_end(block)
        while len(blocks) > self.capacity:
            blocks.popitem(last=False)

    def clear(self) -> None:
        """Forget everything, as a restarted engine does."""
        self._blocks.clear()
