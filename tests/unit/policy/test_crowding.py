"""Endpoints that are full for a query before their slots are."""

from __future__ import annotations

import pytest

from support.candidates import ask, candidate, choose
from zeta_router.core.query import Slo
from zeta_router.core.reasons import Reason
from zeta_router.policy.crowding import MARGIN, when_one_ends
from zeta_router.policy.joint import Joint

SLO = Slo(ttft_s=2.0, tpot_s=0.05)
SURE = Joint(temperature=0.0, epsilon=0.0)
AT_LIMIT = {
    "slots": 32,
    "in_flight": 24,
    "tpot_s": 0.049,
    "tpot_slope_s": 0.0008,
    "tpot_log_sigma": 0.02,
    "output_tokens": 240.0,
}


def test_a_batch_below_its_limit_has_room() -> None:
    roomy = candidate("a", **{**AT_LIMIT, "tpot_s": 0.99 * (1 - MARGIN) * 0.05})
    assert when_one_ends(roomy, SLO) is None


@pytest.mark.parametrize("slo", [Slo(), Slo(ttft_s=2.0, e2e_s=9.0)])
def test_without_an_objective_per_token_there_is_no_limit(slo: Slo) -> None:
    assert when_one_ends(candidate("a", **AT_LIMIT), slo) is None


def test_an_engine_that_others_fill_is_not_waited_for() -> None:
    others = {**AT_LIMIT, "in_flight": 0, "foreign_in_flight": 24}
    assert when_one_ends(candidate("a", **others), SLO) is None


def test_the_wait_is_for_one_end_and_one_more_for_each_that_is_held() -> None:
    alone = when_one_ends(candidate("a", **AT_LIMIT), SLO)
    third = when_one_ends(candidate("a", held=2, **AT_LIMIT), SLO)
    assert alone is not None
    assert third is not None
    each_s = 240.0 * 0.049 / 24
    assert alone.ttft_s == pytest.approx(0.2 + each_s)
    assert third.ttft_s == pytest.approx(0.2 + 3 * each_s)
    assert alone.tpot_s == pytest.approx(0.0482)


def test_the_better_model_is_waited_for_a_moment() -> None:
    """One of 24 answers ends within half a second; the other model is open and worse."""
    best = candidate("best", quality=0.9, **AT_LIMIT)
    other = candidate("other", quality=0.5)
    choice = choose(SURE, [best, other], query=ask(slo=SLO))
    assert choice.index == 0
    assert choice.reason is Reason.WAIT_SLOT


def test_not_behind_a_long_line() -> None:
    best = candidate("best", quality=0.9, held=20, **AT_LIMIT)
    other = candidate("other", quality=0.5)
    choice = choose(SURE, [best, other], query=ask(slo=SLO))
    assert choice.index == 1
    assert choice.reason is Reason.BEST_SCORE


def test_not_when_it_is_hardly_better() -> None:
    best = candidate("best", quality=0.52, **AT_LIMIT)
    other = candidate("other", quality=0.5)
    late = ask(slo=SLO, arrived_at_s=98.7)
    assert choose(SURE, [best, other], query=late).index == 1


def test_an_objective_that_cannot_be_met_is_not_waited_for() -> None:
    slow = candidate("a", **{**AT_LIMIT, "tpot_s": 0.2, "in_flight": 1, "price": 0.0})
    choice = choose(SURE, [slow], query=ask(slo=SLO))
    assert choice.reason is not Reason.WAIT_SLOT
