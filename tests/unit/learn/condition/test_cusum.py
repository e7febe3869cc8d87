"""A fall in the share of good outcomes: the sum, its baseline, its end."""

from __future__ import annotations

import random
from math import log
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.learn.condition.cusum import BASELINE, LEAST, RECOVERED, SURE, WARN, Cusum


def fed(share: float, count: int, seed: int = 0) -> Cusum:
    """One that has seen `count` outcomes of which `share` are good."""
    return feed(Cusum(), share, count, random.Random(seed))


def feed(cusum: Cusum, share: float, count: int, draw: random.Random) -> Cusum:
    for _ in range(count):
        cusum.add(float(draw.random() < share))
    return cusum


def until(cusum: Cusum, share: float, draw: random.Random, *, warned: bool) -> int:
    """Outcomes until it warns, or warns no longer; 5,000 when it does not."""
    for count in range(1, 5001):
        cusum.add(float(draw.random() < share))
        if cusum.warned is warned:
            return count
    return 5000


def delays(before: float, after: float) -> list[int]:
    found = []
    for seed in range(200):
        draw = random.Random(seed)
        cusum = feed(Cusum(), before, 600, draw)
        if not cusum.warned:
            found.append(until(cusum, after, draw, warned=True))
    assert len(found) > 190
    return found


class TestRates:
    def test_a_fall_from_95_to_85_is_seen_within_80_outcomes_in_the_median(self):
        assert median(delays(0.95, 0.85)) <= 80

    def test_a_fall_from_80_to_50_is_seen_within_50_outcomes_in_the_median(self):
        assert median(delays(0.80, 0.50)) <= 50

    @pytest.mark.parametrize("share", [0.6, 0.8, 0.95, 0.99])
    def test_at_most_two_false_alarms_in_10_000_outcomes(self, share):
        alarms = 0
        for seed in range(20):
            cusum, draw, before = fed(share, BASELINE, seed), random.Random(1000 + seed), False
            for _ in range(10_000):
                cusum.add(float(draw.random() < share))
                alarms += cusum.warned and not before
                before = cusum.warned
        assert alarms <= 2 * 20

    def test_a_fall_that_is_over_is_seen_to_be_over(self):
        for seed in range(20):
            draw = random.Random(seed)
            cusum = feed(Cusum(), 0.9, 600, draw)
            feed(cusum, 0.6, 150, draw)
            assert cusum.warned
            assert until(cusum, 0.9, draw, warned=False) < 600


class TestSum:
    def test_each_outcome_adds_its_log_likelihood_ratio(self):
        cusum = fed(1.0, BASELINE)
        p0 = cusum.baseline
        assert p0 == 0.98
        cusum.add(0.0)
        assert cusum.down == pytest.approx(log((1 - p0 + 0.1) / (1 - p0)))
        before = cusum.down
        cusum.add(1.0)
        assert cusum.down == pytest.approx(before + log((p0 - 0.1) / p0))

    def test_half_the_weight_adds_half(self):
        whole, half = fed(0.9, BASELINE), fed(0.9, BASELINE)
        base = whole.down
        whole.add(0.0)
        half.add(0.0, 0.5)
        assert half.down - base == pytest.approx(0.5 * (whole.down - base))

    def test_it_warns_at_one_threshold_and_is_sure_at_the_next(self):
        cusum = fed(0.95, BASELINE)
        while not cusum.warned:
            cusum.add(0.0)
        assert WARN <= cusum.down < SURE
        assert not cusum.sure
        while not cusum.sure:
            cusum.add(0.0)
        assert cusum.down >= SURE

    def test_the_way_back_starts_at_the_warning(self):
        cusum = fed(0.95, BASELINE)
        while not cusum.warned:
            cusum.add(0.0)
        assert cusum.up == 0.0
        while cusum.warned:
            before = cusum.up
            cusum.add(1.0)
            assert not cusum.warned or before < cusum.up < RECOVERED
        assert cusum.down == 0.0


class TestBaseline:
    def test_nothing_is_judged_before_a_hundred_outcomes(self):
        cusum = fed(1.0, LEAST - 1)
        assert cusum.baseline is None
        assert (cusum.down, cusum.warned) == (0.0, False)

    def test_a_young_one_is_taken_a_standard_error_lower(self):
        assert fed(0.9, 200).baseline < 0.9
        old = fed(0.9, BASELINE + 1)
        again = old.baseline
        feed(old, 0.9, 1000, random.Random(9))
        assert old.baseline == again

    def test_what_is_always_bad_is_normal_and_warns_of_nothing(self):
        assert not fed(0.0, 2000).warned


@given(st.lists(st.sampled_from([0.0, 0.3, 1.0]), max_size=400), st.integers(0, 400))
def test_a_restored_one_goes_on_as_if_it_had_never_stopped(outcomes, cut):
    whole, first, second = Cusum(), Cusum(), Cusum()
    for good in outcomes:
        whole.add(good)
    for good in outcomes[:cut]:
        first.add(good)
    second.restore(first.state())
    for good in outcomes[cut:]:
        second.add(good)
    assert second.state() == whole.state()


@pytest.mark.parametrize(
    ("good", "weight"), [(-0.1, 1.0), (1.1, 1.0), (float("nan"), 1.0), (1.0, 0.0), (1.0, 1.5)]
)
def test_what_makes_no_sense_changes_nothing(good, weight):
    cusum = fed(0.9, 300)
    before = cusum.state()
    cusum.add(good, weight)
    assert cusum.state() == before
