"""Laws of the scores, and the theorems that balancers have to show."""

from __future__ import annotations

from math import exp, inf, isfinite, isnan, log
from statistics import mean

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from support.candidates import NOW_S, ask, candidate, choose, context
from zeta_router.core.draws import Draws
from zeta_router.core.query import Slo
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.externality import batch_slowdown, prefill_slowdown
from zeta_router.policy.joint import Joint
from zeta_router.policy.least_requests import LeastRequests
from zeta_router.policy.net_value import net_values
from zeta_router.policy.order import load
from zeta_router.policy.p2c import PowerOfTwo
from zeta_router.policy.protocol import Policy
from zeta_router.policy.random import Random
from zeta_router.policy.sample import best_of_sample
from zeta_router.policy.score import held_tpot, p_slo, p_within

fixed = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],  # the machine may be busy with other tests
)

seconds = st.floats(1e-3, 100.0)
maybe_seconds = st.none() | st.floats(1e-3, 100.0)
slos = st.builds(Slo, maybe_seconds, maybe_seconds, maybe_seconds)
predicted = st.builds(
    lambda running, **fields: candidate("a", slots=64, in_flight=running, **fields),
    running=st.integers(0, 64),
    quality=st.floats(0.0, 1.0),
    output_tokens=st.floats(0.0, 2000.0),
    ttft_s=st.floats(0.0, 60.0),
    tpot_s=st.floats(0.0, 1.0),
    log_sigma=st.floats(0.0, 2.0),
    length_log_sigma=st.floats(0.0, 2.0),
    tpot_log_sigma=st.floats(0.0, 2.0),
    tpot_slope_s=st.floats(0.0, 0.01),
    prefill_stall_s=st.floats(0.0, 0.1),
    switch_cost=st.floats(0.0, 0.1),
    work_s=st.floats(0.0, 20.0),
    price=st.floats(0.0, 4.0),
)
strange = st.sampled_from([float("nan"), inf, -1.0])


@fixed
@given(target=seconds, looser=seconds, time_s=seconds, sigma=st.floats(0.0, 3.0))
def test_a_looser_bound_is_met_at_least_as_often(
    target: float, looser: float, time_s: float, sigma: float
) -> None:
    low, high = sorted((target, looser))
    assert 0.0 <= p_within(low, time_s, sigma) <= p_within(high, time_s, sigma) <= 1.0


@fixed
@given(one=predicted, slo=slos, factor=st.floats(1.0, 10.0))
def test_looser_objectives_never_lower_the_probability(
    one: Candidate, slo: Slo, factor: float
) -> None:
    def times(bound_s: float | None) -> float | None:
        return None if bound_s is None else bound_s * factor

    looser = Slo(times(slo.ttft_s), times(slo.tpot_s), times(slo.e2e_s))
    assert p_slo(one, slo) <= p_slo(one, looser) <= p_slo(one, Slo()) <= 1.0


@fixed
@given(one=predicted, slo=slos, waited=st.floats(0.0, 50.0), more=st.floats(0.0, 50.0))
def test_waiting_never_raises_the_probability(
    one: Candidate, slo: Slo, waited: float, more: float
) -> None:
    assert p_slo(one, slo, waited + more) <= p_slo(one, slo, waited)


@fixed
@given(
    pool=st.lists(predicted, min_size=1, max_size=5),
    slo=slos,
    waited=st.floats(0.0, 20.0),
    weight=st.floats(0.0, 10.0),
    ratio=st.sampled_from([0.0, 0.5, 1.0]),
    broken=st.dictionaries(
        st.sampled_from(
            ["quality", "output_tokens", "ttft_s", "tpot_s", "log_sigma", "length_log_sigma"]
        ),
        strange,
    ),
)
def test_the_fast_loop_equals_its_parts(
    pool: list[Candidate],
    slo: Slo,
    waited: float,
    weight: float,
    ratio: float,
    broken: dict[str, float],
) -> None:
    pool[0] = pool[0]._replace(**broken)
    nets = net_values(pool, slo, waited, weight, ratio)
    for one, net in zip(pool, nets, strict=True):
        value = weight * one.quality * p_slo(one, slo, waited)
        plain = value - batch_slowdown(one, slo, ratio) - one.view.price * one.work_s
        plain -= weight * one.switch_cost + ratio * _prefill(one, slo)
        known = isfinite(one.quality) and not isnan(one.log_sigma)
        if known and (slo.e2e_s is None or not isnan(one.length_log_sigma)):
            assert net == pytest.approx(plain, rel=1e-9, abs=1e-9)
        else:
            assert net <= 0.0, "what is not known is worth nothing"


def _prefill(one: Candidate, slo: Slo) -> float:
    """What the prompt costs those that run there."""
    if not slo.tpot_s or one.output_tokens <= 1.0:
        return 0.0
    used, stall = one.tpot_s / slo.tpot_s, one.prefill_stall_s / slo.tpot_s
    return prefill_slowdown(load(one.view), used, stall, held_tpot(one.tpot_log_sigma))


def score(one: Candidate, slo: Slo) -> float:
    return net_values([one], slo, 0.0, 1.0, 1.0)[0]


@fixed
@given(one=predicted, slo=slos, more=st.floats(0.0, 1.0))
def test_higher_quality_never_lowers_a_score(one: Candidate, slo: Slo, more: float) -> None:
    better = one._replace(quality=min(1.0, one.quality + more))
    assert score(better, slo) >= score(one, slo)


@fixed
@given(one=predicted, slo=slos, price=st.floats(0.0, 4.0))
def test_a_higher_price_never_raises_a_score(one: Candidate, slo: Slo, price: float) -> None:
    fields = one.view._asdict()
    dearer = one._replace(view=type(one.view)(**(fields | {"price": one.view.price + price})))
    assert score(dearer, slo) <= score(one, slo)


