"""How much more comes of an answer that has already run this long.

An answer past its expected length is not about to end: lengths have long tails, and what is left
of a long runner grows the longer it runs (its mean residual life).
"""

from __future__ import annotations

from bisect import bisect_right
from math import erfc, inf, log, sqrt
from typing import Any

from zeta_router.learn.length.cell import Length

HISTOGRAM_MEMORY = 200.0
"""Answers after which old ones fade."""

EDGES = tuple(float(2**power) for power in range(1, 16))
"""Upper bounds of the first 15 of 16 buckets, in tokens: 2, 4 … 32,768."""


class LengthHistogram:
    """Lengths seen in one cell, in 16 buckets that double in width."""

    __slots__ = ("_counts", "_sums")

    def __init__(self) -> None:
        self._counts = [0.0] * (len(EDGES) + 1)
        self._sums = [0.0] * (len(EDGES) + 1)

    def add(self, tokens: float, weight: float) -> None:
        """Take one length in; `weight` in (0, 1] is the share that belongs here."""
        kept = 1.0 - weight / HISTOGRAM_MEMORY
        self._counts = [kept * count for count in self._counts]
        self._sums = [kept * total for total in self._sums]
        bucket = bisect_right(EDGES, tokens)
        self._counts[bucket] += weight
        self._sums[bucket] += weight * tokens

    def beyond(self, emitted_tokens: float) -> tuple[float, float, float]:
        """Answers seen, those of them longer than `emitted_tokens`, and the tokens they had more.

        Within the bucket where `emitted_tokens` lies, lengths count as even around their mean.
        """
        seen = longer = excess = low = 0.0
        for bucket, count in enumerate(self._counts):
            seen += count
            high = EDGES[bucket] if bucket < len(EDGES) else inf
            if count > 0.0 and high > emitted_tokens:
                if low >= emitted_tokens:
                    longer += count
                    excess += self._sums[bucket] - count * emitted_tokens
                else:
                    top = min(high, max(2.0 * self._sums[bucket] / count - low, low + 1.0))
                    left = max(0.0, top - emitted_tokens)
                    longer += count * left / (top - low)
                    excess += 0.5 * count * left * left / (top - low)
            low = high
        return seen, longer, excess

    def state(self) -> list[list[float]]:
        """Everything it knows, as plain lists."""
        return [list(self._counts), list(self._sums)]

    @classmethod
    def restored(cls, state: list[Any]) -> LengthHistogram:
        """The histogram that gave this `state()`."""
        histogram = cls()
        histogram._counts = [float(value) for value in state[0]]
        histogram._sums = [float(value) for value in state[1]]
        return histogram


def log_normal_beyond(length: Length, emitted_tokens: float) -> tuple[float, float]:
    """Share of log-normal lengths above `emitted_tokens`, and that share times its excess.

    The log-normal with this mean and spread of the logarithm; its own log mean gives way, so that
    two-humped lengths do not expect more than they have.
    """
    mean, variance = length.mean_tokens, max(1e-6, length.log_variance)
    if emitted_tokens <= 0.0:
        return 1.0, mean
    sigma = sqrt(variance)
    below = (log(emitted_tokens / mean) + 0.5 * variance) / sigma
    longer = 0.5 * erfc(below / sqrt(2.0))
    total = mean * 0.5 * erfc((below - sigma) / sqrt(2.0))
    return longer, max(0.0, total - emitted_tokens * longer)
