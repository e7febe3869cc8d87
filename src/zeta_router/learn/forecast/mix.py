"""Several forecasts of one number, weighted by how well each did.

Fixed share: after every outcome a weight shrinks exponentially with its forecast's loss, and a
little of all weight is dealt out afresh, so that a forecast which was bad can come back.
Source: Herbster & Warmuth 1998.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, sqrt
from typing import Any

SHARE = 0.002
LOSS_CLIP = 5.0
_SCALE_STEP = 0.02
_REFERENCE_KEPT = 0.995


class Mix:
    """A weighted mean of forecasts that gives way to a reference while it does worse than that.

    The weights pay for their own learning. On a steady series that leaves the mix a little worse
    than the plain mean over five minutes; then the plain mean is the better forecast, and is used.

    Args:
        start: First weights, in any unit; also what `SHARE` is dealt out by.
        reference: Index of the forecast that has to be beaten.
        overlap: Steps after which an outcome is known. Losses of overlapping windows repeat each
            other and count less.
    """

    __slots__ = ("_eta", "_gain", "_reference", "_scale", "_start", "weights")

    def __init__(self, start: Sequence[float], reference: int, overlap: int) -> None:
        self._start = tuple(weight / sum(start) for weight in start)
        self._reference = reference
        self._eta = 1.0 / (1.0 + overlap)
        self._scale = 0.0
        self._gain = 0.0
        self.weights = self._start

    def combine(self, forecasts: Sequence[float]) -> tuple[float, float]:
        """The mix, and the forecast to go by: the mix, or the reference while that does better."""
        mixed = sum(w * f for w, f in zip(self.weights, forecasts, strict=True))
        return mixed, mixed if self._gain > 0.0 else forecasts[self._reference]

    def learn(self, forecasts: Sequence[float], mixed: float, actual: float) -> None:
        """Take in what came of the forecasts and of their mix."""
        losses = [abs(forecast - actual) for forecast in forecasts]
        mean = sum(losses) / len(losses)
        self._scale = (
            mean if self._scale == 0.0 else self._scale + _SCALE_STEP * (mean - self._scale)
        )
        unit = self._eta / (self._scale + 1e-9)
        cap = LOSS_CLIP * self._eta
        grown = [w * exp(-min(cap, unit * x)) for w, x in zip(self.weights, losses, strict=True)]
        kept = (1.0 - SHARE) / sum(grown)
        self.weights = tuple(kept * w + SHARE * s for w, s in zip(grown, self._start, strict=True))
        better = losses[self._reference] - abs(mixed - actual)
        noise = sqrt(forecasts[self._reference] + 1.0)
        self._gain = _REFERENCE_KEPT * self._gain + better / noise

    def state(self) -> dict[str, Any]:
        """Weights and scores, as plain values."""
        return {"weights": list(self.weights), "scale": self._scale, "gain": self._gain}

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what was learned by an earlier `state()`."""
        self.weights = tuple(float(weight) for weight in state["weights"])
        self._scale, self._gain = float(state["scale"]), float(state["gain"])
