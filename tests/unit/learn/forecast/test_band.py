from __future__ import annotations

import json
import math
import random

import pytest

from zeta_router.learn.forecast.band import Band


def test_without_errors_it_is_the_poisson_bound() -> None:
    p50, p90 = Band(1).around(99.0)
    assert p50 == 99.0
    assert p90 == pytest.approx(99.0 + 1.2816 * 10.0)


def test_quantiles_of_seen_errors_by_hand() -> None:
    """Scaled errors -5 … 14 of 20 forecasts; level .9 · (1 + 1/20) = .945, so the 19th of 20."""
    band = Band(1)
    for error in range(-5, 15):
        band.learn(99.0, 1e9, 99.0 + 10.0 * error)
    band.level = 0.9
    p50, p90 = band.around(99.0)
    assert p50 == pytest.approx(99.0 + 10.0 * 4)
    assert p90 == pytest.approx(99.0 + 10.0 * 13)


def test_few_errors_take_the_largest() -> None:
    """Nine errors: the quantile at .9 * (1 + 1/9) is the largest of them."""
    band = Band(60)
    for error in range(9):
        band.learn(0.0, 1e9, float(error))
    band.level = 0.9
    assert band.around(0.0)[1] == pytest.approx(8.0)


def test_misses_widen_it_and_hits_narrow_it_slowly() -> None:
    band = Band(1)
    band.learn(10.0, 12.0, 20.0)
    assert band.level == pytest.approx(0.9 + 0.02 * 0.9)
    band.level = 0.9
    band.learn(10.0, 12.0, 10.0)
    assert band.level == pytest.approx(0.9 - 0.02 * 0.1)


@pytest.mark.parametrize(("rate", "overlap"), [(2.0, 1), (30.0, 1), (30.0, 6)])
def test_it_covers_poisson_counts_nine_times_in_ten(rate: float, overlap: int) -> None:
    """4,000 forecasts; three standard errors of the share, wider where windows overlap."""
    rng = random.Random(7)
    counts = [_poisson(rng, rate) for _ in range(4000 + overlap)]
    band = Band(overlap)
    issued: list[float] = []
    hits = 0
    expected = rate * overlap
    for index in range(4000):
        if index >= overlap:
            start = index - overlap
            band.learn(expected, issued[start], sum(counts[start : start + overlap]))
        issued.append(band.around(expected)[1])
        hits += sum(counts[index : index + overlap]) <= issued[index]
    assert hits / 4000 == pytest.approx(0.9, abs=3 * math.sqrt(0.09 * overlap / 4000))


def test_bounds_are_ordered_and_never_negative() -> None:
    band = Band(1)
    for _ in range(50):
        band.learn(100.0, 120.0, 0.0)
    p50, p90 = band.around(3.0)
    assert 0.0 <= p50 <= p90


def test_state_restores_it() -> None:
    band, copy = Band(3), Band(3)
    for error in range(12):
        band.learn(10.0, 12.0, 8.0 + error)
    copy.restore(json.loads(json.dumps(band.state())))
    assert copy.around(17.0) == band.around(17.0)


def _poisson(rng: random.Random, rate: float) -> float:
    count, product, limit = 0, rng.random(), math.exp(-rate)
    while product > limit:
        count += 1
        product *= rng.random()
    return float(count)
