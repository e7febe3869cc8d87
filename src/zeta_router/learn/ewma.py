"""Moving averages over time, for observations that come when they come.

The weight of an observation falls by `exp(-age / tau)`. An average by count would let a quiet
minute and a busy second weigh the same.
"""

from __future__ import annotations

from math import exp, isfinite


class TimedEwma:
    """Mean of the observations, each weighted by ``exp(-age / tau_s)``.

    Kept as a decayed sum and a decayed count, so that observations at one instant average instead
    of overwriting each other, and two summaries merge by addition.

    Args:
        tau_s: Time constant in seconds, > 0.
    """

    __slots__ = ("_at_s", "_count", "_sum", "tau_s")

    def __init__(self, tau_s: float) -> None:
        self.tau_s = tau_s
        self._sum = 0.0
        self._count = 0.0
        self._at_s = 0.0

    @property
    def value(self) -> float | None:
        """The mean; None before the first observation."""
        return self._sum / self._count if self._count > 0.0 else None

    def weight(self, now_s: float) -> float:
        """How many observations at `now_s` the mean is worth."""
        return self._count * exp(-max(0.0, now_s - self._at_s) / self.tau_s)

    def observe(self, value: float, at_s: float) -> None:
        """Add one observation. NaN and infinities are ignored; late ones count as the latest."""
        if not isfinite(value):
            return
        self._decay_to(at_s)
        self._sum += value
        self._count += 1.0

    def merge(self, other: TimedEwma) -> None:
        """Add another's observations; both must have the same `tau_s`."""
        latest_s = max(self._at_s, other._at_s)
        self._decay_to(latest_s)
        kept = exp(-(latest_s - other._at_s) / other.tau_s)
        self._sum += other._sum * kept
        self._count += other._count * kept

    def state(self) -> dict[str, float]:
        """Everything it knows, as plain numbers."""
        return {"sum": self._sum, "count": self._count, "at_s": self._at_s}

    def restore(self, state: dict[str, float]) -> None:
        """Replace what it knows by an earlier `state()`."""
        self._sum, self._count, self._at_s = state["sum"], state["count"], state["at_s"]

    def _decay_to(self, at_s: float) -> None:
        if self._count == 0.0:
            self._at_s = at_s
        elif at_s > self._at_s:
            # The mean outlives its weight: below 1e-9 it would be lost to underflow.
            kept = max(exp((self._at_s - at_s) / self.tau_s), 1e-9 / self._count)
            self._sum *= min(1.0, kept)
            self._count *= min(1.0, kept)
            self._at_s = at_s


class PeakEwma:
    """Moving average that jumps up to a peak at once and comes down slowly.

    A slow answer is believed immediately, fast ones only over `decay_s`: it is cheaper to avoid a
    good endpoint for ten seconds than to keep feeding a bad one. Without news it decays towards 0,
    so that an avoided endpoint is tried again.
    Source: Finagle's PeakEwma balancer (decay 10 s).

    Args:
        decay_s: Time constant of the way down, > 0.
    """

    __slots__ = ("_at_s", "_cost", "decay_s")

    def __init__(self, decay_s: float = 10.0) -> None:
        self.decay_s = decay_s
        self._cost: float | None = None
        self._at_s = 0.0

    @property
    def value_s(self) -> float | None:
        """The average as of the last observation; None without history."""
        return self._cost

    def value_at(self, now_s: float) -> float | None:
        """The average decayed to `now_s`; None without history."""
        if self._cost is None:
            return None
        return self._cost * exp(-max(0.0, now_s - self._at_s) / self.decay_s)

    def observe(self, value: float, at_s: float) -> None:
        """Add one observation; negative and non-finite ones are ignored."""
        if not isfinite(value) or value < 0.0:
            return
        if self._cost is None or value >= self._cost:
            self._cost = value
        else:
            kept = exp(-max(0.0, at_s - self._at_s) / self.decay_s)
            self._cost = self._cost * kept + value * (1.0 - kept)
        self._at_s = max(self._at_s, at_s)

    def state(self) -> dict[str, float | None]:
        """Everything it knows, as plain numbers."""
        return {"cost": self._cost, "at_s": self._at_s}

    def restore(self, state: dict[str, float | None]) -> None:
        """Replace what it knows by an earlier `state()`."""
        self._cost, self._at_s = state["cost"], state["at_s"] or 0.0
