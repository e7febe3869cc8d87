from __future__ import annotations

import math
import random

import pytest

from zeta_router.learn.forecast.evaluate import evaluate


def poisson(rate_per_s: float, seconds: float, seed: int = 1) -> list[float]:
    rng = random.Random(seed)
    arrivals, at_s = [], rng.expovariate(rate_per_s)
    while at_s < seconds:
        arrivals.append(at_s)
        at_s += rng.expovariate(rate_per_s)
    return arrivals


def test_the_references_by_hand() -> None:
    """One arrival a second, then ten: at 5 s, last value and 5-minute mean are known."""
    arrivals = [index + 0.5 for index in range(600)] + [600.0 + index / 10 for index in range(50)]
    arrivals.append(605.0)
    scored = evaluate(arrivals, 5.0)
    assert scored["forecasts"] == 61
    assert scored["wape_last_value"] == pytest.approx(45.0 / (60 * 5 + 50))
    assert scored["wape_mean_5min"] == pytest.approx(45.0 / (60 * 5 + 50))


def test_steady_load_is_forecast_as_well_as_chance_allows() -> None:
    """Poisson 4/s over 30 s: E|N - 120| = 8.74, so .073 is the best; the last value has .103."""
    scored = evaluate(poisson(4.0, 4000.0), 30.0)
    assert scored["wape"] == pytest.approx(0.078, abs=0.008)
    assert scored["wape"] < scored["wape_last_value"]
    assert scored["wape"] <= 1.02 * scored["wape_mean_5min"]
    assert scored["forecastable"]
    assert scored["arrivals_per_s"] == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("seed", range(4))
def test_the_p90_bound_covers_steady_load(seed: int) -> None:
    """700 forecasts whose windows overlap six times: ±.04 is about one and a half errors of 117."""
    scored = evaluate(poisson(3.0, 3800.0, seed), 30.0)
    assert scored["coverage_p90"] == pytest.approx(0.9, abs=0.04)
    width = 1.96 * math.sqrt(0.09 / scored["forecasts"])
    assert scored["coverage_p90_low"] == pytest.approx(0.9 - width)
    assert scored["coverage_p90_high"] == pytest.approx(0.9 + width)


def test_drifting_load_is_followed_better_than_the_five_minute_mean() -> None:
    """Rate 2 … 10/s in a wave of ten minutes."""
    rng = random.Random(3)
    arrivals, at_s = [], 0.0
    while at_s < 3600.0:
        at_s += rng.expovariate(6.0 + 4.0 * math.sin(at_s * math.tau / 600.0))
        arrivals.append(at_s)
    scored = evaluate(arrivals, 30.0)
    assert scored["wape"] < 0.7 * scored["wape_mean_5min"]
    assert scored["wape"] < 1.15 * scored["wape_last_value"]


@pytest.mark.parametrize("arrivals", [[], [0.0], [0.0, 100.0], poisson(1.0, 200.0)])
def test_a_trace_too_short_to_score_says_so(arrivals: list[float]) -> None:
    scored = evaluate(arrivals, 30.0)
    assert scored["forecasts"] == 0
    assert scored["wape"] is None
    assert scored["coverage_p90"] is None
    assert not scored["coverage_p90_inside"]
    assert not scored["forecastable"]


def test_it_is_deterministic() -> None:
    arrivals = poisson(2.0, 900.0)
    assert evaluate(arrivals, 60.0) == evaluate(arrivals, 60.0)
