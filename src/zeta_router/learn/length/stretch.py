"""Whether this query's answer will be longer or shorter than its topic's usual one.

A ridge regression of ln(length / what the cell expected) on a few numbers of the request, one per
domain, shared by all models. One for all domains was worse than none in mathematics (squared log
error .49 against .48 on a public table; .46 to .47 with one per domain), because what makes an
answer to code long says nothing there. Where the numbers explain nothing, they are not used.
"""

from __future__ import annotations

from math import exp, isfinite
from typing import Any

from zeta_router.learn.latency.rls import Rls
from zeta_router.learn.latency.rls_inputs import StandardInputs

INPUTS = (
    "chars",
    "lines",
    "numbers",
    "digit_ratio",
    "latex_mark",
    "distinct_ratio",
    "list_mark",
    "json_schema",
)
"""The features it looks at."""

CLIP = 1.0
"""Most that it may shorten or lengthen: a factor of e."""

MIN_ANSWERS = 100
_MEMORY_KEPT = 0.9995
_ERROR_STEP = 0.01


class LengthStretch:
    """The factor by which a query's answer departs from its cell's mean.

    Attributes:
        answers: Answers learned from.
        error: Mean squared log error of the cells alone, lately.
        error_with: The same with the factor.
    """

    __slots__ = ("_inputs", "_ridge", "answers", "error", "error_with")

    def __init__(self) -> None:
        size = len(INPUTS)
        self._ridge = Rls(
            (0.0,) * size,
            (1.0,) * size,
            prior_weight=50.0,
            forgetting=_MEMORY_KEPT,
            nonnegative=False,
        )
        self._inputs = StandardInputs(INPUTS)
        self.answers = 0
        self.error = 0.0
        self.error_with = 0.0

    @property
    def useful(self) -> bool:
        """Whether it has done better than no factor at all, over at least `MIN_ANSWERS`."""
        return self.answers >= MIN_ANSWERS and self.error_with < self.error

    def factor(self, features: tuple[float, ...]) -> float:
        """The factor for a query's features, 1 while it is not `useful` or none are given."""
        inputs = self._inputs.of(features) if self.useful else ()
        return exp(self._log_factor(inputs)) if inputs else 1.0

    def learn(self, features: tuple[float, ...], log_surprise: float) -> None:
        """Learn ``ln(length / expected)`` of an answer; ignored when there are no features."""
        picked = self._inputs.pick(features)
        inputs = self._inputs.of_picked(picked)
        if not inputs or not isfinite(log_surprise):
            return
        self.answers += 1
        rest = log_surprise - self._log_factor(inputs)
        step = max(_ERROR_STEP, 1.0 / self.answers)
        self.error += step * (log_surprise**2 - self.error)
        self.error_with += step * (rest**2 - self.error_with)
        self._ridge.update(inputs, log_surprise)
        self._inputs.learn_picked(picked)

    def state(self) -> dict[str, Any]:
        """Everything it knows, as plain values."""
        return {
            "inputs": self._inputs.state(),
            "ridge": self._ridge.state(),
            "scores": [self.answers, self.error, self.error_with],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what it knows by an earlier `state()`; one of other inputs is left out."""
        if not self._inputs.restore(state["inputs"]):
            return
        self._ridge.restore(state["ridge"])
        answers, self.error, self.error_with = state["scores"]
        self.answers = int(answers)

    def _log_factor(self, inputs: tuple[float, ...]) -> float:
        total = 0.0
        for coefficient, x in zip(self._ridge.coefficients, inputs, strict=True):
            total += coefficient * x
        return min(CLIP, max(-CLIP, total))
