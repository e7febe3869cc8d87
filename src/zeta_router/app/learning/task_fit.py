"""The classifier's correction, fitted to queries whose task somebody named.

Clients that name tasks are not like those that do not: an editor names ``code`` all day. So what is
learned is which task is taken for which, and not how frequent each is: named queries are weighed as
if their tasks were as frequent as the classifier finds them among the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zeta_router.learn.task.correction import MOST_SHIFT, SHARPEST, Posterior, TaskCorrection

CAUTION: Final = 20.0
"""How many named queries it takes to believe a number: the pull towards changing nothing."""

_STEPS: Final = 25
_EDGE: Final = 1e-6
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Named:
    """A query of a named task.

    Attributes:
        told: What the classifier says, uncorrected.
        task: Place of the named task among simple, code and reasoning.
        weight: What the query counts, 1 on average.
    """

    told: Posterior
    task: int
    weight: float = 1.0


def weighed(named: Sequence[Named], shares: Posterior) -> list[Named]:
    """The same queries, their tasks weighing as much as `shares` says they are frequent."""
    count = Counter(each.task for each in named)
    return [
        Named(each.told, each.task, shares[each.task] * len(named) / count[each.task])
        for each in named
    ]


def fit_correction(named: Sequence[Named]) -> TaskCorrection:
    """The most probable correction: Newton's method on the log-loss, pulled towards no change."""
    if not named:
        return TaskCorrection()
    logs = np.log(np.clip(np.array([each.told for each in named]), _EDGE, 1.0))
    target = np.eye(3)[[each.task for each in named]]
    weight = np.array([each.weight for each in named])
    inputs = np.zeros((len(named), 3, 3))
    inputs[:, :, 0] = logs
    inputs[:, 1, 1] = inputs[:, 2, 2] = 1.0
    neutral = np.array([1.0, 0.0, 0.0])
    found = neutral.copy()
    for _ in range(_STEPS):
        likely = _softmax(inputs @ found)
        slope = np.einsum("n,nt,ntk->k", weight, likely - target, inputs)
        mean = np.einsum("nt,ntk->nk", likely, inputs)
        bend = np.einsum("n,nt,ntk,ntj->kj", weight, likely, inputs, inputs)
        bend -= np.einsum("n,nk,nj->kj", weight, mean, mean)
        step = np.linalg.solve(bend + CAUTION * np.eye(3), slope + CAUTION * (found - neutral))
        found = _bounded(found - step)
    return TaskCorrection(float(found[0]), (0.0, float(found[1]), float(found[2])))


def _bounded(found: _Floats) -> _Floats:
    low = np.array([1.0 / SHARPEST, -MOST_SHIFT, -MOST_SHIFT])
    return np.clip(found, low, np.array([SHARPEST, MOST_SHIFT, MOST_SHIFT]))


def _softmax(scores: _Floats) -> _Floats:
    masses = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely: _Floats = masses / masses.sum(axis=1, keepdims=True)
    return likely
