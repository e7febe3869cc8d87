"""Any open endpoint, each equally likely.

Formula: propensity 1/n over the n endpoints with a free slot.

Intent: the floor that every other policy has to beat, and the best logging policy for judging
others afterwards, because it tries everything.

Limits: blind to load, speed and quality.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import by_id
from zeta_router.policy.protocol import WAIT, Choice, Context


@dataclass(frozen=True, slots=True)
class Random:
    """Uniform over open endpoints."""

    name: ClassVar[str] = "random"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """One of the open endpoints by lot."""
        free = by_id(candidates, context.open(candidates))
        if not free:
            return WAIT
        return Choice(free[draws.below(len(free))], Reason.BALANCED, 1.0 / len(free))
