"""Gauges of the load that is forecast, by task; `all` is the sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zeta_router.learn.forecast.arrivals import Forecast
from zeta_router.telemetry.metrics.gauges import Gauge, Reading

ARRIVALS = Gauge(
    "zeta_forecast_arrivals",
    "Queries forecast to arrive within 30 s: their median (0.5) and the bound that should hold 90 "
    "times in 100 (0.9). Task all is the sum.",
    ("task", "quantile"),
)
WAPE = Gauge(
    "zeta_forecast_wape_ratio",
    "Sum of the forecast's absolute errors over the sum of counts, of about the last 20 minutes.",
    ("task",),
)
COVERAGE = Gauge(
    "zeta_forecast_coverage_ratio",
    "Share of counts that the 0.9 bound held for, of about the last 20 minutes.",
    ("task",),
)
FORECASTABLE = Gauge(
    "zeta_forecast_forecastable",
    "1 where the error is small enough to go by (WAPE of 0.6 or less), else 0.",
    ("task",),
)

FORECAST_GAUGES = (ARRIVALS, WAPE, COVERAGE, FORECASTABLE)
"""All of them, in the order of the reference page."""


def forecast_gauges(forecasts: Mapping[str, Forecast]) -> Iterator[Reading]:
    """The forecasts as gauges; what is not known yet is left out, never 0."""
    yield (
        ARRIVALS,
        [
            ((task, quantile), value)
            for task, each in forecasts.items()
            for quantile, value in (("0.5", each.p50), ("0.9", each.p90))
        ],
    )
    scored = {task: each for task, each in forecasts.items() if each.wape is not None}
    yield WAPE, [((task,), each.wape) for task, each in scored.items() if each.wape is not None]
    yield (
        COVERAGE,
        [
            ((task,), each.coverage_p90)
            for task, each in scored.items()
            if each.coverage_p90 is not None
        ],
    )
    yield FORECASTABLE, [((task,), int(each.forecastable)) for task, each in scored.items()]
