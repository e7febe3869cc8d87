"""quality_only, spill, additive and greedy."""

from __future__ import annotations

from math import nan

import pytest

from support.candidates import NOW_S, ask, candidate, choose, chosen_id, context
from zeta_router.core.query import Slo
from zeta_router.core.reasons import Reason
from zeta_router.policy.additive import Additive
from zeta_router.policy.greedy import Greedy
from zeta_router.policy.quality_only import QualityOnly
from zeta_router.policy.score import p_slo
from zeta_router.policy.spill import Spill

GOOD = candidate("t", "thinker", quality=0.8, in_flight=3)
WEAK = candidate("s", "small", quality=0.4)


def test_quality_only_ignores_load() -> None:
    choice = choose(QualityOnly(), [WEAK, GOOD])
    assert (choice.index, choice.reason) == (1, Reason.BEST_SCORE)
    assert choice.scores == (0.4, 0.8)


def test_quality_only_holds_for_the_best() -> None:
    full = [candidate(id_, "thinker", quality=0.8, in_flight=n) for id_, n in (("t", 5), ("u", 4))]
    choice = choose(QualityOnly(), [WEAK, *full])
    assert (choice.index, choice.reason) == (2, Reason.WAIT_SLOT)


def test_quality_only_balances_over_equals() -> None:
    equal = candidate("u", "coder", quality=0.8)
    assert chosen_id(QualityOnly(), [GOOD, equal]) == "u"


def test_spill_takes_the_best_that_is_open() -> None:
    assert choose(Spill(), [WEAK, GOOD]).reason is Reason.BEST_SCORE
    full = candidate("t", "thinker", quality=0.8, in_flight=4)
    choice = choose(Spill(), [WEAK, full])
    assert (choice.index, choice.reason) == (0, Reason.OVERFLOW)


def test_spill_takes_no_unknown_quality_for_a_good_one() -> None:
    assert chosen_id(Spill(), [candidate("a", quality=nan), WEAK]) == "s"


def test_additive_is_the_weighted_sum() -> None:
    slow = candidate("a", quality=0.9, ttft_s=4.0, output_tokens=1.0)
    fast = candidate("b", quality=0.5, ttft_s=1.0, output_tokens=1.0, in_flight=1)
    choice = choose(Additive(), [slow, fast])
    assert choice.scores == pytest.approx((0.5 * 0.9 + 0.15, 0.25 + 0.35 * 0.75 + 0.15 * 0.75))
    assert choice.index == 1
    assert chosen_id(Additive(0.8, 0.1, 0.1), [slow, fast]) == "a"


def test_additive_leaves_the_unknown_for_last() -> None:
    pool = [candidate("a", quality=nan), candidate("b", ttft_s=nan), candidate("c", quality=0.0)]
    assert chosen_id(Additive(), pool) == "c"


def test_additive_compares_with_the_slowest_open_one() -> None:
    full = candidate("a", ttft_s=100.0, output_tokens=1.0, in_flight=4)
    slow = candidate("b", ttft_s=4.0, output_tokens=1.0)
    fast = candidate("c", ttft_s=1.0, output_tokens=1.0)
    scores = choose(Additive(0.0, 1.0, 0.0), [full, slow, fast]).scores
    assert scores == pytest.approx((0.0, 0.0, 0.75))


def test_additive_with_no_latency_at_all() -> None:
    pool = [candidate("a", ttft_s=0.0, output_tokens=1.0)]
    assert choose(Additive(), pool).scores == pytest.approx((0.5 * 0.5 + 0.35 + 0.15,))


def test_greedy_is_quality_times_probability() -> None:
    late = candidate("a", quality=0.9, ttft_s=3.0)
    timely = candidate("b", quality=0.6, ttft_s=0.2)
    query = ask()
    choice = choose(Greedy(), [late, timely], query=query)
    assert choice.index == 1
    assert choice.scores == pytest.approx(
        (0.9 * p_slo(late, query.slo), 0.6 * p_slo(timely, query.slo))
    )
    assert chosen_id(Greedy(), [late, timely], query=ask(slo=Slo())) == "a"


def test_greedy_takes_no_unknown_quality_for_a_good_one() -> None:
    assert chosen_id(Greedy(), [candidate("a", quality=nan), WEAK]) == "s"


def test_greedy_is_blind_to_prices() -> None:
    dear = candidate("a", quality=0.9, price=4.0, work_s=10.0)
    assert chosen_id(Greedy(), [dear, WEAK]) == "a"


def test_greedy_counts_the_wait() -> None:
    pool = [candidate("a", quality=0.9, ttft_s=1.0), candidate("b", quality=0.6, ttft_s=0.2)]
    assert chosen_id(Greedy(), pool, query=ask(slo=Slo(ttft_s=4.0))) == "a"
    waited = ask(slo=Slo(ttft_s=4.0), arrived_at_s=NOW_S - 3.0)
    assert chosen_id(Greedy(), pool, query=waited) == "b"


def test_greedy_with_no_hope_takes_the_least_busy() -> None:
    pool = [candidate("a", quality=0.9, in_flight=2), candidate("b", quality=0.6)]
    hopeless = ask(slo=Slo(ttft_s=0.5), arrived_at_s=NOW_S - 1.0)
    assert chosen_id(Greedy(), pool, query=hopeless, given=context()) == "b"
