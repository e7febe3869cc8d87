"""The two regressions behind the topics, in numpy: softmax for domains, ridge for difficulty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zeta_router.app.training.topic_data import DomainPrompt, GradedPrompt
from zeta_router.learn.task.ask import FEATURE_NAMES

Floats = NDArray[np.float32]

RIDGE: Final = 3000.0
DOMAIN_DECAY: Final = 3e-3
_STEPS: Final = 200
_RATE: Final = 0.08
_SCALE_FLOOR: Final = 0.15

_NOT_READ: Final = frozenset(
    {
        "earlier_turns",
        "has_tools",
        "housekeeping",
        "json_schema",
        "non_ascii_ratio",
        "space_ratio",
        "system_code",
        "system_reasoning",
        "wide_ratio",
    }
)
"""Features that say how or in what language something is asked, and not what."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """Brings features to one scale, and those that are not read to nothing."""

    mean: Floats
    factor: Floats

    @classmethod
    def of(cls, inputs: Floats) -> Scaling:
        """The scaling that fits `inputs`, rows of `FEATURE_NAMES`."""
        read = [not name.startswith("script_") and name not in _NOT_READ for name in FEATURE_NAMES]
        factor = np.array(read, np.float32) / np.maximum(inputs.std(axis=0), _SCALE_FLOOR)
        return cls(inputs.mean(axis=0), factor)

    def scaled(self, inputs: Floats) -> Floats:
        """`inputs`, each feature with mean 0 and about unit spread."""
        return np.asarray((inputs - self.mean) * self.factor)

    def unscaled(self, columns: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """Columns and bias for scaled inputs as those for raw ones."""
        raw = columns * self.factor[:, None]
        return raw, bias - self.mean @ raw


def softmax_regression(
    inputs: Floats, prompts: Sequence[DomainPrompt], names: Sequence[str]
) -> tuple[Floats, Floats]:
    """Columns and bias by Adam on the whole set; domains count equally."""
    truth = np.eye(len(names), dtype=np.float32)[[names.index(prompt.domain) for prompt in prompts]]
    weights = _balance(prompts)[:, None]
    columns = np.zeros((inputs.shape[1], len(names)), np.float32)
    bias = np.zeros(len(names), np.float32)
    state = [(np.zeros_like(columns), np.zeros_like(columns)), (np.zeros_like(bias),) * 2]
    for step in range(1, _STEPS + 1):
        error = (_softmax(inputs @ columns + bias) - truth) * weights
        slopes = (inputs.T @ error + DOMAIN_DECAY * columns, error.sum(axis=0))
        for number, (values, slope) in enumerate(zip((columns, bias), slopes, strict=True)):
            first = 0.9 * state[number][0] + 0.1 * slope
            second = 0.99 * state[number][1] + 0.01 * slope * slope
            state[number] = (first, second)
            size = np.sqrt(second / (1 - 0.99**step)) + 1e-8
            values -= _RATE * first / (1 - 0.9**step) / size
    return columns, bias


def _balance(prompts: Sequence[DomainPrompt]) -> Floats:
    """Weights of sum 1: domains alike, and within one sources by the root of their size."""
    counts: dict[tuple[str, str], int] = {}
    for prompt in prompts:
        key = (prompt.domain, prompt.source)
        counts[key] = counts.get(key, 0) + 1
    totals: dict[str, float] = {}
    for (domain, _), count in counts.items():
        totals[domain] = totals.get(domain, 0.0) + count**0.5
    weights = [
        counts[prompt.domain, prompt.source] ** -0.5 / totals[prompt.domain] for prompt in prompts
    ]
    return np.array(weights, np.float32) / np.float32(sum(weights))


def ridge(inputs: Floats, graded: Sequence[GradedPrompt]) -> Floats:
    """Difficulty by scaled features: the grade within its scale, in standard deviations.

    Each scale has a level of its own, so that nothing is concluded from which scale a prompt is on,
    and all scales count alike.
    """
    grades, scales = _standard_grades(graded)
    design = np.hstack((inputs, scales))
    weights = scales @ (len(graded) / scales.shape[1] / scales.sum(axis=0))
    # a double's precision: the features of one language are constant in the other's prompts
    penalty = np.diag([RIDGE] * inputs.shape[1] + [1e-3] * scales.shape[1])
    weighted = (design * weights[:, None]).astype(np.float64)
    solution = np.linalg.solve(weighted.T @ design + penalty, weighted.T @ grades)
    return np.asarray(solution[: inputs.shape[1]], np.float32)


def _standard_grades(graded: Sequence[GradedPrompt]) -> tuple[Floats, Floats]:
    """Grades with mean 0 and deviation 1 within their scale, and which scale each is on."""
    names = sorted({prompt.scale for prompt in graded})
    scales = np.eye(len(names), dtype=np.float32)[[names.index(p.scale) for p in graded]]
    grades = np.array([prompt.grade for prompt in graded], np.float32)
    for number in range(len(names)):
        inside = scales[:, number] > 0
        spread = max(1e-9, float(grades[inside].std()))
        grades[inside] = (grades[inside] - grades[inside].mean()) / spread
    return grades, scales


def spearman(one: Floats, other: Floats) -> float:
    """Rank correlation, -1..1."""
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _ranks(values: Floats) -> Floats:
    """Ranks from 0; equal values share the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    return np.asarray((ends - (count + 1) / 2)[place])


def _softmax(scores: Floats) -> Floats:
    masses = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(masses / masses.sum(axis=1, keepdims=True))
