from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from zeta_router.app.bench.schedule import arrivals, peak
from zeta_router.core.errors import ConfigError


def count(times: list[float], from_s: float, to_s: float) -> int:
    return sum(from_s <= at_s < to_s for at_s in times)


def test_a_peak_has_its_rate_at_the_base_on_the_ramp_and_at_the_top() -> None:
    """Poisson counts: 4 standard deviations, a false alarm in 16,000 per check."""
    times = peak(Random(1), 20.0, 4.0, 600.0)
    for from_s, to_s, expected in (
        (0, 100, 2000),
        (100, 200, 5000),  # from 20 to 80 a second
        (200, 400, 16000),
        (400, 500, 5000),
        (500, 600, 2000),
    ):
        assert abs(count(times, from_s, to_s) - expected) < 4 * expected**0.5
    assert count(times, 100, 120) < count(times, 140, 160) < count(times, 180, 200)
    assert all(a <= b for a, b in pairwise(times))
    assert times[0] >= 0
    assert times[-1] < 600.0


def test_a_flat_peak_is_the_stream_itself() -> None:
    assert peak(Random(3), 5.0, 1.0, 60.0) == pytest.approx(arrivals_of_poisson(5.0, 60.0))


def arrivals_of_poisson(rate: float, duration_s: float) -> list[float]:
    from zeta_router.sim.workload.arrivals import poisson

    return poisson(Random(3), rate, duration_s)


def test_one_seed_gives_one_load() -> None:
    spec = "peak:rate=2,factor=5"
    one = arrivals(spec, seed=1, minutes=None, rate=1.0)
    assert one == arrivals(spec, seed=1, minutes=None, rate=1.0)
    assert one != arrivals(spec, seed=2, minutes=None, rate=1.0)
    assert 150 < one[-1] < 180
    assert len(arrivals(spec, seed=1, minutes=None, rate=2.0)) > 1.7 * len(one)
    assert arrivals(spec, seed=1, minutes=0.5, rate=1.0)[-1] < 30


def test_a_trace_file_is_played_as_in_the_simulator(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("arrival_s,input_tokens,output_tokens\n1,5,5\n3,5,5\n9,5,5\n", encoding="utf-8")
    assert arrivals(str(path), seed=0, minutes=None, rate=2.0) == [0.0, 1.0, 4.0]
    assert arrivals(str(path), seed=0, minutes=0.05, rate=2.0) == [0.0, 1.0]


@pytest.mark.parametrize(
    "spec",
    [
        "peak:rate=0",
        "peak:factor=0.5",
        "peak:speed=3",
        "peak:rate=fast",
        "peak:rate",
        "nowhere.csv",
    ],
)
def test_what_cannot_be_played_is_refused(spec: str) -> None:
    with pytest.raises(ConfigError):
        arrivals(spec, seed=0, minutes=None, rate=1.0)


def test_a_peak_without_arrivals_is_refused() -> None:
    with pytest.raises(ConfigError, match="no arrival"):
        arrivals("peak:rate=0.0001", seed=0, minutes=0.01, rate=1.0)
