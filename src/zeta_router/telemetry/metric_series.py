"""Counters and histograms that cost an addition, read by prometheus_client at a scrape.

`prometheus_client`'s own children take a lock and box a float at every step; these rely on one
thread writing and on `dict.copy` and list slicing being atomic for the thread that renders.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from math import inf
from typing import Generic, TypeVar

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from zeta_router.telemetry.exposition import head, sample

Labels = tuple[str, ...]

OTHER = "other"
"""Takes the place of every label of a series that would be one too many, and of unknown names."""

SERIES_LIMIT = 1000
"""Most label sets of one metric."""


class Count:
    """One series of a counter."""

    __slots__ = ("n",)

    def __init__(self) -> None:
        self.n = 0


class Buckets:
    """One series of a histogram; `counts` has one place more than there are bounds."""

    __slots__ = ("bounds", "counts", "refused", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0
        self.refused = 0

    def observe(self, value: float) -> None:
        """One more value. What is no duration (negative, NaN, infinite) is refused and counted."""
        if 0.0 <= value < inf:
            self.counts[bisect_left(self.bounds, value)] += 1
            self.sum += value
        else:
            self.refused += 1


Series = TypeVar("Series", Count, Buckets)


class _Metric(Generic[Series]):
    """A name with its series. A series is looked up once and then kept by whoever counts."""

    def __init__(
        self,
        name: str,
        text: str,
        labels: Labels,
        limit: int,
        make: Callable[[], Series],
    ) -> None:
        self.name = name
        self.help = text
        self.labels = labels
        self._limit = limit
        self._make: Callable[[], Series] = make
        self._series: dict[Labels, Series] = {} if labels else {(): make()}
        self._lines: dict[Labels, tuple[str, ...]] = {}

    def of(self, *key: str) -> Series:
        """The series of these labels, in the order of `labels`; a new one where it is missing.

        Once there are as many as may be, every new one is the series of `OTHER`.
        """
        series = self._series.get(key)
        if series is not None:
            return series
        if len(self._series) >= self._limit:
            key = (OTHER,) * len(self.labels)
        return self._series.setdefault(key, self._make())

    def lines_of(self, key: Labels) -> tuple[str, ...]:
        """The lines of a series up to their numbers, made once."""
        lines = self._lines.get(key)
        if lines is None:
            lines = self._lines[key] = tuple(self._sample_lines(key))
        return lines

    def _sample_lines(self, key: Labels) -> Iterator[str]:
        raise NotImplementedError

    def items(self) -> list[tuple[Labels, Series]]:
        """All series at this moment, for another thread to read."""
        return list(self._series.copy().items())


class Counter(_Metric[Count]):
    """A counter with labels; its name is written without `_total`."""

    def __init__(
        self, name: str, text: str, labels: Labels = (), limit: int = SERIES_LIMIT
    ) -> None:
        super().__init__(name, text, labels, limit, Count)

    def family(self) -> CounterMetricFamily:
        """What a scrape sees."""
        family = CounterMetricFamily(self.name, self.help, labels=self.labels)
        for key, count in self.items():
            family.add_metric(key, count.n)
        return family

    def text(self) -> str:
        """The same, as Prometheus reads it."""
        parts = [head(f"{self.name}_total", self.help, "counter")]
        for key, count in self.items():
            parts += (*self.lines_of(key), str(count.n), "\n")
        return "".join(parts)

    def _sample_lines(self, key: Labels) -> Iterator[str]:
        yield sample(f"{self.name}_total", zip(self.labels, key, strict=True))


class Histogram(_Metric[Buckets]):
    """A histogram with labels and fixed upper bounds, rising, without infinity."""

    def __init__(
        self,
        name: str,
        text: str,
        bounds: Sequence[float],
        labels: Labels = (),
        limit: int = SERIES_LIMIT,
    ) -> None:
        self.bounds = tuple(bounds)
        super().__init__(name, text, labels, limit, lambda: Buckets(self.bounds))
        self._marks = (*map(repr, self.bounds), "+Inf")

    def family(self) -> HistogramMetricFamily:
        """What a scrape sees."""
        family = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        for key, series in self.items():
            totals = accumulate(series.counts[:])
            family.add_metric(key, list(zip(self._marks, totals, strict=True)), series.sum)
        return family

    def text(self) -> str:
        """The same, as Prometheus reads it."""
        parts = [head(self.name, self.help, "histogram")]
        for key, series in self.items():
            *buckets, count_line, sum_line = self.lines_of(key)
            totals = list(accumulate(series.counts[:]))
            for line, total in zip(buckets, totals, strict=True):
                parts += (line, str(total), "\n")
            parts += (count_line, str(totals[-1]), "\n", sum_line, repr(series.sum), "\n")
        return "".join(parts)

    def _sample_lines(self, key: Labels) -> Iterator[str]:
        labels = tuple(zip(self.labels, key, strict=True))
        for mark in self._marks:
            yield sample(f"{self.name}_bucket", (*labels, ("le", mark)))
        yield sample(f"{self.name}_count", labels)
        yield sample(f"{self.name}_sum", labels)

    @property
    def refused(self) -> int:
        """Values that were no durations."""
        return sum(series.refused for _, series in self.items())
