from itertools import pairwise
from math import inf
from random import Random
from statistics import fmean, pstdev

import pytest

from zeta_router.sim.workload import arrivals


def gaps(times: list[float]) -> list[float]:
    return [b - a for a, b in pairwise(times)]


def test_poisson_has_the_rate_and_a_coefficient_of_variation_of_one() -> None:
    times = arrivals.poisson(Random(1), 10.0, 2000.0)
    assert len(times) == pytest.approx(20_000, rel=0.03)  # 4 standard deviations
    assert pstdev(gaps(times)) / fmean(gaps(times)) == pytest.approx(1.0, rel=0.03)
    assert times == sorted(times)
    assert times[-1] < 2000.0


@pytest.mark.parametrize("cv", [0.5, 2.0, 4.0])
def test_gamma_gaps_have_the_variation_asked_for(cv: float) -> None:
    times = arrivals.gamma(Random(2), 10.0, cv, 4000.0)
    assert len(times) == pytest.approx(40_000, rel=0.02 * cv)
    assert pstdev(gaps(times)) / fmean(gaps(times)) == pytest.approx(cv, rel=0.08)


@pytest.mark.parametrize("stream", [arrivals.gamma_stream, arrivals.weibull_stream])
def test_a_bursty_stream_has_its_rate_from_the_first_second_on(stream: object) -> None:
    """Starting with a whole gap or an arrival would be off by far: (cv^2 - 1) / 2 = 7 and more.

    2,000 windows in which 5 arrivals are expected; the standard error of the mean is about .4.
    """
    random = Random(3)
    counts = [len(list(stream(random, 0.5, 0.25, 10.0))) for _ in range(2000)]  # type: ignore[operator]
    assert fmean(counts) == pytest.approx(5.0, abs=1.2)


def test_real_clients_shapes_do_not_overflow() -> None:
    assert list(arrivals.weibull_stream(Random(4), 3.0, 0.01, 600.0)) == pytest.approx(
        list(arrivals.weibull_stream(Random(4), 3.0, 0.01, 600.0))
    )


def test_one_seed_gives_one_stream() -> None:
    assert arrivals.gamma(Random(5), 3, 2, 50) == arrivals.gamma(Random(5), 3, 2, 50)
    assert arrivals.gamma(Random(5), 3, 2, 50) != arrivals.gamma(Random(6), 3, 2, 50)


def test_a_flash_crowd_brings_later_arrivals_forward_and_invents_none() -> None:
    warp = arrivals.flash_crowd(at_s=100.0, duration_s=30.0, factor=5.0)
    assert warp.simulated_s(50.0) == 50.0
    assert warp.simulated_s(100.0) == 100.0
    assert warp.simulated_s(150.0) == pytest.approx(110.0)
    assert warp.simulated_s(250.0) == pytest.approx(130.0)
    assert warp.simulated_s(300.0) == pytest.approx(180.0)


def test_a_day_is_busier_at_its_peak_and_never_runs_backwards() -> None:
    warp = arrivals.diurnal(period_s=1000.0, amplitude=0.6, duration_s=5000.0)
    times = [warp.simulated_s(at_s) for at_s in range(5000)]
    assert times == sorted(times)
    peak = sum(1 for t in times if t % 1000 < 500)
    assert peak / len(times) == pytest.approx(0.5 + 0.6 / 3.1416, abs=0.02)


def test_a_standstill_is_no_speed() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        arrivals.Warp([(inf, 0.0)])
