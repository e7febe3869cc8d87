from __future__ import annotations

import json
import math

import pytest

from zeta_router.learn.forecast.counts import EWMA_TAU_S, LAG_BINS, RecentCounts


def counted(*counts: float) -> RecentCounts:
    recent = RecentCounts(5.0)
    for count in counts:
        recent.push(count)
    return recent


def test_totals_go_back_as_far_as_there_are_bins() -> None:
    recent = counted(1.0, 2.0, 3.0)
    assert [recent.total(bins) for bins in (1, 2, 3, 60)] == [3.0, 5.0, 6.0, 6.0]


def test_five_minutes_are_sixty_bins() -> None:
    recent = counted(*[1000.0] * 10, *[2.0] * 60)
    assert recent.mean == 2.0
    assert recent.total(60) == 120.0
    assert recent.total(70) == 10_120.0


def test_the_average_by_hand_without_a_bias_at_the_start() -> None:
    kept = math.exp(-5.0 / EWMA_TAU_S)
    assert counted(4.0).ewma == pytest.approx(4.0)
    assert counted(4.0, 10.0).ewma == pytest.approx((4.0 * kept + 10.0) / (kept + 1.0))


def test_features_are_log_mean_counts_of_each_window() -> None:
    recent = counted(*[3.0] * 40, 9.0)
    features = recent.features()
    assert features[0] == 1.0
    for bins, feature in zip(LAG_BINS, features[1:], strict=True):
        assert feature == pytest.approx(math.log1p((9.0 + 3.0 * (bins - 1)) / bins))


def test_features_of_a_young_series_use_what_there_is() -> None:
    assert counted(7.0).features()[1:] == pytest.approx([math.log1p(7.0)] * len(LAG_BINS))


def test_state_restores_it() -> None:
    recent, copy = counted(1.0, 5.0, 2.0), RecentCounts(5.0)
    copy.restore(json.loads(json.dumps(recent.state())))
    for each in (recent, copy):
        each.push(4.0)
    assert copy.features() == recent.features()
    assert (copy.ewma, copy.mean) == (recent.ewma, recent.mean)


def test_a_steady_window_is_as_long_as_the_rate_held() -> None:
    """Three bins after a jump from 10 to 40 the window is those three; without one it is all."""
    assert counted(*[10.0] * 300).steady(3.0) == 10.0
    jumped = counted(*[10.0] * 300, *[40.0] * 3)
    assert jumped.steady(3.0) == 40.0
    assert jumped.mean == pytest.approx(11.5)


def test_what_looks_like_chance_moves_a_steady_window_little() -> None:
    recent = counted(*[10.0, 14.0, 6.0] * 80, 14.0, 13.0, 12.0)
    assert recent.steady(3.0) == pytest.approx(10.0, abs=0.1)


def test_a_steady_window_without_arrivals_is_empty() -> None:
    assert counted(*[0.0] * 50).steady(3.0) == 0.0
    assert counted(7.0).steady(3.0) == 7.0


def test_cleared_counts_are_as_new() -> None:
    recent = counted(*[5.0] * 50)
    recent.clear()
    assert recent.state() == RecentCounts(5.0).state()
