from __future__ import annotations

import json
import random

import pytest

from zeta_router.learn.latency.rls import Rls


def test_before_any_observation_it_is_the_prior() -> None:
    assert Rls((2.0, 3.0), (1.0, 1.0)).coefficients == pytest.approx((2.0, 3.0))


def test_it_recovers_known_coefficients_from_noise() -> None:
    """2,000 observations with noise .05: standard errors are about .003, so .02 is six of them."""
    rng = random.Random(1)
    rls = Rls((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    for _ in range(2000):
        x = (1.0, rng.uniform(0, 1), rng.uniform(0, 1))
        rls.update(x, 0.5 * x[0] + 2.0 * x[1] + 0.3 * x[2] + rng.gauss(0.0, 0.05))
    assert rls.coefficients == pytest.approx((0.5, 2.0, 0.3), abs=0.02)


def test_one_observation_by_hand() -> None:
    """Prior 1 worth 1, observation 3 worth 1: the mean."""
    rls = Rls((1.0,), (1.0,), prior_weight=1.0, forgetting=1.0)
    rls.update((1.0,), 3.0)
    assert rls.coefficients == pytest.approx((2.0,))
    rls.update((1.0,), 3.0, weight=2.0)
    assert rls.coefficients == pytest.approx(((1.0 + 3.0 + 2.0 * 3.0) / 4.0,))


def test_scale_says_how_far_a_prior_may_lie() -> None:
    """Of two coefficients that explain a surprise equally, the one of larger scale gives way."""
    rls = Rls((0.0, 0.0), (1.0, 10.0), prior_weight=1.0)
    rls.update((1.0, 1.0), 5.0)
    tight, loose = rls.coefficients
    assert loose == pytest.approx(100.0 * tight)


def test_no_coefficient_goes_below_zero_and_the_others_are_refitted() -> None:
    """y = 1 - .5 x on x in {0, 1, 2}: without a negative slope the best is the mean."""
    rls = Rls((0.0, 0.0), (1.0, 1.0), prior_weight=1e-6, forgetting=1.0)
    for x in (0.0, 1.0, 2.0):
        rls.update((1.0, x), 1.0 - 0.5 * x)
    assert rls.coefficients == pytest.approx((0.5, 0.0), abs=1e-4)
    free = Rls((0.0, 0.0), (1.0, 1.0), prior_weight=1e-6, forgetting=1.0, nonnegative=False)
    for x in (0.0, 1.0, 2.0):
        free.update((1.0, x), 1.0 - 0.5 * x)
    assert free.coefficients == pytest.approx((1.0, -0.5), abs=1e-4)


def test_a_direction_that_is_never_shown_keeps_its_prior() -> None:
    """20,000 equal inputs make a covariance-form fit explode; here the second stays as it was."""
    rls = Rls((1.0, 7.0), (1.0, 1.0), forgetting=0.99)
    for _ in range(20_000):
        rls.update((1.0, 0.0), 2.0)
    assert rls.coefficients == pytest.approx((2.0, 7.0), abs=1e-2)


def test_it_forgets() -> None:
    rls = Rls((0.0,), (1.0,), forgetting=0.99)
    for _ in range(1000):
        rls.update((1.0,), 1.0)
    for _ in range(300):
        rls.update((1.0,), 5.0)
    assert rls.coefficients[0] == pytest.approx(5.0 - 4.0 * 0.99**300, abs=0.01)


def test_inputs_that_repeat_each_other_do_no_harm() -> None:
    rls = Rls((0.0, 0.0), (1.0, 1.0))
    for _ in range(5000):
        rls.update((1.0, 1.0), 4.0)
    assert sum(rls.coefficients) == pytest.approx(4.0, abs=0.01)


def test_merging_equals_observing_both() -> None:
    rng = random.Random(2)
    rows = [((1.0, rng.random()), rng.random()) for _ in range(40)]
    one, other, both = (Rls((0.0, 0.0), (1.0, 1.0), forgetting=1.0) for _ in range(3))
    for index, (x, y) in enumerate(rows):
        (one if index % 2 else other).update(x, y)
        both.update(x, y)
    one.merge(other)
    assert one.coefficients == pytest.approx(both.coefficients)


def test_state_restores_it() -> None:
    rng = random.Random(3)
    rls = Rls((1.0, 1.0), (1.0, 1.0))
    for _ in range(50):
        rls.update((1.0, rng.random()), rng.random())
    copy = Rls((1.0, 1.0), (1.0, 1.0))
    copy.restore(json.loads(json.dumps(rls.state())))
    assert copy.coefficients == rls.coefficients
    rls.update((1.0, 0.5), 0.7)
    copy.update((1.0, 0.5), 0.7)
    assert copy.coefficients == rls.coefficients
