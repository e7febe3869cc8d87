"""Everybody in turn: the open endpoint that was dispatched to least recently.

Formula: least `dispatched_seq`, then id. The turn is read from the dispatches themselves, so it
survives endpoints coming and going and needs no counter of its own.

Intent: the default of most load balancers.

Limits: blind to load, speed and quality. Where tasks share endpoints, the turn is shared too: it
counts every dispatch to an endpoint and not only those of this query's task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.protocol import WAIT, Choice, Context


@dataclass(frozen=True, slots=True)
class RoundRobin:
    """Least recently used first."""

    name: ClassVar[str] = "round_robin"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """The open endpoint whose latest dispatch is longest ago."""
        free = context.open(candidates)
        if not free:
            return WAIT
        return Choice(min(free, key=lambda i: _turn(candidates[i])), Reason.BALANCED)


def _turn(candidate: Candidate) -> tuple[int, str]:
    return candidate.view.dispatched_seq, candidate.view.endpoint.id
