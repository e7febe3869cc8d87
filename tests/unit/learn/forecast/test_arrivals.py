from __future__ import annotations

import json
import math
import random

import pytest

from zeta_router.core.query import Task
from zeta_router.learn.forecast.arrivals import NO_FORECAST, ArrivalForecaster, CountSeries


def arrive(forecaster: ArrivalForecaster, at_s: float, task: Task) -> None:
    """An arrival as the router tells of it."""
    forecaster.advance(at_s)
    forecaster.count(task)


def fed(
    rate_per_s: float, seconds: float, task: Task = Task.CODE, seed: int = 1
) -> ArrivalForecaster:
    """Poisson arrivals of one task from 0 on."""
    rng = random.Random(seed)
    forecaster = ArrivalForecaster()
    at_s = rng.expovariate(rate_per_s)
    while at_s < seconds:
        arrive(forecaster, at_s, task)
        at_s += rng.expovariate(rate_per_s)
    forecaster.advance(seconds)
    return forecaster


def test_nothing_seen_gives_no_forecast() -> None:
    forecaster = ArrivalForecaster()
    assert forecaster.forecast(100.0, 30.0) == NO_FORECAST
    assert forecaster.forecast(100.0, 30.0, Task.CODE) == NO_FORECAST


def test_a_steady_rate_is_forecast_for_every_horizon() -> None:
    """4/s over 15 minutes. The mean of 300 s has a standard error of 3 %; tolerance 12 %."""
    forecaster = fed(4.0, 900.0)
    for horizon_s in (5.0, 30.0, 60.0, 300.0):
        forecast = forecaster.forecast(900.0, horizon_s)
        assert forecast.expected == pytest.approx(4.0 * horizon_s, rel=0.12)
        assert forecast.p50 <= forecast.p90
        assert forecast.forecastable
        assert forecast.wape is not None
        assert forecast.wape < 0.35


def test_tasks_are_forecast_apart_and_together() -> None:
    forecaster = ArrivalForecaster()
    for second in range(600):
        arrive(forecaster, second + 0.1, Task.CODE)
        if second % 2:
            arrive(forecaster, second + 0.2, Task.SIMPLE)
    code = forecaster.forecast(600.0, 30.0, Task.CODE)
    simple = forecaster.forecast(600.0, 30.0, Task.SIMPLE)
    together = forecaster.forecast(600.0, 30.0)
    assert code.expected == pytest.approx(30.0, abs=1.0)
    assert simple.expected == pytest.approx(15.0, abs=1.0)
    assert together.expected == pytest.approx(45.0, abs=1.0)
    assert forecaster.forecast(600.0, 30.0, Task.REASONING) == NO_FORECAST


def test_wild_load_is_called_not_forecastable() -> None:
    """A burst of 50 in a random one of 20 bins, else nothing."""
    rng = random.Random(5)
    forecaster = ArrivalForecaster()
    for index in range(500):
        if rng.random() < 1 / 20:
            for _ in range(50):
                arrive(forecaster, index * 5.0 + 1.0, Task.CODE)
        forecaster.advance(index * 5.0 + 4.0)
    forecast = forecaster.forecast(2500.0, 5.0)
    assert forecast.wape is not None
    assert forecast.wape > 0.6
    assert not forecast.forecastable


def test_silence_is_counted() -> None:
    forecaster = fed(4.0, 600.0)
    assert forecaster.forecast(900.0, 30.0).expected < 4.0
    assert forecaster.forecast(905.0, 30.0).p90 >= 0.0


def test_a_long_gap_is_not_walked_through() -> None:
    forecaster = fed(4.0, 600.0)
    wape = forecaster.forecast(600.0, 30.0).wape
    after_s = 600.0 + 1e9
    assert forecaster.forecast(after_s, 30.0) == NO_FORECAST
    arrive(forecaster, after_s, Task.CODE)
    resumed = forecaster.forecast(after_s + 5.0, 30.0)
    assert resumed.expected == pytest.approx(6.0, abs=1.0)
    assert resumed.wape == pytest.approx(wape, rel=0.1)


@pytest.mark.parametrize("now_s", [math.nan, math.inf, -1e9])
def test_a_time_that_cannot_be_changes_nothing(now_s: float) -> None:
    forecaster = fed(4.0, 100.0)
    before = forecaster.state()
    forecaster.advance(now_s)
    assert forecaster.state() == before


def test_a_late_arrival_counts_in_the_open_bin() -> None:
    forecaster = ArrivalForecaster()
    arrive(forecaster, 12.0, Task.CODE)
    arrive(forecaster, 3.0, Task.CODE)
    assert forecaster.forecast(15.0, 5.0).expected == pytest.approx(2.0)


def test_a_horizon_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(KeyError):
        ArrivalForecaster().forecast(0.0, 17.0)


def test_restored_it_goes_on_nearly_as_if_nothing_had_happened() -> None:
    """Lost are the bin that was open and the lessons of forecasts whose outcome was open."""
    forecaster, copy, other = fed(3.0, 700.0), ArrivalForecaster(), ArrivalForecaster()
    arrive(forecaster, 701.0, Task.SIMPLE)
    state = json.loads(json.dumps(forecaster.state()))
    copy.restore(state)
    other.restore(state)
    assert copy.state() == forecaster.state() == other.state()
    for each in (forecaster, copy, other):
        for second in range(703, 1100):
            arrive(each, float(second), Task.CODE)
        each.advance(1100.0)
    assert copy.state() == other.state()
    for horizon_s in (5.0, 300.0):
        went_on = forecaster.forecast(1100.0, horizon_s, Task.CODE)
        assert copy.forecast(1100.0, horizon_s, Task.CODE).expected == pytest.approx(
            went_on.expected, rel=0.1
        )


def test_a_series_restores_only_the_horizons_it_has() -> None:
    series = CountSeries((1, 6))
    for count in range(30):
        series.push(float(count))
    shorter = CountSeries((6,))
    shorter.restore(series.state())
    assert shorter.forecast(6) == series.forecast(6)
