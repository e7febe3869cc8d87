"""Task classification by hand-written evidence: the first classifier, and the fallback.

Each feature votes with a weight per task, the votes are summed and a softmax makes a posterior of
them, so that a query that shows little of anything gets a flat one. The weights are written by
hand; nothing here was fitted, so nothing here can have learned the quirks of a data set.
"""

from __future__ import annotations

from math import exp
from typing import Final

from zeta_router.core.query import Operation, Task, TaskEstimate, certain
from zeta_router.learn.features import FEATURE_NAMES
from zeta_router.learn.task import DEFAULT_COSTS, TaskCosts, estimate_of

_BIAS: Final = (1.8, 0.0, -0.2)
"""Log-odds of simple, code, reasoning before anything was read: most chat is simple."""

_VOTES: Final[dict[str, tuple[float, float, float]]] = {
    "kw_code_name": (0.0, 2.6, -0.5),
    "kw_code_noun": (0.0, 1.4, 0.0),
    "kw_code_verb": (0.0, 1.8, 0.0),
    "code_mark": (-0.3, 1.9, 0.0),
    "error_mark": (0.0, 0.9, 0.0),
    "file_mark": (0.0, 1.6, 0.0),
    "sym_brace": (0.0, 0.4, 0.0),
    "sym_semicolon": (0.0, 0.5, 0.0),
    "sym_underscore": (0.0, 0.6, 0.0),
    "sym_backtick": (0.0, 0.8, 0.0),
    "sym_equals": (-0.2, 0.3, 0.4),
    "latex_mark": (-0.3, 0.0, 1.0),
    "sym_caret": (-0.2, 0.0, 1.2),
    "sym_plus": (-0.2, 0.1, 0.3),
    "sym_percent": (0.0, 0.0, 0.4),
    "script_greek": (0.0, 0.0, 4.0),
    "numbers": (-0.3, 0.0, 0.8),
    "kw_math_strong": (0.0, 0.0, 2.4),
    "kw_math_ask": (0.0, 0.0, 1.3),
    "kw_quantity": (0.0, -0.2, 0.8),
    "kw_how_many": (0.0, 0.0, 1.1),
    "kw_logic": (-0.1, 0.0, 1.3),
    "kw_analyse": (0.1, 0.1, 0.9),
    "kw_science": (0.0, 0.0, 0.9),
    "option_mark": (0.0, 0.0, 0.7),
    "kw_fact": (0.8, -0.1, -0.2),
    "kw_chat": (0.8, -0.2, -0.3),
    "kw_creative": (0.9, -0.3, -0.4),
    "kw_edit": (1.6, -0.1, -0.4),
    "open_wh": (0.6, 0.0, 0.0),
    "open_chat": (0.6, 0.0, 0.0),
    "open_text": (1.2, 0.0, 0.0),
    "open_write": (0.0, 0.4, -0.2),
    "open_solve": (-0.2, 0.0, 1.6),
    "open_why": (0.0, 0.0, 0.5),
    "chars": (-0.1, 0.0, 0.1),
    "has_tools": (0.2, 0.2, 0.0),
    "housekeeping": (8.0, 0.0, 0.0),
    "system_code": (0.0, 0.6, 0.0),
    "system_reasoning": (0.0, 0.0, 0.5),
}
"""Feature to its votes for simple, code and reasoning."""

_INDEXED = tuple((FEATURE_NAMES.index(name), votes) for name, votes in _VOTES.items())
_TEMPERATURE: Final = 1.3
"""Softens the posterior: votes are not independent, so their sum overstates."""


class RuleClassifier:
    """A `TaskClassifier` that needs no weights file.

    Args:
        costs: What each mistake costs; decides which task to act on, not the posterior.
    """

    def __init__(self, costs: TaskCosts = DEFAULT_COSTS) -> None:
        self._costs = costs

    def estimate(self, features: tuple[float, ...], operation: Operation) -> TaskEstimate:
        """See `TaskClassifier.estimate`."""
        if operation is Operation.EMBEDDING:
            return certain(Task.EMBEDDING)
        if operation is Operation.RERANK:
            return certain(Task.RERANK)
        if len(features) != len(FEATURE_NAMES):
            return estimate_of((1 / 3, 1 / 3, 1 / 3), self._costs)
        return estimate_of(_posterior(features), self._costs)


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
