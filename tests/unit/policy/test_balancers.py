"""The quality-blind policies: what each looks at, and what it must not be fooled by."""

from __future__ import annotations

from collections import Counter
from math import isnan, nan

import pytest

from support.candidates import candidate, choose, chosen_id
from zeta_router.core.reasons import Reason
from zeta_router.policy.latency import Latency
from zeta_router.policy.least_requests import LeastRequests
from zeta_router.policy.p2c import PowerOfTwo
from zeta_router.policy.peak_ewma import FLOOR_S, NO_HISTORY_PENALTY, PeakEwma
from zeta_router.policy.prequal import Prequal, quantile
from zeta_router.policy.random import Random
from zeta_router.policy.round_robin import RoundRobin
from zeta_router.policy.shortest_expected import ShortestExpected

IDS = [f"q{number}" for number in range(300)]


def test_random_tries_every_open_one_equally() -> None:
    pool = [candidate("a"), candidate("b", in_flight=4), candidate("c")]
    choices = [choose(Random(), pool, id_) for id_ in IDS]
    assert {choice.index for choice in choices} == {0, 2}
    assert {choice.propensity for choice in choices} == {0.5}
    assert all(choice.reason is Reason.BALANCED for choice in choices)


def test_round_robin_takes_turns() -> None:
    turn = {"a": 3, "b": 1, "c": 2}
    order = []
    for number in range(4, 10):
        pool = [candidate(id_, dispatched_seq=seq) for id_, seq in turn.items()]
        chosen = chosen_id(RoundRobin(), pool)
        assert chosen is not None
        order.append(chosen)
        turn[chosen] = number
    assert order == ["b", "c", "a"] * 2


def test_round_robin_starts_with_the_unused_and_skips_the_full() -> None:
    pool = [candidate("a", dispatched_seq=5), candidate("c"), candidate("b")]
    assert chosen_id(RoundRobin(), pool) == "b"
    assert chosen_id(RoundRobin(), [*pool[:2], candidate("b", in_flight=4)]) == "c"


def test_least_requests_counts_and_does_not_divide() -> None:
    pool = [candidate("a", slots=64, in_flight=3), candidate("b", slots=4, in_flight=2)]
    assert chosen_id(LeastRequests(), pool) == "b"


def test_least_requests_sees_the_work_of_others() -> None:
    pool = [candidate("a", foreign_in_flight=3), candidate("b", in_flight=2)]
    choice = choose(LeastRequests(), pool)
    assert choice.index == 1
    assert choice.scores == (-3.0, -2.0)


def test_least_requests_breaks_ties_by_share_then_recency_then_id() -> None:
    wide = candidate("z", slots=64, in_flight=1, dispatched_seq=9)
    assert chosen_id(LeastRequests(), [candidate("a", in_flight=1), wide]) == "z"
    pool = [candidate("a", dispatched_seq=2), candidate("b", dispatched_seq=1)]
    assert chosen_id(LeastRequests(), pool) == "b"
    assert chosen_id(LeastRequests(), [candidate("b"), candidate("a")]) == "a"


def test_p2c_never_takes_the_fullest() -> None:
    pool = [candidate(id_, in_flight=n) for n, id_ in enumerate("abc")]
    seen = Counter(chosen_id(PowerOfTwo(), pool, id_=id_) for id_ in IDS)
    assert set(seen) == {"a", "b"}
    assert choose(PowerOfTwo(), pool, "q0").propensity in (2 / 3, 1 / 3)


def test_peak_ewma_weighs_latency_with_load() -> None:
    slow_idle = candidate("a", peak_ewma_s=0.5)
    fast_busy = candidate("b", peak_ewma_s=0.1, in_flight=3)
    assert chosen_id(PeakEwma(), [slow_idle, fast_busy]) == "b"
    faster_idle = candidate("a", peak_ewma_s=0.39)
    assert chosen_id(PeakEwma(), [faster_idle, fast_busy]) == "a"


def test_peak_ewma_tries_a_newcomer_once_at_a_time() -> None:
    known = [candidate("a", peak_ewma_s=0.1, in_flight=1, dispatched_seq=2)]
    assert chosen_id(PeakEwma(), [*known, candidate("n")]) == "n"
    tried = candidate("n", in_flight=1, dispatched_seq=3)
    assert chosen_id(PeakEwma(), [*known, tried]) == "a"


def test_peak_ewma_does_not_take_a_newcomer_for_the_fastest() -> None:
    pool = [
        candidate("a", peak_ewma_s=0.1, dispatched_seq=3),
        candidate("b", peak_ewma_s=0.4, dispatched_seq=2),
        candidate("n"),
    ]
    choice = choose(PeakEwma(), pool)
    assert choice.index == 0
    assert choice.scores == (-0.1, -0.4, -0.4)


