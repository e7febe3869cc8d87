from __future__ import annotations

from zeta_router.learn.forecast.arrivals import NO_FORECAST, Forecast
from zeta_router.telemetry.metrics.forecast import ARRIVALS, FORECASTABLE, WAPE, forecast_gauges


def test_quantiles_and_scores_by_task() -> None:
    code = Forecast(10.0, 9.0, 14.0, forecastable=False, wape=0.7, coverage_p90=0.9)
    read = dict(forecast_gauges({"code": code}))
    assert read[ARRIVALS] == [(("code", "0.5"), 9.0), (("code", "0.9"), 14.0)]
    assert read[WAPE] == [(("code",), 0.7)]
    assert read[FORECASTABLE] == [(("code",), 0)]


def test_what_is_not_scored_yet_is_left_out() -> None:
    read = dict(forecast_gauges({"code": NO_FORECAST}))
    assert read[WAPE] == []
    assert read[FORECASTABLE] == []
