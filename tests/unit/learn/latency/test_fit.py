from __future__ import annotations

import json
import math
import random

import pytest

from zeta_router.learn.latency.fit import RATE_CLIP, RATE_RANGE, RATE_STEP, LatencyFit


def test_the_rate_step_by_hand() -> None:
    """A fit that cannot move (its feature is 0): the whole surprise goes to the rate."""
    fit = LatencyFit((1.0, 0.0), (1e-9, 1.0))
    fit.learn((1.0, 0.0), 2.0)
    assert fit.rate == pytest.approx(math.exp(RATE_STEP * math.log(2.0)), rel=1e-6)
    fit = LatencyFit((1.0, 0.0), (1e-9, 1.0))
    fit.learn((1.0, 0.0), 1000.0)
    assert fit.rate == pytest.approx(math.exp(RATE_STEP * RATE_CLIP), rel=1e-6)


def test_it_answers_the_surprise_before_learning() -> None:
    fit = LatencyFit((1.0,), (1.0,))
    assert fit.learn((1.0,), 3.0) == pytest.approx(math.log(3.0))


def test_the_rate_stays_in_its_range() -> None:
    low, high = RATE_RANGE
    for observed_s, bound in ((1e4, high), (1e-4, low)):
        fit = LatencyFit((1.0, 0.0), (1e-9, 1.0))
        for _ in range(500):
            fit.learn((1.0, 0.0), observed_s)
        assert fit.rate == bound


def test_a_slow_hour_goes_to_the_rate_and_comes_back() -> None:
    rng = random.Random(1)
    fit = LatencyFit((0.1,), (0.1,))

    def serve(times: int, slower: float) -> None:
        for _ in range(times):
            fit.learn((1.0,), slower * 0.1 * rng.lognormvariate(0.0, 0.1))

    serve(1000, 1.0)
    assert fit.rate == pytest.approx(1.0, abs=0.1)
    serve(50, 3.0)
    assert fit.rate == pytest.approx(3.0, rel=0.2)
    serve(80, 1.0)
    assert fit.rate * fit.rls.coefficients[0] == pytest.approx(0.1, rel=0.1)


def test_small_times_count_as_much_as_large_ones() -> None:
    """20 ms and 2 s, both 10 % off in opposite ways: neither is sacrificed to the other."""
    fit = LatencyFit((0.02, 0.0), (0.02, 1.0))
    for _ in range(2000):
        fit.learn((1.0, 0.0), 0.022)
        fit.learn((1.0, 1.0), 2.2)
    base, slope = fit.rls.coefficients
    assert fit.rate * base == pytest.approx(0.022, rel=0.02)
    assert fit.rate * (base + slope) == pytest.approx(2.2, rel=0.02)


def test_state_restores_it() -> None:
    fit, copy = LatencyFit((1.0, 1.0), (1.0, 1.0)), LatencyFit((1.0, 1.0), (1.0, 1.0))
    for index in range(40):
        fit.learn((1.0, index / 10), 2.0 + index / 5)
    copy.restore(json.loads(json.dumps(fit.state())))
    assert copy.learn((1.0, 2.0), 9.0) == fit.learn((1.0, 2.0), 9.0)
    assert (copy.rate, copy.rls.coefficients) == (fit.rate, fit.rls.coefficients)
