"""An upper bound that holds as often as it says: conformal prediction, corrected as it goes.

The bound is the forecast plus a quantile of the latest scaled errors. Errors of load are not
exchangeable (bursts come together), so the level of that quantile is moved a little up after every
miss and down after every hit, which keeps the long-run share of hits at the target.
Source: Gibbs & Candès 2021 (adaptive conformal inference).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import ceil, sqrt
from typing import Any

WINDOW = 240
GAIN = 0.1
GAIN_MAX = 0.02
_LEVEL_RANGE = (0.5, 0.999)
_NORMAL_P90 = 1.2816


class Band:
    """Median and 90 % bound of counts around their forecast.

    Args:
        overlap: Steps after which an outcome is known. Misses of overlapping windows come in rows,
            so each moves the level the less.
    """

    __slots__ = ("_errors", "_gain", "level")

    def __init__(self, overlap: int) -> None:
        self._gain = min(GAIN_MAX, GAIN / overlap)
        self._errors: deque[float] = deque(maxlen=WINDOW)
        self.level = 0.9

    def around(self, expected: float) -> tuple[float, float]:
        """Median and 90 % bound of the count when `expected` is forecast; both >= 0."""
        scale = sqrt(expected + 1.0)
        errors = sorted(self._errors)
        if not errors:
            return expected, expected + _NORMAL_P90 * scale
        level = min(1.0, self.level * (1.0 + 1.0 / len(errors)))
        p50 = max(0.0, expected + scale * _quantile(errors, 0.5))
        p90 = max(p50, expected + scale * _quantile(errors, level))
        return p50, p90

    def spread(self, expected: float, levels: Sequence[float]) -> tuple[float, ...]:
        """Quantiles of the count when `expected` is forecast, each >= 0."""
        errors = sorted(self._errors)
        if not errors:
            return (expected,) * len(levels)
        scale = sqrt(expected + 1.0)
        return tuple([max(0.0, expected + scale * _quantile(errors, level)) for level in levels])

    def learn(self, expected: float, p90: float, actual: float) -> None:
        """Take in what came of a forecast."""
        low, high = _LEVEL_RANGE
        missed = actual > p90
        self.level = min(high, max(low, self.level + self._gain * (missed - 0.1)))
        # three digits are plenty, and this is most of what has to be saved
        self._errors.append(round((actual - expected) / sqrt(expected + 1.0), 3))

    def state(self) -> dict[str, Any]:
        """The latest errors and the level, as plain values."""
        return {"errors": list(self._errors), "level": self.level}

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what was learned by an earlier `state()`."""
        self._errors.clear()
        self._errors.extend(float(error) for error in state["errors"])
        self.level = float(state["level"])


def _quantile(ordered: list[float], level: float) -> float:
    return ordered[min(len(ordered), max(1, ceil(len(ordered) * level))) - 1]
