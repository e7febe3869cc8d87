"""What another policy's answers would have been worth, estimated from a log of this one's.

Two estimates of the mean reward of a target policy over logged choices, both from importance
weights ``w = target probability / logged propensity`` of the choice that was made, clipped at 20:

    SNIPS  Σ w·y / Σ w                                     (self-normalised)
    DR     mean Σ_m π(m)·q̂(m)  +  Σ w·(y − q̂) / Σ w        (doubly robust)

DR takes the predictions and corrects them by what was really seen. It is right when the
propensities are right, whatever the predictions; good predictions make its interval short.

**What is assumed.** The logged propensities are those with which the choices were really made.
Predictions were made before the reward was seen (the router's are); then the correction is a
martingale difference and may be averaged though the log was written by something that learns.
Rewards may be missing: for each arm in another share, but within an arm independently of the
reward. Where pleased and displeased clients answer in different shares, no estimate from their
answers alone is right, this one included. And a reward depends on the query and the arm only, not
on load: latency interferes between queries and must be replayed instead (`sim.replay.play`).

**Where it refuses.** With fewer than 100 effective samples ``(Σw)²/Σw²``, or less than 2 % of the
judged rows, the interval means nothing. And where the target puts mass on arms that the log never
or hardly ever chose, the mean of the clipped weights stays below 1 by that mass: then the answer
would be the predictions' own word, and is refused.

Source: Dudík, Langford and Li 2011 (doubly robust); Swaminathan and Joachims 2015 (SNIPS).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

CLIP: Final = 20.0
"""Largest importance weight; beyond it a single answer would decide."""

LEAST_ESS: Final = 100.0
LEAST_ESS_RATIO: Final = 0.02
"""Effective samples below which nothing is estimated, and their least share of the judged rows."""

LEAST_COVERAGE: Final = 0.95
"""Share of the target's mass that the weights have to reach."""

_Z: Final = 1.959964
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One logged choice, beside what the target policy would have done there.

    Attributes:
        arms: What could be chosen, each once; what a reward depends on beside the query (models).
        chosen: Index of the arm that was.
        propensity: Probability with which the logging policy chose it, in (0, 1].
        target: The target policy's probability of each arm, together 1. A query that it would
            refuse has no row: it has no answer to judge.
        quality: Expected reward of each arm, as predicted before the reward was seen.
        reward: What the answer was worth, 0..1; None when nobody said.
    """

    arms: tuple[str, ...]
    chosen: int
    propensity: float
    target: tuple[float, ...]
    quality: tuple[float, ...]
    reward: float | None


class Refusal(StrEnum):
    """Why there is no estimate."""

    NO_REWARDS = "no_rewards"
    FEW_EFFECTIVE = "few_effective_samples"
    NO_OVERLAP = "no_overlap"


REFUSAL_TEXT: Final = {
    Refusal.NO_REWARDS: "no logged answer was judged",
    Refusal.FEW_EFFECTIVE: "too few logged answers are like the ones this policy would have given",
    Refusal.NO_OVERLAP: (
        "the log hardly ever chose what this policy would choose, so that nothing was seen of it"
    ),
}
"""One sentence a refusal."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval (normal approximation, widened for few effective samples)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the log says about the target policy, or why it says nothing.

    Attributes:
        rows: Usable rows.
        judged: Rows with a reward.
        unusable: Rows left out because a number in them is missing, or no probability.
        ess: Effective samples among the judged ones.
        coverage: Share of the target's mass that the clipped weights reach, near 1 at best.
        clipped_ratio: Share of the judged rows whose weight was clipped.
        dr, snips: The estimates; None when refused.
        refusal: Why there are none; None when there are.
    """

    rows: int
    judged: int
    unusable: int
    ess: float
    coverage: float
    clipped_ratio: float
    dr: Interval | None = None
    snips: Interval | None = None
    refusal: Refusal | None = None


def estimate(rows: Sequence[Row], clip: float = CLIP) -> Estimate:
    """The target policy's mean reward over the logged choices.

    Never raises for what a log may hold; reads it once, O(rows x arms).
    """
    return _estimate(_weighed(rows, clip))


@dataclass(frozen=True, slots=True)
class Difference:
    """Target minus other on the same logged choices; `dr` is None when either is refused."""

    target: Estimate
    other: Estimate
    dr: Interval | None


def difference(target: Sequence[Row], other: Sequence[Row], clip: float = CLIP) -> Difference:
    """How much better `target` is than `other`, doubly robust and paired, row by row.

    Both must be about the same logged choices in the same order; they differ in what the policies
    would have done (and may differ in the predictions). Pairing takes out what is common to both:
    where they agree, a row says nothing about the difference.

    Raises:
        ValueError: If the two are not of one length.
    """
    if len(target) != len(other):
        raise ValueError(f"{len(target)} rows cannot be paired with {len(other)}")
    usable = [(a, b) for a, b in zip(target, other, strict=True) if _is_usable(a) and _is_usable(b)]
    left = _weighed([a for a, _ in usable], clip)
    right = _weighed([b for _, b in usable], clip)
    mine, others = _estimate(left), _estimate(right)
    if mine.dr is None or others.dr is None:
        return Difference(mine, others, None)
    influence = _dr_influence(left) - _dr_influence(right)
    mean = mine.dr.mean - others.dr.mean
    return Difference(mine, others, _interval(mean, influence, min(mine.ess, others.ess)))


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Rows as arrays. `weight` is 0 where nobody judged; `model` is Σ π·q̂."""

    weight: _Floats
    residual: _Floats
    reward: _Floats
    model: _Floats
    judged: NDArray[np.bool_]
    clipped: int
    unusable: int


