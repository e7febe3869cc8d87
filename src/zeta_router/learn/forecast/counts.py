"""The latest arrival counts of one series, and what forecasts are made from.

Counts come in bins of a few seconds. Several rates, because on recorded and generated load each
wins somewhere: a 50 s moving average where the rate drifts, means over five and twenty minutes
where it does not, the mean since the rate last jumped where it moves in steps, and a regression on
the logarithm where load is bursty. Trend and season won nowhere below an hour.
"""

from __future__ import annotations

from itertools import pairwise
from math import exp, log1p
from typing import Any

MEAN_WINDOW_S = 300.0
EWMA_TAU_S = 50.0
LONG_TAU_S = 1200.0
LAG_BINS = (1, 3, 6, 12, 36)
"""Windows, in bins, whose mean counts the regression sees. Means and not single lagged counts: a
single count of five seconds is mostly noise (its WAPE was 2-20 % worse at every horizon)."""

FEATURES = 1 + len(LAG_BINS)

STEADY_BINS = (3, 6, 12, 24, 60, 120, 240)
"""Windows among which `steady` chooses."""

DEVIATIONS = (3.0, 4.0)
"""When a jump counts as one in `rates`: a quick and a slow judgement."""

KEPT_BINS = STEADY_BINS[-1]


class RecentCounts:
    """Counts of the last twenty minutes and their moving averages.

    Args:
        step_s: Width of a bin in seconds.
    """

    __slots__ = ("_counts", "_ewma", "_long", "_mean_bins", "_rates", "_step_s")

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._mean_bins = round(MEAN_WINDOW_S / step_s)
        self._counts: list[float] = []
        self._ewma = (0.0, 0.0)
        self._long = (0.0, 0.0)
        self._rates: tuple[float, ...] | None = None

    def push(self, count: float) -> None:
        """Close a bin with this count."""
        self._rates = None
        counts = self._counts
        counts.append(count)
        if len(counts) > 2 * KEPT_BINS:
            del counts[:-KEPT_BINS]
        self._ewma = _decayed(self._ewma, exp(-self._step_s / EWMA_TAU_S), count)
        self._long = _decayed(self._long, exp(-self._step_s / LONG_TAU_S), count)

    def total(self, bins: int) -> float:
        """Arrivals in the last `bins` bins, as far back as counts are kept."""
        return sum(self._counts[-bins:])

    @property
    def rates(self) -> tuple[float, ...]:
        """All of the below per bin, in this order; worked out once for all horizons."""
        if self._rates is None:
            steady = [self.steady(deviations) for deviations in DEVIATIONS]
            self._rates = (self.ewma, self.mean, self.long_ewma, *steady)
        return self._rates

    @property
    def ewma(self) -> float:
        """Moving average per bin over 50 s; at least one bin must have been closed."""
        return self._ewma[0] / self._ewma[1]

    @property
    def long_ewma(self) -> float:
        """Moving average per bin over 20 minutes; at least one bin must have been closed."""
        return self._long[0] / self._long[1]

    @property
    def mean(self) -> float:
        """Mean per bin over five minutes; at least one bin must have been closed."""
        return self.total(self._mean_bins) / min(self._mean_bins, len(self._counts))

    def steady(self, deviations: float) -> float:
        """Mean per bin over the longest window that looks like one rate.

        That is the longest of `STEADY_BINS` whose mean is within so many standard deviations of
        that of every shorter one, by the dispersion of the last five minutes. After a jump the
        window is short again at once, where an average would take its whole length to follow. At
        least one bin must have been closed.

        Source: Lepski 1990, choice of a window by pairwise comparison.
        """
        counts = self._counts[-KEPT_BINS:]
        dispersion = _dispersion(counts[-self._mean_bins :])
        shorter: list[tuple[float, int]] = []
        for bins in STEADY_BINS:
            width = min(bins, len(counts))
            mean = sum(counts[-width:]) / width
            variance = deviations**2 * dispersion * max(mean, 1.0 / width)
            for other, w in shorter:
                if (other - mean) ** 2 > variance * (1.0 / w - 1.0 / width):
                    return shorter[-1][0]
            shorter.append((mean, width))
            if width < bins:
                break
        return shorter[-1][0]

    def features(self) -> tuple[float, ...]:
        """1 and the log mean count of each lag window: inputs of the regression."""
        seen = len(self._counts)
        return (1.0, *(log1p(self.total(bins) / min(bins, seen)) for bins in LAG_BINS))

    def clear(self) -> None:
        """Forget everything."""
        self._counts.clear()
        self._ewma = self._long = (0.0, 0.0)
        self._rates = None

    def state(self) -> dict[str, Any]:
        """Everything it knows, as plain values."""
        counts = self._counts[-KEPT_BINS:]
        return {"counts": counts, "ewma": list(self._ewma), "long": list(self._long)}

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what it knows by an earlier `state()`."""
        self._rates = None
        self._counts = [float(count) for count in state["counts"]]
        self._ewma = (float(state["ewma"][0]), float(state["ewma"][1]))
        self._long = (float(state["long"][0]), float(state["long"][1]))


def _decayed(average: tuple[float, float], kept: float, count: float) -> tuple[float, float]:
    """Weighted sum and weight of a moving average after one more count."""
    return kept * average[0] + count, kept * average[1] + 1.0


def _dispersion(counts: list[float]) -> float:
    """Variance over mean of counts, >= 1 (Poisson), from neighbours so that a drift adds little."""
    mean = sum(counts) / len(counts)
    if len(counts) < 2 or mean <= 0.0:
        return 1.0
    squares = sum([(after - before) ** 2 for before, after in pairwise(counts)])
    return max(1.0, squares / (2.0 * (len(counts) - 1) * mean))
