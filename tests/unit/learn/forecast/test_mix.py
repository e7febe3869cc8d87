from __future__ import annotations

import json
import math
import random

import pytest

from zeta_router.learn.forecast.mix import LOSS_CLIP, SHARE, Mix

START = (0.25, 0.5, 0.25)


def test_before_any_outcome_it_goes_by_the_reference() -> None:
    mixed, used = Mix(START, 1, 1).combine((4.0, 8.0, 16.0))
    assert mixed == pytest.approx(9.0)
    assert used == 8.0


def test_one_step_by_hand() -> None:
    """Losses 0, 3, 6: scale 3, eta 1/2, so weights times 1, e^-.5, e^-1, then .005 dealt out."""
    mix = Mix(START, 1, 1)
    mix.learn((10.0, 13.0, 16.0), 13.0, 10.0)
    grown = [0.25, 0.5 * math.exp(-0.5), 0.25 * math.exp(-1.0)]
    expected = [(1 - SHARE) * w / sum(grown) + SHARE * s for w, s in zip(grown, START, strict=True)]
    assert mix.weights == pytest.approx(expected)


def test_the_best_forecast_gets_nearly_all_weight_and_is_used() -> None:
    rng = random.Random(1)
    mix = Mix(START, 1, 1)
    for _ in range(300):
        actual = rng.uniform(50, 100)
        forecasts = (actual + rng.gauss(0, 1), 75.0, 20.0)
        mixed, _ = mix.combine(forecasts)
        mix.learn(forecasts, mixed, actual)
    assert mix.weights[0] > 0.95
    mixed, used = mix.combine((60.0, 75.0, 20.0))
    assert used == mixed == pytest.approx(60.0, abs=1.0)


def test_a_forecast_that_was_bad_can_come_back() -> None:
    mix = Mix(START, 1, 1)
    for _ in range(500):
        mix.learn((10.0, 50.0, 90.0), 40.0, 10.0)
    assert mix.weights[2] < 0.01
    for _ in range(60):
        mix.learn((10.0, 50.0, 90.0), 40.0, 90.0)
    assert mix.weights[2] > 0.5


def test_it_gives_way_to_a_reference_that_is_better() -> None:
    """The reference is right, the others scatter: the mix is worse, and is not used."""
    rng = random.Random(2)
    mix = Mix(START, 1, 1)
    for _ in range(200):
        forecasts = (rng.uniform(50, 150), 100.0, rng.uniform(50, 150))
        mixed, _ = mix.combine(forecasts)
        mix.learn(forecasts, mixed, 100.0)
    assert mix.combine((60.0, 100.0, 50.0))[1] == 100.0


def test_one_huge_miss_costs_a_bounded_share() -> None:
    mix = Mix(START, 1, 1)
    for _ in range(20):
        mix.learn((10.0, 10.0, 10.0), 10.0, 11.0)
    before = mix.weights
    mix.learn((1e9, 10.0, 10.0), 10.0, 10.0)
    assert mix.weights[0] >= before[0] * math.exp(-LOSS_CLIP / 2) * (1 - SHARE)


def test_perfect_forecasts_divide_by_nothing() -> None:
    mix = Mix(START, 1, 1)
    mix.learn((0.0, 0.0, 0.0), 0.0, 0.0)
    assert mix.weights == pytest.approx(START)


def test_state_restores_it() -> None:
    mix, copy = Mix(START, 1, 6), Mix(START, 1, 6)
    for actual in (3.0, 9.0, 4.0):
        mix.learn((4.0, 5.0, 6.0), 5.0, actual)
    copy.restore(json.loads(json.dumps(mix.state())))
    mix.learn((4.0, 5.0, 6.0), 5.0, 2.0)
    copy.learn((4.0, 5.0, 6.0), 5.0, 2.0)
    assert copy.weights == mix.weights
    assert copy.combine((1.0, 2.0, 3.0)) == mix.combine((1.0, 2.0, 3.0))
