"""Shortest expected delay: the open endpoint where this query is predicted to end first.

Formula: least predicted end-to-end time, the wait for a slot included; ties by share of slots in
use, then least recently used, then id.

Intent: the best that can be done for latency alone with the same predictions `joint` uses.

Limits: blind to quality, so the smallest model gets almost everything. An endpoint without a usable
prediction comes last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import busy_key, ends_in_s, usable
from zeta_router.policy.protocol import WAIT, Choice, Context


@dataclass(frozen=True, slots=True)
class ShortestExpected:
    """Least predicted end-to-end time."""

    name: ClassVar[str] = "shortest_expected"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """The open endpoint with the least predicted time to the last token."""
        free = context.open(candidates)
        if not free:
            return WAIT
        ends_s = [end_s if usable(end_s := ends_in_s(c)) else inf for c in candidates]
        best = min(free, key=lambda i: (ends_s[i], busy_key(candidates[i].view)))
        scores = tuple(-end_s if end_s < inf else nan for end_s in ends_s)
        return Choice(best, Reason.BALANCED, scores=scores)
