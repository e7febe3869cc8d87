"""The static rules: each task has a model, and its least busy replica answers.

Formula: among endpoints of ``routes[task]``'s model with a free slot, the least share of slots in
use. All of them full: wait. None of them up: the best other model by predicted quality, because a
weaker answer is better than none.

Intent: what operators write by hand today; the yardstick for everything else, and the fallback
when something cleverer breaks.

Limits: blind to load between models. A specialist that saturates stays saturated while others
idle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import busy_key, least_busy, quality_of
from zeta_router.policy.protocol import WAIT, Choice, Context


@dataclass(frozen=True, slots=True)
class Static:
    """Route by task, balance over that model's replicas."""

    name: ClassVar[str] = "static"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """The least busy open replica of the task's model."""
        routed = on_route(candidates, context)
        if not routed:
            return off_route(candidates, context)
        free = [index for index in context.open(candidates) if index in routed]
        return Choice(least_busy(candidates, free), Reason.ROUTE) if free else WAIT


def on_route(candidates: Sequence[Candidate], context: Context) -> frozenset[int]:
    """Indices of the candidates that serve the model which the static rule names."""
    route = context.routes.get(context.task.task)
    return frozenset(
        i for i, candidate in enumerate(candidates) if candidate.view.model.name == route
    )


def off_route(candidates: Sequence[Candidate], context: Context) -> Choice:
    """The choice when no endpoint of the route's model is up, or no rule names a model.

    Best predicted quality among the open ones, then the least busy.
    """
    free = context.open(candidates)
    if not free:
        return WAIT
    best = min(free, key=lambda i: (-quality_of(candidates[i]), busy_key(candidates[i].view)))
    ruled = context.task.task in context.routes
    return Choice(best, Reason.FALLBACK if ruled else Reason.BEST_SCORE)
