"""Power of two choices: draw two open endpoints, take the one with fewer requests.

Formula: compare in-flight, then the share of slots in use; equal ones share. The probability of
the choice is exact: #worse / C(n, 2), plus half a pair for each equal one.

Intent: almost as even as asking everybody (with n requests on n endpoints the fullest holds about
ln ln n / ln 2 instead of ln n / ln ln n), without everybody running to the same endpoint when
counts are old.

Limits: blind to quality and speed. One router that sees all its own dispatches gains nothing over
`least_requests`; with several routers it does.

Source: Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, 2001.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import by_id, load
from zeta_router.policy.protocol import WAIT, Choice, Context
from zeta_router.policy.sample import best_of_sample


@dataclass(frozen=True, slots=True)
class PowerOfTwo:
    """The less loaded of two."""

    name: ClassVar[str] = "p2c"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """The less loaded of two open endpoints drawn by lot."""
        free = by_id(candidates, context.open(candidates))
        if not free:
            return WAIT
        keys = [_load_key(candidates[index]) for index in free]
        position, propensity = best_of_sample(keys, 2, draws)
        return Choice(free[position], Reason.BALANCED, propensity)


def _load_key(candidate: Candidate) -> tuple[float, ...]:
    return load(candidate.view), candidate.view.busy_ratio
