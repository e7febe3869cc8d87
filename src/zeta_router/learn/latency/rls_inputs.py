"""A few features of a request, centred and scaled as traffic shows them.

Regressions learn at one speed in every direction only when their inputs have one size.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

from zeta_router.learn.task.ask import FEATURE_NAMES

LIMIT = 3.0
"""Inputs are cut at this many standard deviations."""

_STEP = 0.01


class StandardInputs:
    """Picks features by name and standardises them by their moving moments.

    Args:
        names: Names from `learn.task.ask.FEATURE_NAMES`.
    """

    __slots__ = ("_means", "_places", "_seen", "_variances", "names")

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._places = tuple(FEATURE_NAMES.index(name) for name in names)
        self._means = [0.0] * len(self.names)
        self._variances = [1.0] * len(self.names)
        self._seen = 0

    def of(self, features: tuple[float, ...]) -> tuple[float, ...]:
        """The inputs for a request; empty when `features` is not what `learn.task.ask` makes."""
        return self.of_picked(self.pick(features))

    def pick(self, features: tuple[float, ...]) -> tuple[float, ...]:
        """The features by these names as they are; empty for those of another make."""
        if len(features) != len(FEATURE_NAMES):
            return ()
        return tuple([features[place] for place in self._places])

    def of_picked(self, picked: tuple[float, ...]) -> tuple[float, ...]:
        """The inputs for what `pick` picked."""
        if not picked:
            return ()
        inputs = []
        for value, mean, variance in zip(picked, self._means, self._variances, strict=True):
            scaled = (value - mean) / sqrt(variance + 1e-6)
            if scaled > LIMIT:
                scaled = LIMIT
            elif scaled < -LIMIT:
                scaled = -LIMIT
            inputs.append(scaled)
        return tuple(inputs)

    def learn(self, features: tuple[float, ...]) -> None:
        """Take the features of one request into the moments."""
        self.learn_picked(self.pick(features))

    def learn_picked(self, picked: tuple[float, ...]) -> None:
        """The same for what `pick` picked; nothing where that is empty."""
        if not picked:
            return
        self._seen += 1
        step = max(_STEP, 1.0 / self._seen)
        means, variances = self._means, self._variances
        for index, value in enumerate(picked):
            off = value - means[index]
            means[index] += step * off
            variances[index] += step * (off * off - variances[index])

    def state(self) -> dict[str, Any]:
        """Names and moments, as plain values."""
        return {
            "names": list(self.names),
            "means": list(self._means),
            "variances": list(self._variances),
            "seen": self._seen,
        }

    def restore(self, state: dict[str, Any]) -> bool:
        """Replace the moments by an earlier `state()`; False, and nothing, for other names."""
        if state["names"] != list(self.names):
            return False
        self._means = [float(value) for value in state["means"]]
        self._variances = [float(value) for value in state["variances"]]
        self._seen = int(state["seen"])
        return True
