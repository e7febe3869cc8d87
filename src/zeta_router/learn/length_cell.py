"""Output lengths of one kind of answer: moments that follow the traffic, and a histogram.

The expectation is the arithmetic mean and not the log-normal's exp(mu + sigma^2 / 2): lengths
often have two humps (one word, or a page), and there the formula is off by several times.
"""

from __future__ import annotations

from bisect import bisect_right
from math import erfc, exp, log, sqrt
from typing import Any, NamedTuple

MEMORY = 20.0
"""Answers after which old ones fade: an EWMA with alpha 1 / 20 = .05."""

HISTOGRAM_MEMORY = 200.0
EDGES = tuple(float(2**power) for power in range(1, 16))
"""Upper bounds of the first 15 of 16 buckets, in tokens: 2, 4 … 32,768."""


class Length(NamedTuple):
    """What is expected of a length.

    Attributes:
        mean_tokens: Arithmetic mean.
        log_mean: Mean of the logarithm.
        log_variance: Variance of the logarithm.
    """

    mean_tokens: float
    log_mean: float
    log_variance: float


def length_of(mean_tokens: float, log_sigma: float) -> Length:
    """The log-normal length with this arithmetic mean (>= 1 token) and spread."""
    mean = max(1.0, mean_tokens)
    return Length(mean, log(mean) - 0.5 * log_sigma**2, log_sigma**2)


class LengthCell:
    """Lengths seen in one cell (a topic or task with a model), newest weighing most.

    Attributes:
        count: Answers the moments are worth, at most `MEMORY`.
    """

    __slots__ = ("_buckets", "_sums", "count", "moments")

    def __init__(self) -> None:
        self.count = 0.0
        self.moments = Length(0.0, 0.0, 0.0)
        self._buckets = [0.0] * (len(EDGES) + 1)
        self._sums = [0.0] * (len(EDGES) + 1)

    def add(self, tokens: float, weight: float) -> None:
        """Take one length (>= 1 token) in; `weight` in (0, 1] is the share that belongs here."""
        self.count = min(MEMORY, self.count + weight)
        step = weight / self.count
        mean, log_mean, log_variance = self.moments
        off = log(tokens) - log_mean
        self.moments = Length(
            mean + step * (tokens - mean),
            log_mean + step * off,
            (1.0 - step) * (log_variance + step * off * off),
        )
        kept = 1.0 - weight / HISTOGRAM_MEMORY
        self._buckets = [kept * count for count in self._buckets]
        self._sums = [kept * total for total in self._sums]
        bucket = bisect_right(EDGES, tokens)
        self._buckets[bucket] += weight
        self._sums[bucket] += weight * tokens

    def seed(self, length: Length, weight: float) -> None:
        """Start as if `weight` answers like `length` had been seen, beside those that were."""
        total = self.count + weight
        if weight <= 0.0:
            return
        self.moments = blend(self.moments, self.count / total, length)
        self.count = min(MEMORY, total)

    def beyond(self, emitted_tokens: float) -> tuple[float, float, float]:
        """Answers seen, those of them longer than `emitted_tokens`, and the tokens they had more.

        Lengths are taken as even within a bucket.
        """
        seen = longer = excess = 0.0
        low = 0.0
        for bucket, count in enumerate(self._buckets):
            seen += count
            high = EDGES[bucket] if bucket < len(EDGES) else float("inf")
            if low >= emitted_tokens:
                longer += count
                excess += self._sums[bucket] - count * emitted_tokens
            elif high > emitted_tokens and count > 0.0:
                top = min(high, 2.0 * self._sums[bucket] / count)
                share = max(0.0, top - emitted_tokens) / max(1.0, top - low)
                longer += count * share
                excess += count * share * 0.5 * max(0.0, top - emitted_tokens)
            low = high
        return seen, longer, excess

    def state(self) -> list[Any]:
        """Everything it knows, as plain lists."""
        return [self.count, list(self.moments), self._buckets, self._sums]

    @classmethod
    def restored(cls, state: list[Any]) -> LengthCell:
        """The cell that gave this `state()`."""
        cell = cls()
        count, moments, buckets, sums = state
        cell.count = float(count)
        cell.moments = Length(*map(float, moments))
        cell._buckets = [float(value) for value in buckets]
        cell._sums = [float(value) for value in sums]
        return cell


def blend(one: Length, share: float, other: Length) -> Length:
    """The mixture of `share` of `one` with the rest of `other`."""
    rest = 1.0 - share
    log_mean = share * one.log_mean + rest * other.log_mean
    apart = one.log_mean - other.log_mean
    return Length(
        share * one.mean_tokens + rest * other.mean_tokens,
        log_mean,
        share * one.log_variance + rest * other.log_variance + share * rest * apart * apart,
    )


def log_normal_beyond(length: Length, emitted_tokens: float) -> tuple[float, float]:
    """Share of log-normal lengths above `emitted_tokens`, and that share times its excess."""
    sigma = max(1e-3, sqrt(length.log_variance))
    if emitted_tokens <= 0.0:
        return 1.0, exp(length.log_mean + 0.5 * sigma * sigma)
    below = (log(emitted_tokens) - length.log_mean) / sigma
    longer = 0.5 * erfc(below / sqrt(2.0))
    total = exp(length.log_mean + 0.5 * sigma * sigma) * 0.5 * erfc((below - sigma) / sqrt(2.0))
    return longer, max(0.0, total - emitted_tokens * longer)