def _is_usable(row: Row) -> bool:
    numbers = (row.propensity, *row.target, *row.quality, row.reward or 0.0)
    return (
        all(isfinite(number) for number in numbers)
        and 0.0 < row.propensity <= 1.0 + 1e-9
        and all(share >= 0.0 for share in row.target)
        and abs(sum(row.target) - 1.0) <= 1e-6
    )


def _weighed(rows: Sequence[Row], clip: float) -> _Weighed:
    usable = [row for row in rows if _is_usable(row)]
    judged = np.array([row.reward is not None for row in usable], dtype=bool)
    raw = np.array([row.target[row.chosen] / row.propensity for row in usable], dtype=float)
    seen = _judged_ratio(usable)
    share = np.array([seen[row.arms[row.chosen]] for row in usable], dtype=float)
    weight = np.where(judged, np.minimum(raw, clip) / np.where(judged, share, 1.0), 0.0)
    reward = np.array([row.reward or 0.0 for row in usable], dtype=float)
    said = np.array([row.quality[row.chosen] for row in usable], dtype=float)
    model = [sum(p * q for p, q in zip(row.target, row.quality, strict=True)) for row in usable]
    return _Weighed(
        weight,
        np.where(judged, reward - said, 0.0),
        reward,
        np.array(model, dtype=float),
        judged,
        int(np.sum(judged & (raw > clip))),
        len(rows) - len(usable),
    )


def _judged_ratio(rows: Sequence[Row]) -> dict[str, float]:
    """Share of each arm's answers that somebody judged."""
    given: dict[str, int] = {}
    judged: dict[str, int] = {}
    for row in rows:
        arm = row.arms[row.chosen]
        given[arm] = given.get(arm, 0) + 1
        judged[arm] = judged.get(arm, 0) + (row.reward is not None)
    return {arm: judged[arm] / count for arm, count in given.items()}


def _estimate(data: _Weighed) -> Estimate:
    count = len(data.weight)
    judged = int(np.sum(data.judged))
    total = float(np.sum(data.weight))
    squares = float(np.sum(data.weight**2))
    ess = total * total / squares if squares else 0.0
    coverage = total / count if count else 0.0
    refusal = None
    if not judged:
        refusal = Refusal.NO_REWARDS
    elif _lacks_overlap(data, coverage):
        refusal = Refusal.NO_OVERLAP
    elif ess < LEAST_ESS or ess < LEAST_ESS_RATIO * judged:
        refusal = Refusal.FEW_EFFECTIVE
    clipped_ratio = data.clipped / judged if judged else 0.0
    facts = (count, judged, data.unusable, ess, coverage, clipped_ratio)
    if refusal is not None:
        return Estimate(*facts, refusal=refusal)
    dr = float(np.mean(data.model)) + float(np.sum(data.weight * data.residual)) / total
    snips = float(np.sum(data.weight * data.reward)) / total
    centred = data.weight * (data.reward - snips) / (total / count)
    return Estimate(
        *facts,
        dr=_interval(dr, _dr_influence(data), ess),
        snips=_interval(snips, centred, ess),
    )


def _lacks_overlap(data: _Weighed, coverage: float) -> bool:
    """Whether the weights reach too little of the target's mass, beyond what chance may do."""
    spread = float(np.std(data.weight)) / sqrt(len(data.weight))
    return coverage + _Z * spread < LEAST_COVERAGE


def _dr_influence(data: _Weighed) -> _Floats:
    """What each row moves the doubly robust estimate by, times the number of rows."""
    total = float(np.sum(data.weight))
    mean_residual = float(np.sum(data.weight * data.residual)) / total
    correction = data.weight * (data.residual - mean_residual) / (total / len(data.weight))
    moves: _Floats = data.model - np.mean(data.model) + correction
    return moves


def _interval(mean: float, influence: _Floats, ess: float) -> Interval:
    """Student's quantile by its first correction to the normal one: 1.984 at 100, 1.96 beyond."""
    quantile = _Z * (1.0 + (_Z * _Z + 1.0) / (4.0 * max(1.0, ess - 1.0)))
    half = quantile * float(np.std(influence, ddof=1)) / sqrt(len(influence))
    return Interval(mean, mean - half, mean + half)
