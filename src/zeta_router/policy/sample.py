"""The best of a random sample, with the exact probability of each result.

Looking at `d` endpoints instead of all avoids that everybody runs to the same one when what is
known about load is old. The probability of the choice has a closed form, so it can be logged: of
`n` endpoints in order, best first, the one with `r` better ones is chosen when it is drawn and
none of the better ones is, which happens in C(n-1-r, d-1) of C(n, d) samples. Equal ones share:
the first drawn wins, and each is drawn first equally often.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

from zeta_router.core.draws import Draws

Key = tuple[float, ...]


def best_of_sample(keys: Sequence[Key], size: int, draws: Draws) -> tuple[int, float]:
    """Position of the smallest of `size` keys drawn without replacement, and its probability.

    Args:
        keys: What is compared, smaller is better; at least one; the caller fixes their order.
        size: How many are drawn; all of them when there are fewer.
        draws: The query's own draws; `size` of them are used.
    """
    count = len(keys)
    size = min(size, count)
    pool = list(range(count))
    chosen = -1
    for taken in range(size):
        at = taken + draws.below(count - taken)
        pool[taken], pool[at] = pool[at], pool[taken]
        if chosen < 0 or keys[pool[taken]] < keys[chosen]:
            chosen = pool[taken]
    return chosen, _probability(keys, chosen, size)


def _probability(keys: Sequence[Key], chosen: int, size: int) -> float:
    """Samples in which the chosen one wins, over all samples; equal keys share theirs."""
    key = keys[chosen]
    worse = sum(1 for other in keys if other > key)
    equal = sum(1 for other in keys if other == key)
    total = comb(len(keys), size)
    with_one_of_them = comb(worse + equal, size) - comb(worse, size)
    return with_one_of_them / (equal * total)
