from __future__ import annotations

from collections import Counter
from math import exp, inf, isnan, nan

import pytest

from support.candidates import NOW_S, SLO, ask, candidate, choose, chosen_id, context
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Slo
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.joint import Joint
from zeta_router.policy.score import p_slo

SURE = Joint(temperature=0.0, epsilon=0.0)
FREE_RIDE = Slo()


def full(id_: str, **more: float) -> Candidate:
    return candidate(id_, "thinker", in_flight=4, **more)


def test_score_is_value_less_price_times_work() -> None:
    pool = [
        candidate("a", quality=0.8, price=0.1, work_s=2.0),
        candidate("b", quality=0.7, price=0.2, work_s=0.5),
    ]
    choice = choose(SURE, pool, query=ask(weight=1.5))
    expected = tuple(1.5 * c.quality * p_slo(c, SLO) - c.view.price * c.work_s for c in pool)
    assert choice.scores == pytest.approx(expected)
    assert (choice.index, choice.reason) == (0, Reason.BEST_SCORE)


def test_at_price_zero_without_objectives_quality_decides() -> None:
    pool = [candidate("a", quality=0.7), candidate("b", quality=0.8, ttft_s=50.0)]
    assert chosen_id(SURE, pool, query=ask(slo=FREE_RIDE)) == "b"


def test_a_price_moves_easy_queries_away_first() -> None:
    """The threshold on what quality is worth floats with the price."""
    for gain, price, expected in ((0.05, 0.1, "s"), (0.3, 0.1, "t"), (0.3, 0.4, "s")):
        pool = [
            candidate("s", "small", quality=0.5, work_s=0.1),
            candidate("t", "thinker", quality=0.5 + gain, work_s=1.0, price=price),
        ]
        assert chosen_id(SURE, pool) == expected


def test_holds_for_a_full_endpoint_that_is_worth_the_wait() -> None:
    pool = [full("t", quality=0.8, ttft_s=0.8), candidate("s", "small", quality=0.4)]
    choice = choose(SURE, pool)
    assert (choice.index, choice.reason) == (0, Reason.WAIT_SLOT)
    too_long = [full("t", quality=0.8, ttft_s=5.0), pool[1]]
    assert choose(SURE, too_long).index == 1


def test_without_admission_nobody_is_held() -> None:
    choice = choose(SURE, [full("t", quality=0.8)], given=context(capped=False))
    assert (choice.index, choice.reason) == (0, Reason.BEST_SCORE)


def test_sheds_below_the_floor_when_nothing_is_open() -> None:
    choice = choose(SURE, [full("t", price=1.0), full("u", price=2.0)])
    assert choice.shed
    assert (choice.index, choice.reason) == (None, Reason.SHED)
    assert len(choice.scores) == 2


def test_never_sheds_while_something_is_open() -> None:
    pool = [full("t", price=1.0), candidate("s", "small", price=4.0)]
    choice = choose(SURE, pool)
    assert not choice.shed
    assert choice.index == 1  # though its score is far below that of the full one


def test_at_the_floor_it_still_waits() -> None:
    pool = [full("t", quality=0.5, price=0.475, work_s=1.0)]
    no_bound = ask(slo=FREE_RIDE)
    assert choose(Joint(floor=0.02), pool, query=no_bound).reason is Reason.WAIT_SLOT
    assert choose(Joint(floor=0.03), pool, query=no_bound).shed


def test_retry_after_is_when_the_price_has_fallen_to_the_floor() -> None:
    """Score 0.5 - 1.0 * 2.0 = -1.5 has to gain 1.52 at 0.16 * 2.0 a second."""
    pool = [full("t", quality=0.5, price=1.0, work_s=2.0)]
    choice = choose(SURE, pool, query=ask(slo=FREE_RIDE))
    assert choice.retry_after_s == pytest.approx(1.52 / (0.2 * 0.8 * 2.0))


def test_retry_after_is_the_soonest_and_at_least_a_second() -> None:
    slow = full("t", quality=0.5, price=4.0, work_s=2.0)
    soon = full("u", quality=0.5, price=1.0, work_s=0.5)
    choice = choose(SURE, [slow, soon], query=ask(slo=FREE_RIDE))
    assert choice.retry_after_s == 1.0


def test_no_promise_when_no_price_stands_in_the_way() -> None:
    hopeless = ask(slo=Slo(ttft_s=1.0), arrived_at_s=NOW_S - 2.0)
    choice = choose(SURE, [full("t", price=0.1)], query=hopeless)
    assert choice.shed
    assert choice.retry_after_s is None
    frozen = full("t", price=9.0, price_fall_per_s=0.0)
    assert choose(SURE, [frozen]).retry_after_s is None


def test_a_late_answer_that_costs_nobody_anything_is_given() -> None:
    """Hopelessly late, a slot free, no price: a refusal would help nobody."""
    late = ask(slo=Slo(ttft_s=0.5))
    room = candidate("a", in_flight=1, ttft_s=20.0, price=0.0)
    choice = choose(SURE, [room], query=late)
    assert (choice.index, choice.reason) == (0, Reason.BEST_SCORE)
    dear = candidate("a", in_flight=1, ttft_s=20.0, price=0.1)
    assert choose(SURE, [dear], query=late).shed
    full_one = candidate("a", in_flight=4, ttft_s=20.0, price=0.0)
    assert choose(SURE, [full_one], query=late).shed
    slowing = {"tpot_s": 0.05, "tpot_slope_s": 0.01, "tpot_log_sigma": 0.1}
    harmful = candidate("a", slots=64, in_flight=20, ttft_s=20.0, **slowing)
    assert choose(SURE, [harmful], query=ask(slo=Slo(ttft_s=0.5, tpot_s=0.05))).shed


