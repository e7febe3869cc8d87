"""The latest arrival counts of one series, and what forecasts are made from.

Counts come in bins of a few seconds. Three experts, because on public traces each wins somewhere:
a 50 s moving average where the rate drifts, a 5-minute mean where it does not, and a regression
on the logarithm where load is bursty. Trend and season won nowhere below an hour.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import exp, log1p
from typing import Any

MEAN_WINDOW_S = 300.0
EWMA_TAU_S = 50.0
LAG_BINS = (1, 3, 6, 12, 36)
"""Windows, in bins, whose mean counts the regression sees. Means and not single lagged counts: a
single count of five seconds is mostly noise (its WAPE was 2-20 % worse at every horizon)."""

FEATURES = 1 + len(LAG_BINS)


class RecentCounts:
    """Counts of the last five minutes and their moving average.

    Args:
        step_s: Width of a bin in seconds.
    """

    __slots__ = ("_counts", "_ewma_sum", "_ewma_weight", "_kept")

    def __init__(self, step_s: float) -> None:
        self._counts: deque[float] = deque(maxlen=max(LAG_BINS[-1], round(MEAN_WINDOW_S / step_s)))
        self._kept = exp(-step_s / EWMA_TAU_S)
        self._ewma_sum = 0.0
        self._ewma_weight = 0.0

    def push(self, count: float) -> None:
        """Close a bin with this count."""
        self._counts.append(count)
        self._ewma_sum = self._kept * self._ewma_sum + count
        self._ewma_weight = self._kept * self._ewma_weight + 1.0

    def total(self, bins: int) -> float:
        """Arrivals in the last `bins` bins, as far back as counts are kept."""
        counts = self._counts
        return sum(counts[index] for index in range(-min(bins, len(counts)), 0))

    @property
    def ewma(self) -> float:
        """Moving average per bin; at least one bin must have been closed."""
        return self._ewma_sum / self._ewma_weight

    @property
    def mean(self) -> float:
        """Mean per bin over five minutes; at least one bin must have been closed."""
        return sum(self._counts) / len(self._counts)

    def features(self) -> tuple[float, ...]:
        """1 and the log mean count of each lag window: inputs of the regression."""
        seen = len(self._counts)
        return (1.0, *(log1p(self.total(bins) / min(bins, seen)) for bins in LAG_BINS))

    def state(self) -> dict[str, Any]:
        """Everything it knows, as plain values."""
        return {"counts": list(self._counts), "ewma": [self._ewma_sum, self._ewma_weight]}

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what it knows by an earlier `state()`."""
        counts: Iterable[float] = state["counts"]
        self._counts.clear()
        self._counts.extend(float(count) for count in counts)
        self._ewma_sum, self._ewma_weight = (float(value) for value in state["ewma"])
