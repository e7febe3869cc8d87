"""Leaks: found in hours where there is one, not seen where load, warm-up and garbage rise."""

from __future__ import annotations

from itertools import pairwise
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.memory_series import memory_series
from zeta_router.learn.condition.leak import (
    BLOCK_S,
    LEAST,
    WARM_UP_S,
    WINDOW,
    Block,
    LeakDetector,
    Trend,
    mann_kendall,
    theil_sen,
    trend_of,
)


def found_at_h(seed: int, leak_mb_per_h: float, hours: float) -> float | None:
    """Hours until a leak is called; None when none is."""
    detector = LeakDetector()
    for at_s, size, load in memory_series(seed, leak_mb_per_h, hours):
        detector.observe(at_s, size, load)
        if detector.leaking:
            return at_s / 3600.0
    return None


def straight(slope_mb_per_h: float, count: int = WINDOW) -> list[Block]:
    return [Block(i * BLOCK_S, 1e9 + slope_mb_per_h * 1e6 * i / 3, 0.0) for i in range(count)]


class TestRates:
    RUNS = 50

    def test_40_mb_an_hour_is_found_within_8_to_12_hours(self):
        found = [found_at_h(seed, 40.0, 12.0) for seed in range(self.RUNS)]
        assert sum(at_h is not None for at_h in found) >= 0.95 * self.RUNS
        assert all(8.0 <= at_h <= 12.0 for at_h in found if at_h is not None)

    def test_a_healthy_process_is_hardly_ever_called_leaking(self):
        found = [found_at_h(seed, 0.0, 12.0) for seed in range(2 * self.RUNS)]
        assert sum(at_h is not None for at_h in found) <= 0.02 * 2 * self.RUNS

    def test_a_load_that_rises_all_day_is_no_leak(self):
        detector = LeakDetector()
        for minute in range(12 * 60):
            load = minute / 60.0
            detector.observe(60.0 * minute, 2e9 + 2e7 * load, load)
        assert not detector.leaking


class TestDetector:
    def test_nothing_counts_before_it_is_warm(self):
        detector = LeakDetector()
        for at_s in range(0, int(WARM_UP_S), 60):
            assert not detector.observe(at_s, 1e9 + at_s * 1e6)
        assert detector.blocks == ()

    def test_a_block_keeps_its_leanest_moment(self):
        detector = LeakDetector()
        detector.observe(0.0, 9.9e9)
        for minute in range(21):
            size = 1e9 if minute == 7 else 2e9
            detector.observe(WARM_UP_S + 60.0 * minute, size, float(minute))
        assert detector.blocks == (Block(WARM_UP_S + 420.0, 1e9, 7.0),)

    def test_one_window_is_not_enough(self):
        detector = LeakDetector()
        verdicts = [
            (detector.trend.leaking, detector.leaking)
            for minute in range(12 * 60)
            if detector.observe(60.0 * minute, 1e9 + 1e6 * minute)
        ]
        first = verdicts.index((True, False))
        assert verdicts[first : first + 3] == [(True, False), (True, False), (True, True)]

    def test_it_keeps_twelve_hours(self):
        detector = LeakDetector()
        for minute in range(30 * 60):
            detector.observe(60.0 * minute, 1e9)
        assert len(detector.blocks) == WINDOW

    def test_a_new_process_starts_over(self):
        detector = LeakDetector()
        for minute in range(12 * 60):
            detector.observe(60.0 * minute, 1e9 + 1e6 * minute)
        assert detector.leaking
        detector.start_over()
        assert not detector.leaking
        assert detector.state() == LeakDetector().state()

    def test_a_faster_clock_finds_the_same_sooner(self):
        slow, fast = LeakDetector(), LeakDetector(speed=600.0)
        for minute in range(12 * 60):
            size = 1e9 + 1e6 * minute
            slow.observe(60.0 * minute, size)
            fast.observe(0.1 * minute, size)
        assert fast.leaking
        assert fast.trend.slope_bytes_per_h == pytest.approx(slow.trend.slope_bytes_per_h)

    @pytest.mark.parametrize("sample", [(nan, 1e9, 0.0), (1e4, nan, 0.0), (1e4, 1e9, inf)])
    def test_what_makes_no_sense_is_left_out(self, sample):
        detector = LeakDetector()
        detector.observe(0.0, 1e9)
        before = detector.state()
        assert not detector.observe(*sample)
        assert detector.state() == before

    def test_a_restored_one_goes_on_with_its_window(self):
        whole, first, second = LeakDetector(), LeakDetector(), LeakDetector()
        samples = list(memory_series(3, 40.0, 12.0))
        cut = int((WARM_UP_S + 12 * BLOCK_S) / 60.0)
        for sample in samples:
            whole.observe(*sample)
        for at_s, size, load in samples[:cut]:
            first.observe(at_s - 500.0, size, load)
        second.restore(first.state(), shift_s=500.0)
        for sample in samples[cut:]:
            second.observe(*sample)
        assert second.leaking is whole.leaking is True
        assert second.trend.slope_bytes_per_h == pytest.approx(
            whole.trend.slope_bytes_per_h, rel=0.1
        )


class TestTrend:
    def test_a_straight_rise_has_its_own_slope(self):
        trend = trend_of(straight(40.0))
        assert trend.leaking
        assert trend.slope_bytes_per_h == pytest.approx(40e6)

    def test_a_rise_below_the_least_slope_is_no_leak(self):
        assert not trend_of(straight(14.0)).leaking
        assert trend_of(straight(14.0), least_slope=10e6).leaking

    def test_a_step_is_no_leak(self):
        blocks = [
            block._replace(size_bytes=1e9 + 5e8 * (i > 18)) for i, block in enumerate(straight(0))
        ]
        assert not trend_of(blocks).leaking

    def test_too_few_blocks_say_nothing(self):
        assert trend_of(straight(1000.0, LEAST - 1)) == Trend(False, 0.0, 0.0)

    def test_time_to_full(self):
        trend = Trend(True, 10e6, 5.0)
        assert trend.full_in_s(20e6) == pytest.approx(2 * 3600.0)
        assert trend.full_in_s(-1.0) == 0.0
        assert Trend(False, -1.0, 0.0).full_in_s(2e9) == inf


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=20))
def test_order_statistics_agree_with_their_mirror_image(values):
    hours = list(range(len(values)))
    mirrored = [-value for value in values]
    assert theil_sen(hours, mirrored) == pytest.approx(-theil_sen(hours, values))
    assert mann_kendall(mirrored) == -mann_kendall(values)
    if all(a < b for a, b in pairwise(values)):
        assert mann_kendall(values) >= 0.0
