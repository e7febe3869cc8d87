"""The best model that has room: overflow to the next best when the best one is full.

Formula: highest predicted quality among open endpoints; ties by share of slots in use, then least
recently used, then id.

Intent: the simplest rule that uses both quality and load; `static` with slots as the only signal
and quality as the order of preference.

Limits: fills the best model to its last slot before it looks elsewhere, so the batch there is
always at its slowest, and easy queries take the place of hard ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import busy_key, quality_of
from zeta_router.policy.protocol import WAIT, Choice, Context


@dataclass(frozen=True, slots=True)
class Spill:
    """The best open endpoint by quality."""

    name: ClassVar[str] = "spill"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """The open endpoint of highest predicted quality, then the least busy."""
        free = context.open(candidates)
        if not free:
            return WAIT
        scores = tuple(quality_of(candidate) for candidate in candidates)
        best = min(free, key=lambda i: (-scores[i], busy_key(candidates[i].view)))
        reason = Reason.BEST_SCORE if scores[best] == max(scores) else Reason.OVERFLOW
        return Choice(best, reason, scores=scores)
