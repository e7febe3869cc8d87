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

from zeta_router.telemetry.metrics.exposition import head, sample

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

PIECE_LINES = 200
"""Lines after which a rendering pauses; about 0.1 ms."""


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
        self._templates: dict[Labels, str] = {}

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

    def template_of(self, key: Labels) -> str:
        """The lines of a series with gaps for their numbers, made once."""
        template = self._templates.get(key)
        if template is None:
            lines = self._sample_lines(key)
            template = "".join(f"{line.replace('%', '%%')}{gap}\n" for line, gap in lines)
            self._templates[key] = template
        return template

    def _sample_lines(self, key: Labels) -> Iterator[tuple[str, str]]:
        """Each line of a series up to its number, with the gap for that."""
        raise NotImplementedError

    def _in_pieces(
        self, top: str, lines_each: int, numbers: Callable[[Series], tuple[float, ...]]
    ) -> Iterator[str]:
        """The text of all series, `PIECE_LINES` lines or a little less at a time."""
        series, step = self.items(), max(1, PIECE_LINES // lines_each)
        yield top
        for start in range(0, len(series), step):
            part = series[start : start + step]
            yield "".join([self.template_of(key) % numbers(one) for key, one in part])

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

    def pieces(self) -> Iterator[str]:
        """The same, as Prometheus reads it, a piece at a time."""
        top = head(f"{self.name}_total", self.help, "counter")
        return self._in_pieces(top, 1, lambda count: (count.n,))

    def _sample_lines(self, key: Labels) -> Iterator[tuple[str, str]]:
        yield sample(f"{self.name}_total", zip(self.labels, key, strict=True)), "%d"


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

    def pieces(self) -> Iterator[str]:
        """The same, as Prometheus reads it, a piece at a time."""
        top = head(self.name, self.help, "histogram")
        return self._in_pieces(top, len(self._marks) + 2, _totals)

    def _sample_lines(self, key: Labels) -> Iterator[tuple[str, str]]:
        labels = tuple(zip(self.labels, key, strict=True))
        for mark in self._marks:
            yield sample(f"{self.name}_bucket", (*labels, ("le", mark))), "%d"
        yield sample(f"{self.name}_count", labels), "%d"
        yield sample(f"{self.name}_sum", labels), "%r"

    @property
    def refused(self) -> int:
        """Values that were no durations."""
        return sum(series.refused for _, series in self.items())


def _totals(series: Buckets) -> tuple[float, ...]:
    """Values up to each bound, of all, and their sum."""
    totals = tuple(accumulate(series.counts[:]))
    return (*totals, totals[-1], series.sum)
