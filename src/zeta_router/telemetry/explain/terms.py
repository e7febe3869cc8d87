"""What a candidate's score is made of, worked out again from the logged values."""

from __future__ import annotations

from math import isfinite

from zeta_router.core.decision import Decision
from zeta_router.core.query import Query
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.score import p_slo

PRICED = ("joint",)
"""Policies whose score is the sum of these terms; others score by rules of their own."""


def terms_of(
    candidate: Candidate, score: float, query: Query, decision: Decision
) -> dict[str, float | bool | None]:
    """``gain − price_work − switch − slowdown`` and the probability inside the gain.

    `gain` is weight × quality × P(SLO); `slowdown`, what running answers there would lose, is what
    the score lacks to the other three. `is_score` tells whether the policy went by them: where it
    did not they say what `joint` would have looked at. What cannot be worked out is null.
    """
    slo = query.slo.scaled(decision.slo_scale)
    chance = p_slo(candidate, slo, max(0.0, decision.decided_at_s - query.arrived_at_s))
    gain = query.weight * candidate.quality * chance
    price_work = candidate.view.price * candidate.work_s
    switch = query.weight * candidate.switch_cost
    is_score = decision.policy.partition("@")[0] in PRICED and isfinite(score)
    slowdown = max(0.0, gain - price_work - switch - score) if is_score else None
    return {
        "is_score": is_score,
        "p_slo": _finite(chance),
        "gain": _finite(gain),
        "price_work": _finite(price_work),
        "switch": _finite(switch),
        "slowdown": _finite(slowdown),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
