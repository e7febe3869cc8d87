from __future__ import annotations

import json
import random

import pytest

from zeta_router.learn.forecast.counts import RecentCounts
from zeta_router.learn.forecast.horizon import Horizon


def run(horizon: Horizon, counts: list[float]) -> RecentCounts:
    recent = RecentCounts(5.0)
    for count in counts:
        recent.push(count)
        horizon.step(recent)
    return recent


def test_a_constant_rate_is_forecast_exactly() -> None:
    horizon = Horizon(6)
    run(horizon, [20.0] * 100)
    assert horizon.latest is not None
    assert horizon.latest.expected == pytest.approx(120.0, rel=0.01)
    assert horizon.wape == pytest.approx(0.0, abs=0.01)


def test_there_is_no_score_before_the_first_outcome() -> None:
    horizon = Horizon(6)
    run(horizon, [20.0] * 6)
    assert horizon.wape is None
    run(horizon, [20.0])
    assert horizon.wape is not None


def test_a_series_of_nothing_has_no_share_of_error() -> None:
    horizon = Horizon(1)
    run(horizon, [0.0] * 50)
    assert horizon.wape is None
    assert horizon.latest is not None
    assert horizon.latest.expected == pytest.approx(0.0, abs=0.1)


def test_the_regression_learns_what_the_averages_cannot() -> None:
    """Long alternating spells of 5 and 50: over one bin the last count says almost all."""
    rng = random.Random(1)
    counts = [rng.gauss(50.0 if (index // 20) % 2 else 5.0, 1.0) for index in range(2000)]
    horizon = Horizon(1)
    run(horizon, [max(0.0, count) for count in counts])
    mean_error = 22.5 / 27.5
    assert horizon.wape is not None
    assert horizon.wape < 0.35 * mean_error


def test_the_regression_cannot_run_away() -> None:
    horizon = Horizon(1)
    recent = run(horizon, [1.0, 1e6] * 50)
    recent.push(1e6)
    horizon.step(recent)
    assert horizon.latest is not None
    assert horizon.latest.experts[2] <= 10.0 * 1e6 + 1.0


def test_an_interruption_drops_open_forecasts_and_keeps_the_lessons() -> None:
    horizon = Horizon(6)
    run(horizon, [20.0] * 100)
    score = horizon.wape
    horizon.interrupt()
    assert horizon.latest is None
    assert horizon.wape == score
    run(horizon, [500.0] * 6)
    assert horizon.wape == score


def test_state_restores_it() -> None:
    rng = random.Random(3)
    counts = [float(rng.randint(0, 30)) for _ in range(80)]
    horizon, copy = Horizon(6), Horizon(6)
    recent = run(horizon, counts)
    copy.restore(json.loads(json.dumps(horizon.state())))
    assert copy.latest == horizon.latest
    assert copy.wape == horizon.wape
    assert copy.coverage_p90 == horizon.coverage_p90
    score = copy.wape
    for number in range(6):
        assert copy.wape == score, "the forecasts before the saved one are not scored"
        recent.push(float(number))
        horizon.step(recent)
        copy.step(recent)
    assert copy.wape != score
    assert horizon.latest is not None
    assert copy.latest is not None
    assert copy.latest.expected == pytest.approx(horizon.latest.expected, rel=0.2)


def test_beyond_a_minute_the_regression_takes_no_part() -> None:
    horizon = Horizon(60)
    run(horizon, [20.0] * 130)
    assert horizon.latest is not None
    assert horizon.latest.features == ()
    assert len(horizon.latest.experts) == 5
    assert horizon.latest.expected == pytest.approx(1200.0)
    copy = Horizon(60)
    copy.restore(json.loads(json.dumps(horizon.state())))
    assert copy.latest == horizon.latest
