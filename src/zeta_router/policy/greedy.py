"""The best expected answer in time for this query, with no thought for the next one.

Formula: highest ``quality · P(SLO)`` among open endpoints, P as in `joint`; ties by share of slots
in use, then least recently used, then id.

Intent: `joint` at price 0, without its slowdown term and without holding. The difference between
the two is what looking beyond one query is worth.

Limits: prices the delay that this query suffers and not the one that it causes. It fills the good
model with easy queries, and hard ones that come a second later find it full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import busy_key, usable
from zeta_router.policy.protocol import WAIT, Choice, Context
from zeta_router.policy.score import p_slo


@dataclass(frozen=True, slots=True)
class Greedy:
    """Highest quality times probability to be in time."""

    name: ClassVar[str] = "greedy"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """The open endpoint whose answer is expected to be worth most."""
        free = context.open(candidates)
        if not free:
            return WAIT
        waited_s = context.now_s - query.arrived_at_s
        scores = tuple(
            c.quality * p_slo(c, query.slo, waited_s) if usable(c.quality) else -1.0
            for c in candidates
        )
        best = min(free, key=lambda i: (-scores[i], busy_key(candidates[i].view)))
        return Choice(best, Reason.BEST_SCORE, scores=scores)
