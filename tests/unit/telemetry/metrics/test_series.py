"""Own counters and histograms against prometheus_client's."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client import Histogram as TheirHistogram
from prometheus_client.parser import text_string_to_metric_families

from zeta_router.telemetry.metrics.series import OTHER, Counter, Histogram

BOUNDS = (0.1, 0.5, 1.0, 2.0)


@given(st.lists(st.floats(0, 4) | st.sampled_from(BOUNDS)))
def test_a_histogram_counts_as_theirs_does(values: list[float]) -> None:
    registry = CollectorRegistry()
    theirs = TheirHistogram("zeta_x_seconds", "X.", ("m",), buckets=BOUNDS, registry=registry)
    ours = Histogram("zeta_x_seconds", "X.", BOUNDS, ("m",))
    theirs.labels("a")
    series = ours.of("a")
    for value in values:
        theirs.labels("a").observe(value)
        series.observe(value)
    (expected,) = registry.collect()
    wanted = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for sample in expected.samples
        if not sample.name.endswith("_created")
    }
    (read,) = text_string_to_metric_families("".join(ours.pieces()))
    for told in (ours.family(), read):
        found = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for sample in told.samples
        }
        assert found == wanted


def test_what_is_no_duration_is_refused() -> None:
    histogram = Histogram("zeta_x_seconds", "X.", BOUNDS)
    for value in (math.nan, math.inf, -1.0, 0.0):
        histogram.of().observe(value)
    assert histogram.refused == 3
    assert sum(histogram.of().counts) == 1
    assert histogram.of().sum == 0.0


def test_series_beyond_the_limit_count_as_other() -> None:
    counter = Counter("zeta_x", "X.", ("a", "b"), limit=2)
    for n in range(5):
        counter.of(str(n), "b").n += 1
    counter.of("1", "b").n += 1
    assert {key: count.n for key, count in counter.items()} == {
        ("0", "b"): 1,
        ("1", "b"): 2,
        (OTHER, OTHER): 3,
    }


def test_a_series_without_labels_is_there_from_the_start() -> None:
    assert "".join(Counter("zeta_x", "X.").pieces()).endswith("\nzeta_x_total 0\n")


def test_a_label_may_hold_what_a_template_would_mistake() -> None:
    counter = Counter("zeta_x", "X.", ("m",))
    counter.of("100%d %").n += 2
    (read,) = text_string_to_metric_families("".join(counter.pieces()))
    assert [(sample.labels["m"], sample.value) for sample in read.samples] == [("100%d %", 2)]


def test_pieces_hold_every_series_once() -> None:
    histogram = Histogram("zeta_x_seconds", "X.", BOUNDS, ("m",))
    for n in range(500):
        histogram.of(str(n)).observe(0.3)
    pieces = list(histogram.pieces())
    (read,) = text_string_to_metric_families("".join(pieces))
    assert len({sample.labels["m"] for sample in read.samples}) == 500
    assert len(read.samples) == 500 * (len(BOUNDS) + 3)
    assert max(piece.count("\n") for piece in pieces) <= 200
