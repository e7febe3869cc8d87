"""Forecasts of one series over one horizon, and how well they have done."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import expm1, log1p
from typing import Any, NamedTuple

from zeta_router.learn.forecast.band import Band
from zeta_router.learn.forecast.counts import FEATURES, RecentCounts
from zeta_router.learn.forecast.mix import Mix
from zeta_router.learn.latency.rls import Rls

START_WEIGHTS = (0.16, 0.28, 0.12, 0.16, 0.16, 0.12)
"""Of the 50 s average, the 5- and 20-minute means, the two steady windows and the regression:
steady until shown otherwise."""

REGRESSION_BINS = 12
"""Longest horizon that the regression takes part in. Beyond a minute it has too few windows to
learn from: at 300 s it raised the error by 2 % on drifting and 7 % on steady series."""

_REFERENCE = 1
_AR_PRIOR = (0.0, 0.1, 0.1, 0.2, 0.3, 0.3)
_SCORE_KEPT = 1.0 - 1.0 / 240.0


class Issued(NamedTuple):
    """A forecast as it was made, kept until its outcome is known.

    Attributes:
        features: Inputs of the regression; empty where it takes no part.
        experts: Each expert's count.
        mixed: Their weighted mean.
        expected: The count to go by.
        p50: Median of the count.
        p90: Bound that the count stays under 90 times in 100.
    """

    features: tuple[float, ...]
    experts: tuple[float, ...]
    mixed: float
    expected: float
    p50: float
    p90: float


class Horizon:
    """Forecasts the arrivals of the next `bins` bins, at every bin, and learns when they came.

    Attributes:
        latest: The forecast made at the last closed bin; None before the first.
    """

    __slots__ = (
        "_actual_sum",
        "_band",
        "_bins",
        "_error_sum",
        "_hits",
        "_mix",
        "_open",
        "_regresses",
        "_regression",
        "_scored",
        "latest",
    )

    def __init__(self, bins: int) -> None:
        self._bins = bins
        self._regresses = bins <= REGRESSION_BINS
        weights = START_WEIGHTS if self._regresses else START_WEIGHTS[:-1]
        self._mix = Mix(weights, _REFERENCE, bins)
        self._band = Band(bins)
        self._regression = Rls(_AR_PRIOR, (1.0,) * FEATURES, prior_weight=1.0, nonnegative=False)
        self._open: deque[Issued] = deque()
        self._error_sum = 0.0
        self._actual_sum = 0.0
        self._hits = 0.0
        self._scored = 0.0
        self.latest: Issued | None = None

    @property
    def wape(self) -> float | None:
        """Sum of absolute errors over sum of counts, of about the last 240; None without any."""
        return self._error_sum / self._actual_sum if self._actual_sum > 0.0 else None

    @property
    def coverage_p90(self) -> float | None:
        """Share of about the last 240 counts that were within p90; None without any."""
        return self._hits / self._scored if self._scored > 0.0 else None

    def step(self, counts: RecentCounts) -> None:
        """A bin was closed: learn from the forecast that ends here, make the next."""
        if len(self._open) == self._bins:
            self._learn(self._open.popleft(), counts.total(self._bins))
        features: tuple[float, ...] = ()
        rates = list(counts.rates)
        if self._regresses:
            features = counts.features()
            rates.append(self._regressed(features))
        experts = tuple([rate * self._bins for rate in rates])
        mixed, expected = self._mix.combine(experts)
        self.latest = Issued(features, experts, mixed, expected, *self._band.around(expected))
        self._open.append(self.latest)

    def spread(self, levels: Sequence[float]) -> tuple[float, ...]:
        """Quantiles of the count that the latest forecast is about; 0 before the first."""
        if self.latest is None:
            return (0.0,) * len(levels)
        return self._band.spread(self.latest.expected, levels)

    def interrupt(self) -> None:
        """Drop the forecasts whose outcome will not be seen; what was learned stays."""
        self._open.clear()
        self.latest = None

    def state(self) -> dict[str, Any]:
        """What it has learned and its latest forecast, as plain values.

        Earlier forecasts that are still open are left out: they are most of it, and without them
        no more is lost than the lessons of one horizon.
        """
        return {
            "mix": self._mix.state(),
            "band": self._band.state(),
            "regression": self._regression.state(),
            "open": [[list(i.features), list(i.experts), *i[2:]] for i in list(self._open)[-1:]],
            "score": [self._error_sum, self._actual_sum, self._hits, self._scored],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what it knows by an earlier `state()`."""
        issued = [Issued(tuple(f), tuple(e), *rest) for f, e, *rest in state["open"]]
        self._mix.restore(state["mix"])
        self._band.restore(state["band"])
        self._regression.restore(state["regression"])
        self._open = deque(issued)
        scores = (float(value) for value in state["score"])
        self._error_sum, self._actual_sum, self._hits, self._scored = scores
        self.latest = issued[-1] if issued else None

    def _regressed(self, features: tuple[float, ...]) -> float:
        """The regression's count per bin, at most ten times that of the busiest window."""
        terms = zip(self._regression.coefficients, features, strict=True)
        highest = log1p(10.0 * expm1(max(features[1:])) + 1.0)
        return expm1(min(highest, max(0.0, sum(c * f for c, f in terms))))

    def _learn(self, issued: Issued, actual: float) -> None:
        if self._regresses:
            self._regression.update(issued.features, log1p(actual / self._bins))
        self._mix.learn(issued.experts, issued.mixed, actual)
        self._band.learn(issued.expected, issued.p90, actual)
        error = abs(issued.expected - actual)
        self._error_sum = _SCORE_KEPT * self._error_sum + error
        self._actual_sum = _SCORE_KEPT * self._actual_sum + actual
        self._hits = _SCORE_KEPT * self._hits + (actual <= issued.p90)
        self._scored = _SCORE_KEPT * self._scored + 1.0
