"""A latency as a regression that learns slowly and a rate that learns fast.

The coefficients say how the engine's time depends on load; they hold for months. The rate says how
fast it runs just now (thermal limits, a neighbour on the GPU, a noisy host); it holds for minutes.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

from zeta_router.learn.latency.rls import Rls
from zeta_router.learn.latency.rls_robust import ResidualScale

RATE_STEP = 0.08
RATE_CLIP = 1.5
RATE_RANGE = (0.2, 20.0)
"""Rate correction: ``ln rate += RATE_STEP * clip(ln(observed / predicted), RATE_CLIP)``."""


class LatencyFit:
    """A regression of a positive time, its rate correction, and its outlier bound.

    Errors count relative to the prediction: ten milliseconds matter on twenty, not on two seconds.

    Args:
        prior: Coefficients before any observation, in seconds per unit of their feature.
        scale: How far each may lie from that.

    Attributes:
        rls: The regression, remembering about 1,000 observations.
        rate: What predictions are multiplied by: how much slower it runs than was fitted.
        residuals: The latest relative errors.
    """

    __slots__ = ("rate", "residuals", "rls")

    def __init__(self, prior: tuple[float, ...], scale: tuple[float, ...]) -> None:
        self.rls = Rls(prior, scale)
        self.rate = 1.0
        self.residuals = ResidualScale()

    def learn(
        self, features: tuple[float, ...], observed_s: float, rate_step: float = RATE_STEP
    ) -> float:
        """Take one observation in; returns ``ln(observed / predicted)`` before it.

        `rate_step` is the share of the surprise that the rate follows: 1 believes it at once.
        """
        fitted_s = self._fitted_s(features)
        predicted_s = self.rate * fitted_s
        relative = (observed_s - predicted_s) / predicted_s
        believed_s = predicted_s * (1.0 + self.residuals.clip(relative))
        self.residuals.add(relative)
        # A first observation far above the prior must not weigh as if it were as small.
        size_s = max(predicted_s, believed_s / 3.0)
        self.rls.update(features, believed_s, 1.0 / size_s**2)
        surprise = log(observed_s / (self.rate * self._fitted_s(features)))
        low, high = RATE_RANGE
        step = rate_step * min(RATE_CLIP, max(-RATE_CLIP, surprise))
        self.rate = min(high, max(low, self.rate * exp(step)))
        return log(observed_s / predicted_s)

    def state(self) -> dict[str, Any]:
        """Everything it knows, as plain values."""
        return {"rls": self.rls.state(), "rate": self.rate, "residuals": self.residuals.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what was learned by an earlier `state()`."""
        self.rls.restore(state["rls"])
        self.rate = float(state["rate"])
        self.residuals.restore(state["residuals"])

    def _fitted_s(self, features: tuple[float, ...]) -> float:
        fitted_s = 0.0
        for coefficient, feature in zip(self.rls.coefficients, features, strict=True):
            fitted_s += coefficient * feature
        return max(1e-6, fitted_s)