def test_peak_ewma_with_nothing_known_spreads() -> None:
    busy, idle = candidate("a", in_flight=1), candidate("b", dispatched_seq=1)
    choice = choose(PeakEwma(), [busy, idle])
    assert choice.index == 1
    assert choice.scores[0] == -(NO_HISTORY_PENALTY + 1)


@pytest.mark.parametrize("ewma_s", [0.0, nan, -1.0])
def test_peak_ewma_is_not_fooled_by_a_latency_of_nothing(ewma_s: float) -> None:
    busy = candidate("a", peak_ewma_s=ewma_s, in_flight=3)
    idle = candidate("b", peak_ewma_s=FLOOR_S)
    assert chosen_id(PeakEwma(), [busy, idle]) == "b"


def test_prequal_prefers_the_fastest_cold_one() -> None:
    pool = [
        candidate("a", ttft_s=0.1, in_flight=3),  # the fastest, and hot
        candidate("b", ttft_s=0.3, in_flight=1),
        candidate("c", ttft_s=0.2, in_flight=1),
    ]
    assert chosen_id(Prequal(), pool) == "c"


def test_prequal_prefers_a_slow_cold_one_to_a_fast_hot_one() -> None:
    pool = [candidate("a", ttft_s=0.1, in_flight=3), candidate("b", ttft_s=60.0, in_flight=1)]
    assert chosen_id(Prequal(), pool) == "b"


def test_prequal_with_only_hot_ones_takes_the_least_loaded() -> None:
    open_hot = [candidate("a", slots=64, in_flight=9), candidate("b", slots=64, in_flight=8)]
    closed_cold = [candidate(f"c{n}", in_flight=4) for n in range(12)]
    assert chosen_id(Prequal(), [*open_hot, *closed_cold]) == "b"


def test_prequal_samples_three() -> None:
    pool = [candidate(f"e{n}", ttft_s=0.1 + n / 10) for n in range(5)]
    shares = {choose(Prequal(), pool, id_).index: None for id_ in IDS}
    assert set(shares) == {0, 1, 2}  # the two slowest lose in every sample of three
    best = next(c for id_ in IDS if (c := choose(Prequal(), pool, id_)).index == 0)
    assert best.propensity == pytest.approx(6 / 10)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3], 0.84, 3.0), ([0, 10], 0.84, 8.4), ([0, 1, 2], 0.5, 1.0), ([1, 2, 5], 1.0, 5.0)],
)
def test_quantile(values: list[int], share: float, expected: float) -> None:
    assert quantile(values, share) == pytest.approx(expected)


def test_latency_shares_within_the_buffer() -> None:
    pool = [candidate(id_, peak_ewma_s=s) for id_, s in (("a", 0.2), ("b", 0.21), ("c", 0.3))]
    assert {chosen_id(Latency(), pool, id_=id_) for id_ in IDS} == {"a"}
    buffered = Latency(buffer=0.1)
    assert {chosen_id(buffered, pool, id_=id_) for id_ in IDS} == {"a", "b"}
    assert choose(buffered, pool).propensity == 0.5


def test_latency_tries_a_newcomer_with_a_good_prediction_only() -> None:
    known = candidate("a", peak_ewma_s=0.2)
    hopeful, hopeless = candidate("n", ttft_s=0.1), candidate("n", ttft_s=0.9)
    assert {chosen_id(Latency(), [known, hopeful], id_=id_) for id_ in IDS} == {"a", "n"}
    assert {chosen_id(Latency(), [known, hopeless], id_=id_) for id_ in IDS} == {"a"}


def test_latency_with_nothing_known_or_predicted_is_random() -> None:
    pool = [candidate(id_, ttft_s=nan) for id_ in "ab"]
    assert {chosen_id(Latency(), pool, id_=id_) for id_ in IDS} == {"a", "b"}


def test_shortest_expected_counts_the_whole_answer() -> None:
    quick_start = candidate("a", ttft_s=0.1, tpot_s=0.05, output_tokens=101.0)
    quick_end = candidate("b", ttft_s=1.0, tpot_s=0.02, output_tokens=101.0)
    choice = choose(ShortestExpected(), [quick_start, quick_end])
    assert choice.index == 1
    assert choice.scores == pytest.approx((-5.1, -3.0))


def test_shortest_expected_leaves_the_unknown_for_last() -> None:
    unknown, slow = candidate("a", output_tokens=nan), candidate("b", ttft_s=60.0)
    choice = choose(ShortestExpected(), [unknown, slow])
    assert choice.index == 1
    assert isnan(choice.scores[0])
