from __future__ import annotations

import json
import random
import statistics

import pytest

from zeta_router.learn.length.cell import length_of
from zeta_router.learn.length.tail import HISTOGRAM_MEMORY, LengthHistogram, log_normal_beyond


def test_above_a_bucket_edge_it_counts_exactly() -> None:
    histogram = LengthHistogram()
    for tokens in (3.0, 20.0, 100.0, 120.0, 300.0):
        histogram.add(tokens, 1.0)
    seen, longer, excess = histogram.beyond(64.0)
    assert longer / seen == pytest.approx(3 / 5, abs=0.02)
    assert excess / longer == pytest.approx((36 + 56 + 236) / 3, rel=0.02)


def test_within_a_bucket_it_is_near_the_truth() -> None:
    """Buckets double in width: the error stays under 15 % on even lengths."""
    rng = random.Random(1)
    lengths = [rng.uniform(100, 1000) for _ in range(4000)]
    histogram = LengthHistogram()
    for tokens in lengths:
        histogram.add(tokens, 1.0)
    for emitted in (0.0, 150.0, 400.0, 700.0, 900.0):
        _, longer, excess = histogram.beyond(emitted)
        left = [tokens - emitted for tokens in lengths if tokens > emitted]
        assert excess / longer == pytest.approx(statistics.fmean(left), rel=0.15)


def test_nothing_seen_is_nothing() -> None:
    assert LengthHistogram().beyond(10.0) == (0.0, 0.0, 0.0)


def test_it_forgets() -> None:
    histogram = LengthHistogram()
    for _ in range(5000):
        histogram.add(50.0, 1.0)
    seen, _, _ = histogram.beyond(0.0)
    assert seen == pytest.approx(HISTOGRAM_MEMORY, rel=1e-6)


def test_the_longest_answers_have_a_bucket() -> None:
    histogram = LengthHistogram()
    histogram.add(100_000.0, 1.0)
    _, longer, excess = histogram.beyond(50_000.0)
    assert longer > 0.5
    assert excess / longer == pytest.approx(50_000.0, rel=0.5)


def test_the_log_normal_tail_against_draws() -> None:
    """100,000 draws: the standard error of the mean excess is under 1 % here; tolerance 3 %."""
    length = length_of(300.0, 0.8)
    rng = random.Random(2)
    draws = [rng.lognormvariate(length.log_mean, 0.8) for _ in range(100_000)]
    for emitted in (0.0, 100.0, 500.0):
        longer, excess = log_normal_beyond(length, emitted)
        left = [tokens - emitted for tokens in draws if tokens > emitted]
        assert longer == pytest.approx(len(left) / len(draws), abs=0.01)
        assert excess / longer == pytest.approx(statistics.fmean(left), rel=0.03)


def test_far_beyond_the_log_normal_tail_nothing_is_left() -> None:
    longer, excess = log_normal_beyond(length_of(100.0, 0.35), 1e7)
    assert 0.0 <= longer < 1e-100
    assert 0.0 <= excess < 1e-100


def test_state_restores_it() -> None:
    histogram = LengthHistogram()
    for tokens in (1.0, 70.0, 5000.0):
        histogram.add(tokens, 0.6)
    copy = LengthHistogram.restored(json.loads(json.dumps(histogram.state())))
    assert copy.beyond(33.0) == histogram.beyond(33.0)