PACED = Slo(ttft_s=2.0, tpot_s=0.05)
FREE_PACE = Slo(ttft_s=2.0)


@pytest.mark.parametrize(
    ("slots", "running", "slo", "served"),
    [
        (8, 7, PACED, True),  # few slots: as many workers as slots fill them, and nobody waits
        (1, 0, PACED, True),
        (32, 8, PACED, True),
        (32, 9, PACED, False),  # many share a batch, and its pace was promised
        (32, 31, FREE_PACE, True),
        (8, 8, PACED, False),
        (32, 32, FREE_PACE, False),
    ],
)
def test_a_price_alone_refuses_nobody_where_a_slot_is_to_spare(
    slots: int, running: int, slo: Slo, served: bool
) -> None:
    dear = candidate("a", slots=slots, in_flight=running, price=5.0)
    choice = choose(SURE, [dear], query=ask(slo=slo))
    assert choice.shed is not served
    if served:
        assert (choice.index, choice.reason) == (0, Reason.BEST_SCORE)


def test_work_of_others_counts_where_slots_are_to_spare() -> None:
    dear = {"slots": 32, "price": 5.0}
    assert not choose(SURE, [candidate("a", in_flight=8, **dear)]).shed
    assert choose(SURE, [candidate("a", in_flight=2, foreign_in_flight=7, **dear)]).shed
    late = candidate("a", in_flight=2, ttft_s=200.0, **dear)
    assert choose(SURE, [late]).shed, "it is worth nothing"


def test_softmax_with_its_exact_propensity() -> None:
    policy = Joint(epsilon=0.0)
    pool = [candidate("a", quality=0.70), candidate("b", quality=0.71), candidate("c", quality=0.2)]
    seen: Counter[int | None] = Counter()
    for number in range(500):
        choice = choose(policy, pool, f"q{number}", query=ask(f"q{number}", slo=FREE_RIDE))
        seen[choice.index] += 1
        share = 1.0 / (1.0 + exp(1.0 if choice.index == 0 else -1.0))
        assert choice.propensity == pytest.approx(share)
        assert choice.reason is (Reason.BALANCED if choice.index == 0 else Reason.BEST_SCORE)
    assert seen[0] == pytest.approx(500 * 0.269, abs=50)  # 5 standard deviations
    assert 2 not in seen


def test_exploration_reaches_every_open_endpoint_and_no_full_one() -> None:
    policy = Joint(temperature=0.0, epsilon=0.3)
    pool = [candidate("a", quality=0.9), candidate("b", quality=0.1), full("t", quality=0.5)]
    shares = {}
    for number in range(300):
        choice = choose(policy, pool, f"q{number}")
        shares[choice.index] = choice.propensity
    assert shares == {0: pytest.approx(0.85), 1: pytest.approx(0.15)}


def test_exploration_does_not_depend_on_the_order_of_candidates() -> None:
    policy = Joint(epsilon=1.0)
    pool = [candidate(id_, quality=0.9) for id_ in "abc"]
    for id_ in ("q1", "q2", "q3", "q4", "q5"):
        assert chosen_id(policy, pool, id_=id_) == chosen_id(policy, pool[::-1], id_=id_)


def test_equal_scores_without_temperature_go_to_the_least_busy() -> None:
    pool = [candidate("a", dispatched_seq=3), candidate("b", dispatched_seq=2)]
    assert chosen_id(SURE, pool, query=ask(slo=FREE_RIDE)) == "b"


@pytest.mark.parametrize("broken", [{"quality": nan}, {"price": inf}, {"work_s": nan}])
def test_what_cannot_be_scored_is_not_chosen(broken: dict[str, float]) -> None:
    pool = [candidate("a", **({"price": 0.1} | broken)), candidate("b", quality=0.1)]
    choice = choose(SURE, pool)
    assert choice.index == 1
    assert isnan(choice.scores[0])


def test_nothing_can_be_scored() -> None:
    """A broken head must not refuse traffic: it balances, and it waits."""
    open_ = [candidate("a", quality=nan, in_flight=1), candidate("b", quality=nan)]
    assert chosen_id(SURE, open_) == "b"
    closed = choose(SURE, [full("t", quality=nan)])
    assert (closed.index, closed.shed) == (None, False)


@pytest.mark.parametrize("field", ["ttft_s", "tpot_s", "work_s"])
@pytest.mark.parametrize("value", [0.0, 5e-324, 1e308])
def test_extreme_numbers_do_not_raise(field: str, value: float) -> None:
    pool = [candidate("a", in_flight=1, price=2.0, **{field: value}), full("t", price=2.0)]
    choice = choose(SURE, pool)
    assert choice.index is not None or choice.shed


def test_a_full_batch_at_its_limit_is_left_alone() -> None:
    """Same quality, same latency of its own: the one with the smaller batch wins."""
    crowded = candidate("a", slots=64, in_flight=40, tpot_s=0.043, tpot_slope_s=0.001)
    roomy = candidate("b", slots=64, in_flight=4, tpot_s=0.043, tpot_slope_s=0.001)
    choice = choose(SURE, [crowded, roomy])
    assert choice.index == 1
    assert choice.scores[0] < choice.scores[1]
    blind = choose(Joint(slowdown=0.0), [crowded, roomy])
    assert blind.scores[0] == blind.scores[1]


@pytest.mark.parametrize("field", ["floor", "temperature", "epsilon", "slowdown"])
@pytest.mark.parametrize("value", [-0.1, nan, inf])
def test_refuses_dials_that_mean_nothing(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"joint\.{field}"):
        Joint(**{field: value})


def test_refuses_a_share_above_one() -> None:
    with pytest.raises(ConfigError, match=r"joint\.epsilon: 1\.5"):
        Joint(epsilon=1.5)
