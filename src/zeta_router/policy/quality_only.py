"""Always the model that is predicted to answer best, whatever the wait.

Formula: candidates with the highest predicted quality; the least busy open one of them; all full:
wait for them, even while other models idle.

Intent: what a prompt router does that looks at content and not at load.

Limits: blind to load. One large model gets everything, and at normal load nearly every answer comes
too late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import least_busy, quality_of
from zeta_router.policy.protocol import Choice, Context


@dataclass(frozen=True, slots=True)
class QualityOnly:
    """The best model or nothing."""

    name: ClassVar[str] = "quality_only"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """The least busy of the best; a full one when all of them are, which means to wait."""
        scores = tuple(quality_of(candidate) for candidate in candidates)
        best = max(scores)
        chosen = [index for index, score in enumerate(scores) if score == best]
        free = [index for index in context.open(candidates) if scores[index] == best]
        if free:
            return Choice(least_busy(candidates, free), Reason.BEST_SCORE, scores=scores)
        return Choice(least_busy(candidates, chosen), Reason.WAIT_SLOT, scores=scores)
