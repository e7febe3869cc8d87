"""How good forecasts of a trace would have been, against doing nothing clever."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

from zeta_router.learn.forecast.arrivals import STEP_S, WAPE_LIMIT, CountSeries
from zeta_router.learn.forecast.counts import MEAN_WINDOW_S

SKIP_S = 300.0
"""Forecasts made before this are not scored: there is nothing to forecast from yet."""

_Z95 = 1.96
_P90 = 0.9


def evaluate(
    arrivals_s: Sequence[float], horizon_s: float, *, skip_s: float = SKIP_S
) -> dict[str, Any]:
    """Forecast the count of the next `horizon_s` at every step of a trace, and score it.

    Args:
        arrivals_s: Arrival times in seconds, ascending, from 0.
        horizon_s: How far to forecast, a multiple of the step of 5 s.
        skip_s: Forecasts made before this are not scored.

    Returns:
        `forecasts` scored, and how many of their windows do not overlap (`independent`); `wape`,
        `wape_last_value` (the count of the last `horizon_s`) and `wape_mean_5min`;
        `coverage_p50`, `coverage_p90`, `coverage_p90_low`, `coverage_p90_high`
        (the binomial 95 % interval around .90 for that many forecasts) and `coverage_p90_inside`;
        `forecastable` and `arrivals_per_s`. Shares are None when nothing could be scored.
    """
    bins = round(horizon_s / STEP_S)
    counts = _binned(arrivals_s)
    series = CountSeries((bins,))
    window = round(MEAN_WINDOW_S / STEP_S)
    rows: list[tuple[float, ...]] = []
    for index, count in enumerate(counts):
        series.push(count)
        if (index + 1) * STEP_S < skip_s or index + bins >= len(counts):
            continue
        made = series.forecast(bins)
        recent = counts[max(0, index + 1 - window) : index + 1]
        rows.append(
            (
                float(sum(counts[index + 1 : index + 1 + bins])),
                made.expected,
                float(sum(counts[max(0, index + 1 - bins) : index + 1])),
                sum(recent) / len(recent) * bins,
                made.p50,
                made.p90,
            )
        )
    return _scored(rows, horizon_s, len(arrivals_s) / max(STEP_S, len(counts) * STEP_S))


def _binned(arrivals_s: Sequence[float]) -> list[int]:
    """Counts per step; the last step, which the trace may end within, is left out."""
    counts = [0] * (int(arrivals_s[-1] // STEP_S) if arrivals_s else 0)
    for at_s in arrivals_s:
        index = int(at_s // STEP_S)
        if index < len(counts):
            counts[index] += 1
    return counts


def _scored(
    rows: Sequence[tuple[float, ...]], horizon_s: float, arrivals_per_s: float
) -> dict[str, Any]:
    scored: dict[str, Any] = {
        "horizon_s": horizon_s,
        "forecasts": len(rows),
        "independent": -(-len(rows) // round(horizon_s / STEP_S)),
        "arrivals_per_s": arrivals_per_s,
    }
    total = sum(row[0] for row in rows)
    for index, name in ((1, "wape"), (2, "wape_last_value"), (3, "wape_mean_5min")):
        errors = sum(abs(row[index] - row[0]) for row in rows)
        scored[name] = errors / total if total > 0.0 else None
    for index, name in ((4, "coverage_p50"), (5, "coverage_p90")):
        covered = sum(row[0] <= row[index] for row in rows)
        scored[name] = covered / len(rows) if rows else None
    width = _Z95 * sqrt(_P90 * (1.0 - _P90) / len(rows)) if rows else 1.0
    scored["coverage_p90_low"] = max(0.0, _P90 - width)
    scored["coverage_p90_high"] = min(1.0, _P90 + width)
    coverage = scored["coverage_p90"]
    scored["coverage_p90_inside"] = coverage is not None and abs(coverage - _P90) <= width
    scored["forecastable"] = scored["wape"] is not None and scored["wape"] <= WAPE_LIMIT
    return scored
