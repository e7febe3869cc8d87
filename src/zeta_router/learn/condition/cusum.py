"""Whether a share of good outcomes has fallen, found out as early as the odds allow.

For each yes-or-no outcome the log-likelihood ratio between "as good as ever" (``p0``) and "worse by
`DROP`" (``p0 - DROP``) is added up, never below zero:

    down = max(0, down + ln P(outcome | p0 - DROP) / P(outcome | p0))

At 7 it warns, at 12 it is sure. Of the detectors that were compared (Page-Hinkley, EWMA, ADWIN), it
found a fall from .95 to .85 in about 70 outcomes at 1.3 false alarms in 10,000; the others took
longer at the same rate of false alarms, or had many more (ALGORITHMS §8.3). Once it has warned, the
same sum is run the other way round, and at 5 says that all is well again.

What is normal, ``p0``, is what the first 500 outcomes showed. From the hundredth on it judges by
what they showed so far, less one standard error: a guess that is too high would see a fall in
every bad day.

Source: Page 1954.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, sqrt
from typing import Any

DROP = 0.1
WARN = 7.0
SURE = 12.0
RECOVERED = 5.0

BASELINE = 500
"""Outcomes that say what is normal."""

LEAST = 100
"""Outcomes before anything is judged."""

P0_RANGE = (0.15, 0.98)
"""Above .98 two bad outcomes in a row would pass for a fall; below .15 no fall is left to see."""


class Cusum:
    """The sum for one stream of outcomes.

    Attributes:
        down: Evidence of a fall, >= 0; `WARN` and `SURE` are the thresholds.
        up: Evidence that a fall is over; counted only after a warning.
        warned: Whether a fall was seen and has not been seen to end.
    """

    __slots__ = ("_good", "_grows", "_llr_bad", "_llr_good", "_seen", "down", "up", "warned")

    def __init__(self) -> None:
        self.down = 0.0
        self.up = 0.0
        self.warned = False
        self._seen = 0.0
        self._good = 0.0
        self._grows = True
        self._llr_good = self._llr_bad = 0.0

    @property
    def baseline(self) -> float | None:
        """The share of good outcomes that counts as normal; None where nothing can be judged.

        That is while too few were seen, and where so few are good that there is nothing to fall.
        """
        if self._seen < LEAST:
            return None
        share = self._good / self._seen
        if share < P0_RANGE[0]:
            return None
        if self._grows:
            share -= sqrt(max(share * (1.0 - share), 1.0 / self._seen) / self._seen)
        return min(max(share, P0_RANGE[0]), P0_RANGE[1])

    @property
    def sure(self) -> bool:
        """Whether the fall is beyond doubt."""
        return self.warned and self.down >= SURE

    def add(self, good: float, weight: float = 1.0) -> None:
        """Take in an outcome.

        Args:
            good: 1 is good, 0 is bad; what lies between counts as a part of each.
            weight: How much it says, in (0, 1].
        """
        if not (0.0 <= good <= 1.0 and 0.0 < weight <= 1.0):
            return
        if self._grows:
            self._learn_normal(good, weight)
        if self._seen < LEAST:
            return
        step = weight * (good * self._llr_good + (1.0 - good) * self._llr_bad)
        self.down = min(max(0.0, self.down + step), 2.0 * SURE)
        if not self.warned:
            self.warned = self.down >= WARN
            self.up = 0.0
            return
        self.up = max(0.0, self.up - step)
        if self.up >= RECOVERED:
            self.warned, self.down, self.up = False, 0.0, 0.0

    def state(self) -> dict[str, Any]:
        """Everything it knows, as plain values."""
        return {
            "down": self.down,
            "up": self.up,
            "warned": self.warned,
            "seen": self._seen,
            "good": self._good,
            "grows": self._grows,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Replace what it knows by an earlier `state()`."""
        self.down, self.up = float(state["down"]), float(state["up"])
        self.warned, self._grows = bool(state["warned"]), bool(state["grows"])
        self._seen, self._good = float(state["seen"]), float(state["good"])
        self._refresh()

    def _learn_normal(self, good: float, weight: float) -> None:
        """One more outcome of the time that counts as normal; that time ends with a warning."""
        self._seen += weight
        self._good += weight * good
        self._grows = self._seen < BASELINE and not self.warned
        self._refresh()

    def _refresh(self) -> None:
        p0 = self.baseline
        if p0 is None:
            self._llr_good = self._llr_bad = 0.0
            return
        p1 = max(p0 - DROP, 0.5 * p0)
        self._llr_good = log(p1 / p0)
        self._llr_bad = log((1.0 - p1) / (1.0 - p0))
