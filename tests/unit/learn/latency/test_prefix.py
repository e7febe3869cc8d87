"""Prefix caches: the data structure, and what one is believed to hold."""

from __future__ import annotations

import pytest

from zeta_router.core.query import PREFIX_BLOCK_TOKENS
from zeta_router.learn.latency.prefix import PrefixBelief, PrefixCache

BLOCK = PREFIX_BLOCK_TOKENS


def test_peeking_changes_nothing() -> None:
    cache = PrefixCache(2)
    cache.insert((1, 2))
    assert cache.peek((1, 2, 3)) == 2
    assert cache.peek((9, 1)) == 0
    cache.peek((1,))  # does not count as a use: 1 is still the last to be inserted, 2 the oldest
    cache.insert((3,))
    assert cache.peek((1,)) == 1
    assert cache.peek((1, 2)) == 1


def test_what_was_sent_is_believed_cached_up_to_the_first_difference() -> None:
    belief = PrefixBelief()
    assert belief.cached_tokens((1, 2), 2 * BLOCK) == 0.0
    belief.sent((1, 2, 3))
    assert belief.cached_tokens((1, 2, 9), 3 * BLOCK) == pytest.approx(belief.trust * 2 * BLOCK)


def test_never_the_whole_prompt() -> None:
    belief = PrefixBelief()
    belief.sent((1,))
    assert belief.cached_tokens((1,), 100) <= 99.0
    assert belief.cached_tokens((1,), 0) == 0.0


def test_an_engine_without_a_cache_is_soon_believed_to_have_none() -> None:
    belief = PrefixBelief()
    belief.sent((1, 2))
    for _ in range(40):
        belief.told(belief.cached_tokens((1, 2), 2 * BLOCK), 0)
    assert belief.trust < 0.05
    for _ in range(60):
        believed = belief.cached_tokens((1, 2), 2 * BLOCK)
        belief.told(believed, 2 * BLOCK)
    assert belief.trust > 0.9


def test_silence_and_empty_beliefs_teach_nothing() -> None:
    belief = PrefixBelief()
    before = belief.trust
    belief.told(100.0, None)
    belief.told(0.0, 500)
    assert belief.trust == before


def test_a_restart_forgets() -> None:
    belief = PrefixBelief()
    belief.sent((1,))
    belief.clear()
    assert belief.cached_tokens((1,), 5000) == 0.0


def test_it_keeps_so_many_blocks() -> None:
    belief = PrefixBelief(blocks=2)
    belief.sent((1, 2))
    belief.sent((3, 4))
    assert belief.cached_tokens((1, 2), 2 * BLOCK) == 0.0
