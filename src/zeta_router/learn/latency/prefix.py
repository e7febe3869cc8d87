"""A prefix cache: which leading blocks of a prompt need not be computed again.

Hashes are chained (a block's hash covers everything before it), so membership of one hash says
that the whole prefix up to it is the same. Blocks of running sequences and cached blocks are not
made to share one memory, as they do in a real engine: the cache has a size of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from zeta_router.core.query import PREFIX_BLOCK_TOKENS


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

    def peek(self, hashes: Sequence[int]) -> int:
        """How many leading blocks are cached; changes nothing."""
        hits = 0
        for block in hashes:
            if block not in self._blocks:
                break
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


DEFAULT_BLOCKS = 512
"""Blocks that an engine is believed to keep: 262,144 tokens, the KV cache of a mid-size GPU."""

_TRUST_STEP = 0.1
_TRUST_START = 0.9


class PrefixBelief:
    """What one endpoint's prefix cache is believed to hold, from what was sent there.

    Engines do not say what they cache. They do say, mostly, how much of a prompt they found cached;
    the share of what was believed that turned out true scales later beliefs (`trust`), so an engine
    without a cache is soon believed to have none.
    """

    __slots__ = ("_cache", "trust")

    def __init__(self, blocks: int = DEFAULT_BLOCKS) -> None:
        self._cache = PrefixCache(blocks)
        self.trust = _TRUST_START

    def cached_tokens(self, hashes: Sequence[int], prompt_tokens: int) -> float:
        """Prompt tokens that need not be computed, 0 … prompt_tokens - 1; changes nothing."""
        blocks = self._cache.peek(hashes)
        if not blocks:
            return 0.0
        return self.trust * min(blocks * PREFIX_BLOCK_TOKENS, max(0, prompt_tokens - 1))

    def sent(self, hashes: Sequence[int]) -> None:
        """A prompt was dispatched there: its blocks will be in the cache."""
        self._cache.insert(hashes)

    def told(self, believed_tokens: float, cached_tokens: int | None) -> None:
        """The engine's own word on a prompt of which `believed_tokens` were believed cached."""
        if cached_tokens is None or believed_tokens <= 0.0 or self.trust <= 0.0:
            return
        found = min(1.0, max(0, cached_tokens) * self.trust / believed_tokens)
        self.trust = max(0.01, self.trust + _TRUST_STEP * (found - self.trust))

    def clear(self) -> None:
        """Forget the blocks, as an engine that restarted has."""
        self._cache.clear()
