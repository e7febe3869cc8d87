"""Task classification by hand-written evidence: for where no trained weights are at hand.

Each feature votes with a weight per task, the votes are summed and a softmax makes a posterior of
them, so that a query that shows little of anything gets a flat one. The weights are written by
hand; nothing here was fitted, so nothing here can have learned the quirks of a data set.
"""

from __future__ import annotations

from math import exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zeta_router.core.query import Operation, Task, TaskEstimate, certain
from zeta_router.learn.task.ask import FEATURE_NAMES
from zeta_router.learn.task.protocol import DEFAULT_COSTS, FLAT, TaskCosts, estimate_of

_BIAS: Final = (1.8, 0.0, -0.2)
"""Log-odds of simple, code, reasoning before anything was read: most chat is simple."""

_VOTES: Final[dict[str, tuple[float, float, float]]] = {
    "kw_code_name": (0.0, 2.6, -0.5),
    "kw_code_noun": (0.0, 2.0, 0.0),
    "kw_code_vague": (0.0, 0.6, 0.0),
    "kw_code_verb": (0.0, 1.6, 0.0),
    "kw_code_error": (0.0, 1.4, 0.0),
    "code_mark": (-0.2, 0.7, 0.0),
    "symbol_hash": (0.0, 0.6, 0.0),
    "symbol_equals": (-0.2, 0.3, 0.4),
    "latex_mark": (-0.3, 0.0, 0.8),
    "symbol_caret": (-0.2, 0.0, 0.8),
    "symbol_plus": (-0.2, 0.1, 0.3),
    "symbol_percent": (0.0, 0.0, 0.4),
    "numbers": (-0.3, 0.0, 0.8),
    "kw_math_strong": (0.0, 0.0, 2.4),
    "kw_math_ask": (0.0, 0.0, 1.2),
    "kw_geometry": (0.0, 0.0, 0.7),
    "kw_quantity": (0.0, -0.2, 0.8),
    "kw_unit": (0.0, -0.1, 0.3),
    "kw_how_many": (0.0, 0.0, 1.1),
    "kw_logic": (-0.1, 0.0, 1.5),
    "kw_suppose": (0.0, 0.0, 0.5),
    "kw_order": (0.0, 0.0, 0.4),
    "kw_schedule": (0.0, 0.0, 0.9),
    "kw_why": (0.0, 0.0, 0.4),
    "kw_analyse": (0.0, 0.0, 0.9),
    "kw_steps": (0.0, 0.0, 1.6),
    "kw_cause": (0.0, 0.0, 0.6),
    "kw_law": (0.0, 0.0, 0.7),
    "kw_science": (0.0, 0.0, 0.8),
    "kw_chemistry": (0.0, 0.0, 0.6),
    "option_mark": (0.0, 0.0, 0.7),
    "head_code_verb": (0.0, 0.6, 0.0),
    "head_code_error": (0.0, 0.6, 0.0),
    "head_math_strong": (0.0, 0.0, 0.6),
    "head_logic": (0.0, 0.0, 0.8),
    "head_analyse": (0.0, 0.0, 0.6),
    "kw_who": (0.5, 0.0, 0.0),
    "kw_what": (0.3, 0.0, 0.0),
    "kw_fact": (0.8, -0.1, -0.2),
    "kw_you": (0.6, -0.2, -0.2),
    "kw_greet": (0.5, 0.0, 0.0),
    "kw_command": (0.8, -0.1, -0.3),
    "kw_creative": (1.0, -0.3, -0.4),
    "kw_edit": (1.4, -0.1, -0.4),
    "kw_advice": (0.6, 0.0, -0.1),
    "kw_listing": (0.3, 0.0, 0.0),
    "kw_social": (0.6, -0.1, -0.2),
    "chars": (-0.1, 0.0, 0.1),
    "housekeeping": (8.0, 0.0, 0.0),
    "system_code": (0.0, 0.6, 0.0),
    "system_reasoning": (0.0, 0.0, 0.5),
}
"""Feature to its votes for simple, code and reasoning."""

_INDEXED = tuple((FEATURE_NAMES.index(name), votes) for name, votes in _VOTES.items())
_TEMPERATURE: Final = 1.3
"""Softens the posterior: votes are not independent, so their sum overstates."""


def rule_scores() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The rules as one linear map: features by tasks, and a bias per task."""
    votes = np.zeros((len(FEATURE_NAMES), 3), np.float32)
    for index, of_feature in _INDEXED:
        votes[index] = of_feature
    return votes / np.float32(_TEMPERATURE), np.array(_BIAS, np.float32) / np.float32(_TEMPERATURE)


class RuleClassifier:
    """A `TaskClassifier` that needs no weights file.

    Args:
        costs: What each mistake costs; decides which task to act on, not the posterior.
    """

    def __init__(self, costs: TaskCosts = DEFAULT_COSTS) -> None:
        self.costs = costs

    def estimate(self, features: tuple[float, ...], operation: Operation) -> TaskEstimate:
        """See `TaskClassifier.estimate`."""
        if operation is Operation.EMBEDDING:
            return certain(Task.EMBEDDING)
        if operation is Operation.RERANK:
            return certain(Task.RERANK)
        if len(features) != len(FEATURE_NAMES):
            return estimate_of(FLAT, self.costs)
        return estimate_of(_posterior(features), self.costs)


def _posterior(features: tuple[float, ...]) -> tuple[float, float, float]:
    simple, code, reasoning = _BIAS
    for index, votes in _INDEXED:
        value = features[index]
        if value:
            simple += value * votes[0]
            code += value * votes[1]
            reasoning += value * votes[2]
    top = max(simple, code, reasoning)
    masses = tuple(exp((score - top) / _TEMPERATURE) for score in (simple, code, reasoning))
    total = sum(masses)
    return (masses[0] / total, masses[1] / total, masses[2] / total)
