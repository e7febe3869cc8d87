from __future__ import annotations

import json
import math

import pytest

from zeta_router.learn.ewma import PeakEwma, TimedEwma


def test_an_average_of_one_is_that_one() -> None:
    ewma = TimedEwma(10.0)
    assert ewma.value is None
    ewma.observe(3.0, at_s=100.0)
    assert ewma.value == 3.0


def test_observations_at_one_instant_average() -> None:
    ewma = TimedEwma(10.0)
    for value in (1.0, 2.0, 6.0):
        ewma.observe(value, at_s=5.0)
    assert ewma.value == pytest.approx(3.0)
    assert ewma.weight(5.0) == pytest.approx(3.0)


def test_an_observation_one_time_constant_old_weighs_1_over_e() -> None:
    ewma = TimedEwma(10.0)
    ewma.observe(0.0, at_s=0.0)
    ewma.observe(1.0, at_s=10.0)
    assert ewma.value == pytest.approx(1.0 / (1.0 + math.exp(-1.0)))


def test_a_mean_survives_a_silence_that_would_underflow_and_yields_to_news() -> None:
    ewma = TimedEwma(1.0)
    ewma.observe(4.0, at_s=0.0)
    ewma.observe(8.0, at_s=10_000.0)
    assert ewma.value == pytest.approx(8.0)
    silent = TimedEwma(1.0)
    silent.observe(4.0, at_s=0.0)
    silent.merge(TimedEwma(1.0))
    assert silent.value == pytest.approx(4.0)


def test_merging_equals_observing_both() -> None:
    one, other, both = TimedEwma(10.0), TimedEwma(10.0), TimedEwma(10.0)
    for at_s, value, part in ((0.0, 1.0, one), (3.0, 5.0, other), (7.0, 2.0, one)):
        part.observe(value, at_s)
        both.observe(value, at_s)
    one.merge(other)
    assert one.value == pytest.approx(both.value or 0.0)
    assert one.weight(9.0) == pytest.approx(both.weight(9.0))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_ignored(bad: float) -> None:
    ewma, peak = TimedEwma(10.0), PeakEwma()
    ewma.observe(bad, at_s=1.0)
    peak.observe(bad, at_s=1.0)
    peak.observe(-1.0, at_s=1.0)
    assert ewma.value is None
    assert peak.value_s is None


def test_a_late_observation_counts_as_the_latest() -> None:
    ewma = TimedEwma(10.0)
    ewma.observe(1.0, at_s=20.0)
    ewma.observe(3.0, at_s=10.0)
    assert ewma.value == pytest.approx(2.0)


def test_a_peak_is_believed_at_once() -> None:
    peak = PeakEwma(decay_s=10.0)
    peak.observe(0.1, at_s=0.0)
    peak.observe(2.0, at_s=0.001)
    assert peak.value_s == 2.0


def test_it_comes_down_by_the_decay_formula() -> None:
    peak = PeakEwma(decay_s=10.0)
    peak.observe(2.0, at_s=0.0)
    peak.observe(1.0, at_s=10.0)
    assert peak.value_s == pytest.approx(2.0 * math.exp(-1.0) + 1.0 * (1.0 - math.exp(-1.0)))


def test_an_avoided_endpoint_decays_towards_zero() -> None:
    peak = PeakEwma(decay_s=10.0)
    assert peak.value_at(0.0) is None
    peak.observe(2.0, at_s=0.0)
    assert peak.value_at(30.0) == pytest.approx(2.0 * math.exp(-3.0))
    assert peak.value_at(-5.0) == 2.0


def test_state_restores_both() -> None:
    ewma, peak = TimedEwma(10.0), PeakEwma()
    for at_s, value in ((0.0, 1.0), (4.0, 3.0)):
        ewma.observe(value, at_s)
        peak.observe(value, at_s)
    ewma_copy, peak_copy = TimedEwma(10.0), PeakEwma()
    ewma_copy.restore(json.loads(json.dumps(ewma.state())))
    peak_copy.restore(json.loads(json.dumps(peak.state())))
    for each in (ewma, ewma_copy, peak, peak_copy):
        each.observe(2.0, at_s=9.0)
    assert ewma_copy.value == ewma.value
    assert peak_copy.value_s == peak.value_s
