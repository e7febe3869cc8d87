"""A weighted sum of quality, speed and spare capacity.

Formula: ``w_q·quality + w_l·(1 − L/L_max) + w_b·(1 − busy)`` over open endpoints, where L is the
predicted end-to-end time, L_max the largest of them and busy the share of slots in use (at most 1).
Weights sum to 1, so a score is in [0, 1].

Intent: what routers do that know quality and load and put sliders on them.

Limits: weights have no units. A point of quality is traded for a share of L_max whatever L_max is,
so the right weights change with the load, and a wrong answer can be bought with speed that nobody
asked for. An absent quality or prediction scores 0 for its part.

Source: the form of RouteBalance's instance score, without its cost term.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
        quality_weight, latency_weight, busy_weight: Weights of the three parts, 0 or more.
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
        longest_s = max((s for i in free if usable(s := ends_in_s(candidates[i]))), default=0.0)
        scores = tuple(self._score(candidate, longest_s) for candidate in candidates)
        best = min(free, key=lambda i: (-scores[i], busy_key(candidates[i].view)))
        return Choice(best, Reason.BEST_SCORE, scores=scores)

    def _score(self, candidate: Candidate, longest_s: float) -> float:
        end_s = ends_in_s(candidate)
        speed = 0.0
        if usable(end_s) and end_s <= longest_s:
            speed = 1.0 - end_s / longest_s if longest_s > 0.0 else 1.0
        return (
            self.quality_weight * (candidate.quality if usable(candidate.quality) else 0.0)
            + self.latency_weight * speed
            + self.busy_weight * (1.0 - min(1.0, candidate.view.busy_ratio))
        )
