"""Counters and histograms that cost a dictionary look-up, read by prometheus_client at a scrape.

`prometheus_client`'s own children take a lock and box a float at every step; these rely on one
thread writing and on `dict.copy` and list slicing being atomic for the thread that renders.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import inf

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

Labels = tuple[str, ...]

OTHER = "other"
"""Takes the place of every label of a series that would be one too many, and of unknown names."""

SERIES_LIMIT = 1000
"""Most label sets of one metric."""


class Counter:
    """A counter with labels. Key it by the labels' values, in the order of `labels`."""

    __slots__ = ("_limit", "_values", "labels", "name", "text")

    def __init__(
        self, name: str, text: str, labels: Labels = (), limit: int = SERIES_LIMIT
    ) -> None:
        self.name = name
        self.text = text
        self.labels = labels
        self._limit = limit
        self._values: dict[Labels, int] = {} if labels else {(): 0}

    def add(self, key: Labels) -> None:
        """One more."""
        values = self._values
        if key in values:
            values[key] += 1
        elif len(values) < self._limit:
            values[key] = 1
        else:
            rest = (OTHER,) * len(self.labels)
            values[rest] = values.get(rest, 0) + 1

    def value(self, key: Labels = ()) -> int:
        """How often `key` was added."""
        return self._values.get(key, 0)

    def family(self) -> CounterMetricFamily:
        """What a scrape sees."""
        family = CounterMetricFamily(self.name, self.text, labels=self.labels)
        for key, value in self._values.copy().items():
            family.add_metric(key, value)
        return family


class _Buckets:
    """One series of a histogram; `counts` has one place more than there are bounds."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0


class Histogram:
    """A histogram with labels and fixed upper bounds, rising, without infinity."""

    __slots__ = ("_limit", "_series", "bounds", "labels", "name", "refused", "text")

    def __init__(
        self,
        name: str,
        text: str,
        bounds: Sequence[float],
        labels: Labels = (),
        limit: int = SERIES_LIMIT,
    ) -> None:
        self.name = name
        self.text = text
        self.labels = labels
        self.bounds = tuple(bounds)
        self.refused = 0
        self._limit = limit
        self._series: dict[Labels, _Buckets] = {} if labels else {(): _Buckets(self.bounds)}

    def observe(self, key: Labels, value: float) -> None:
        """One more value. What is no duration (negative, NaN, infinite) is counted as refused."""
        if not 0.0 <= value < inf:
            self.refused += 1
            return
        series = self._series.get(key) or self._open(key)
        series.counts[bisect_left(series.bounds, value)] += 1
        series.sum += value

    def _open(self, key: Labels) -> _Buckets:
        if len(self._series) >= self._limit:
            key = (OTHER,) * len(self.labels)
        return self._series.setdefault(key, _Buckets(self.bounds))

    def count(self, key: Labels = ()) -> int:
        """How many values `key` has."""
        series = self._series.get(key)
        return sum(series.counts) if series else 0

    def family(self) -> HistogramMetricFamily:
        """What a scrape sees."""
        family = HistogramMetricFamily(self.name, self.text, labels=self.labels)
        for key, series in self._series.copy().items():
            total, buckets = 0, []
            for bound, count in zip((*self.bounds, inf), series.counts[:], strict=True):
                total += count
                buckets.append(("+Inf" if bound == inf else repr(bound), float(total)))
            family.add_metric(key, buckets, series.sum)
        return family
