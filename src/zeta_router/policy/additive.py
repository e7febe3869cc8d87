"""A weighted sum of quality, speed and spare capacity.

Formula: ``w_q·quality + w_l·(1 − L/L_max) + w_b·(1 − busy)`` over open endpoints, where L is the
predicted end-to-end time, L_max the largest of them and busy the share of slots in use (at most 1).
Weights sum to 1, so a score is in [0, 1].

Intent: what routers do that know quality and load and put sliders on them.

Limits: weights have no units. A point of quality is traded for a share of L_max whatever L_max is,
so the right weights change with the load, and a wrong answer can be bought with speed that nobody
asked for. A candidate without a usable quality or prediction has no score and comes last.

Source: the form of RouteBalance's instance score, without its cost term.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import busy_key, ends_in_s, usable
from zeta_router.policy.protocol import WAIT, Choice, Context


@dataclass(frozen=True, slots=True)
class Additive:
    """Sliders.

    Attributes:
        quality_weight: Weight of the predicted quality; 0 or more, like the others.
        latency_weight: Weight of being faster than the slowest.
        busy_weight: Weight of having room.
    """

    quality_weight: float = 0.5
    latency_weight: float = 0.35
    busy_weight: float = 0.15
    name: ClassVar[str] = "additive"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """The open endpoint with the highest weighted sum."""
        free = context.open(candidates)
        if not free:
            return WAIT
        ends_s = [ends_in_s(candidate) for candidate in candidates]
        longest_s = max((ends_s[index] for index in free if usable(ends_s[index])), default=0.0)
        scores = tuple(
            self._score(candidate, end_s, longest_s)
            for candidate, end_s in zip(candidates, ends_s, strict=True)
        )
        best = min(free, key=lambda i: (_cost(scores[i]), busy_key(candidates[i].view)))
        return Choice(best, Reason.BEST_SCORE, scores=scores)

    def _score(self, candidate: Candidate, end_s: float, longest_s: float) -> float:
        if not (usable(end_s) and usable(candidate.quality)):
            return nan
        speed = max(0.0, 1.0 - end_s / longest_s) if longest_s > 0.0 else 1.0
        spare = max(0.0, 1.0 - candidate.view.busy_ratio)
        return (
            self.quality_weight * candidate.quality
            + self.latency_weight * speed
            + self.busy_weight * spare
        )


def _cost(score: float) -> float:
    return -score if isfinite(score) else inf