@fixed
@given(one=predicted, slo=slos, more=st.integers(0, 60), slower=st.floats(1.0, 5.0))
def test_more_backlog_never_raises_a_score(
    one: Candidate, slo: Slo, more: int, slower: float
) -> None:
    fields = one.view._asdict()
    busier = one._replace(
        view=type(one.view)(**(fields | {"in_flight": one.view.in_flight + more})),
        ttft_s=one.ttft_s * slower,
        tpot_s=one.tpot_s * slower,
    )
    assert score(busier, slo) <= score(one, slo) + 1e-12


@fixed
@given(pool=st.lists(predicted, min_size=2, max_size=6), weight=st.floats(0.1, 10.0))
def test_scaling_every_weight_and_price_keeps_the_choice(
    pool: list[Candidate], weight: float
) -> None:
    """Prices and weights are in the same money: doubling both changes nothing."""
    plain = net_values(pool, Slo(2.0, None, 10.0), 0.0, 1.0, 0.0)
    ordered = sorted(plain)
    assume(ordered[-1] - ordered[-2] > 1e-9)
    scaled_pool = []
    for one in pool:
        fields = one.view._asdict()
        view = type(one.view)(**(fields | {"price": one.view.price * weight}))
        scaled_pool.append(one._replace(view=view))
    scaled = net_values(scaled_pool, Slo(2.0, None, 10.0), 0.0, weight, 0.0)
    assert scaled.index(max(scaled)) == plain.index(max(plain))


@fixed
@given(gap=st.floats(0.0, 0.1), temperature=st.floats(0.001, 0.1))
def test_joint_odds_are_the_exponential_of_the_gap(gap: float, temperature: float) -> None:
    policy = Joint(temperature=temperature, epsilon=0.0)
    pool = [candidate("a", quality=0.6), candidate("b", quality=0.6 - gap)]
    choice = choose(policy, pool, query=ask(slo=Slo()))
    odds = exp(-gap / temperature)
    if gap > 15.0 * temperature + 1e-9:
        assert (choice.index, choice.propensity) == (0, 1.0)
    elif gap < 14.9 * temperature:
        share = 1.0 / (1.0 + odds) if choice.index == 0 else odds / (1.0 + odds)
        assert choice.propensity == pytest.approx(share, rel=1e-6)


@fixed
@given(
    values=st.lists(st.integers(0, 3), min_size=1, max_size=7),
    size=st.integers(1, 4),
    id_=st.text(min_size=1, max_size=5),
)
def test_a_sample_never_returns_one_that_always_loses(
    values: list[int], size: int, id_: str
) -> None:
    keys = [(float(value),) for value in values]
    position, propensity = best_of_sample(keys, size, Draws(1, id_))
    worse_or_equal = sum(1 for key in keys if key >= keys[position])
    assert worse_or_equal >= min(size, len(keys))
    assert 0.0 < propensity <= 1.0


def fullest(policy: Policy, bins: int, balls: int, run: int) -> int:
    """Requests on the fullest of `bins` endpoints after `balls` were placed and none ended."""
    pool = [candidate(f"e{number:03}", slots=10_000) for number in range(bins)]
    for ball in range(balls):
        id_ = f"{run}-{ball}"
        choice = policy.choose(ask(id_), pool, Draws(1, id_), context())
        assert choice.index is not None
        old = pool[choice.index]
        pool[choice.index] = candidate(
            old.view.endpoint.id,
            slots=10_000,
            in_flight=old.view.in_flight + 1,
            dispatched_seq=ball + 1,
        )
    return max(one.view.in_flight for one in pool)


def test_two_choices_are_exponentially_better_than_one() -> None:
    """Balls in bins, 40 of each, 12 runs with fixed seeds.

    Theory: the fullest bin holds about ln n / ln ln n = 2.8 and more with one choice, at most
    ln ln n / ln 2 + O(1) with two, and 1 when everybody is asked. Seen: 3.9 (standard error .26)
    and 2.2 (.11), so new seeds would fail the margin of a half with a probability under 1e-5.
    """
    runs = range(12)
    one = [fullest(Random(), 40, 40, run) for run in runs]
    two = [fullest(PowerOfTwo(), 40, 40, run) for run in runs]
    every = [fullest(LeastRequests(), 40, 40, run) for run in runs]
    assert every == [1] * 12
    assert max(two) <= log(log(40)) / log(2) + 2
    assert mean(two) + 0.5 < mean(one)


def test_the_gap_of_two_choices_does_not_grow_with_load() -> None:
    """Azar et al. 1999, Berenbrink et al. 2000: max minus mean stays near ln ln n for any number
    of balls, where one choice grows with the root of it."""
    bins, each = 20, 20
    runs = range(4)
    one = mean(fullest(Random(), bins, bins * each, run) - each for run in runs)
    two = mean(fullest(PowerOfTwo(), bins, bins * each, run) - each for run in runs)
    every = mean(fullest(LeastRequests(), bins, bins * each, run) - each for run in runs)
    assert every == 0
    assert every <= two <= log(log(bins)) / log(2) + 2
    assert two + 2.0 < one


def test_waiting_is_counted_from_arrival_by_the_policies_that_score() -> None:
    pool = [candidate("a", quality=0.9, ttft_s=1.5), candidate("b", quality=0.7, ttft_s=0.1)]
    policy = Joint(temperature=0.0, epsilon=0.0)
    early = choose(policy, pool, query=ask(slo=Slo(ttft_s=10.0)))
    late = choose(policy, pool, query=ask(slo=Slo(ttft_s=10.0), arrived_at_s=NOW_S - 9.0))
    assert (early.index, late.index) == (0, 1)
