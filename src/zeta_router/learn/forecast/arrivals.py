"""How many queries of each task will arrive in the next seconds to minutes.

A forecast alone never sheds anything: it sets price floors, holds back batch work and loads models
ahead. Where its own error says that it is worthless, it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite
from typing import Any

from zeta_router.core.query import Task
from zeta_router.learn.forecast.counts import RecentCounts
from zeta_router.learn.forecast.horizon import Horizon

STEP_S = 5.0
HORIZONS_S = (5.0, 30.0, 60.0, 300.0)
WAPE_LIMIT = 0.6
"""Above this share of error a series counts as not forecastable."""

_ALL = "all"
_LONGEST_GAP_BINS = 60
"""Bins without arrivals that are counted as such after a pause; a longer one starts anew."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Arrivals within a horizon from now.

    Attributes:
        expected: The count to go by; its errors are what `wape` measures.
        p50: Median of the count.
        p90: Bound that the count stays under 90 times in 100.
        forecastable: Whether `wape` is known and at most `WAPE_LIMIT`.
        wape: Sum of absolute errors over sum of counts, lately; None before any outcome.
        coverage_p90: Share of counts that p90 held for, lately; None before any outcome.
    """

    expected: float
    p50: float
    p90: float
    forecastable: bool
    wape: float | None
    coverage_p90: float | None = None


NO_FORECAST = Forecast(0.0, 0.0, 0.0, forecastable=False, wape=None)
"""The forecast for a series that nothing is known of."""


class CountSeries:
    """One series of counts with its forecasts over several horizons, bin by bin.

    Args:
        horizons_bins: Horizons in bins, each >= 1.
        step_s: Width of a bin in seconds.
    """

    __slots__ = ("counts", "horizons")

    def __init__(self, horizons_bins: Sequence[int], step_s: float = STEP_S) -> None:
        self.counts = RecentCounts(step_s)
        self.horizons = {bins: Horizon(bins) for bins in horizons_bins}

    def push(self, count: float) -> None:
        """Close a bin and forecast anew."""
        self.counts.push(count)
        for horizon in self.horizons.values():
            horizon.step(self.counts)

    def forecast(self, bins: int) -> Forecast:
        """The latest forecast over a horizon of `bins`."""
        horizon = self.horizons[bins]
        issued = horizon.latest
        if issued is None:
            return NO_FORECAST
        wape = horizon.wape
        known = wape is not None and wape <= WAPE_LIMIT
        coverage = horizon.coverage_p90
        return Forecast(issued.expected, issued.p50, issued.p90, known, wape, coverage)

    def interrupt(self) -> None:
        """Forget the counts after a long silence; what was learned stays."""
        self.counts.clear()
        for horizon in self.horizons.values():
            horizon.interrupt()

    def state(self) -> dict[str, Any]:
        """Everything it knows, as plain values."""
        horizons = [[bins, horizon.state()] for bins, horizon in self.horizons.items()]
        return {"counts": self.counts.state(), "horizons": horizons}

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what it knows by an earlier `state()`; horizons it does not have are left out."""
        self.counts.restore(state["counts"])
        for bins, horizon in state["horizons"]:
            if bins in self.horizons:
                self.horizons[bins].restore(horizon)


class ArrivalForecaster:
    """Forecasts arrivals per task and in all, from the arrivals it is told of.

    Closing a bin costs 1-2 ms for five series; call `advance` from a timer every `STEP_S`, so that
    no decision pays for it.
    """

    __slots__ = ("_bin", "_horizons_bins", "_open", "_saved", "_series")

    def __init__(self, horizons_s: Sequence[float] = HORIZONS_S) -> None:
        self._horizons_bins = {horizon_s: round(horizon_s / STEP_S) for horizon_s in horizons_s}
        self._bin: int | None = None
        self._open: dict[str, float] = {}
        self._series: dict[str, CountSeries] = {}
        self._saved: dict[str, Any] | None = None

    @property
    def horizons_s(self) -> tuple[float, ...]:
        """The horizons that are forecast, in seconds."""
        return tuple(self._horizons_bins)

    def count(self, task: Task) -> None:
        """Count one arrival in the bin that is open, whatever time it is: under 1 µs."""
        open_counts = self._open
        name = task._value_
        open_counts[name] = open_counts.get(name, 0.0) + 1.0
        open_counts[_ALL] = open_counts.get(_ALL, 0.0) + 1.0

    def latest(self, horizon_s: float) -> dict[str, Forecast]:
        """The latest forecasts by task, and of `all`; empty before the first bin was closed."""
        bins = self._horizons_bins[horizon_s]
        return {name: series.forecast(bins) for name, series in self._series.items()}

    def spread(self, horizon_s: float, levels: Sequence[float]) -> tuple[float, ...]:
        """Quantiles of the arrivals of all tasks within `horizon_s`; 0 before the first bin."""
        series = self._series.get(_ALL)
        if series is None:
            return (0.0,) * len(levels)
        return series.horizons[self._horizons_bins[horizon_s]].spread(levels)

    def forecast(self, now_s: float, horizon_s: float, task: Task | None = None) -> Forecast:
        """Arrivals of `task` (None: of all tasks) within `horizon_s` of the last closed bin.

        Raises:
            KeyError: `horizon_s` is none of the horizons given at the start.
        """
        bins = self._horizons_bins[horizon_s]
        self.advance(now_s)
        series = self._series.get(_ALL if task is None else task.value)
        return series.forecast(bins) if series is not None else NO_FORECAST

    def advance(self, now_s: float) -> None:
        """Close every bin that ended by `now_s`; a time before the open bin changes nothing."""
        if not isfinite(now_s):
            return
        current = floor(now_s / STEP_S)
        if self._bin is None:
            self._bin = current
            self._saved = None
        elif current > self._bin:
            self._close(current - self._bin)
            self._bin = current

    def state(self) -> dict[str, Any]:
        """Everything it knows of closed bins, as plain values; the open one is not kept.

        The same object until a bin is closed: it is large, and asked for more often than that.
        """
        if self._saved is None:
            series = {name: one.state() for name, one in self._series.items()}
            self._saved = {"bin": self._bin, "series": series}
        return self._saved

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what it knows by an earlier `state()`."""
        restored = {}
        for name, one in state["series"].items():
            restored[name] = self._new_series()
            restored[name].restore(one)
        self._bin = None if state["bin"] is None else int(state["bin"])
        self._open = {}
        self._series = restored
        self._saved = None

    def _new_series(self) -> CountSeries:
        return CountSeries(tuple(self._horizons_bins.values()))

    def _close(self, bins: int) -> None:
        self._saved = None
        for name in self._open:
            if name not in self._series:
                self._series[name] = self._new_series()
        for name, series in self._series.items():
            series.push(self._open.get(name, 0.0))
            if bins > _LONGEST_GAP_BINS:
                series.interrupt()
                continue
            for _ in range(bins - 1):
                series.push(0.0)
        self._open.clear()
