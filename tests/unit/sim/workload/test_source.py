from pathlib import Path

import pytest

from zeta_router.core.errors import ConfigError
from zeta_router.sim.workload.source import load

WINDOWS = (
    "model,client,window_s,rate_rps,cv,dist,shape\n"
    "small,1,0,10,1.0,Gamma,1.0\n"
    "small,2,0,10,1.2,Weibull,0.8\n"
    "small,1,600,1,1.0,Gamma,1.0\n"
    "large,1,600,50,1.0,Gamma,1.0\n"
)


@pytest.fixture
def trace(tmp_path: Path) -> str:
    path = tmp_path / "t.csv"
    rows = "".join(f"{second},10,20\n" for second in range(600))
    path.write_text("arrival_s,input_tokens,output_tokens\n" + rows)
    return str(path)


@pytest.fixture
def windows(tmp_path: Path) -> str:
    path = tmp_path / "windows.csv"
    path.write_text(WINDOWS)
    return str(path)


def test_the_rate_divides_the_gaps_and_the_minutes_count_after_that(trace: str) -> None:
    rows = load(trace, seed=0, minutes=2, rate=2.0)
    assert len(rows) == 240
    assert rows[3].at_s == 1.5
    assert rows[3].input_tokens == 10


def test_a_short_trace_ends_early(trace: str) -> None:
    assert len(load(trace, seed=0, minutes=60, rate=1.0)) == 600
    assert len(load(trace, seed=0, minutes=None, rate=1.0)) == 600


def test_a_part_of_a_trace(trace: str) -> None:
    rows = load(f"{trace}:from_s=100,to_s=200", seed=0, minutes=None, rate=1.0)
    assert (len(rows), rows[0].at_s) == (100, 0.0)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [("poisson:rate=4", 4 * 1200), ("gamma:rate=4,cv=2", 4 * 1200), ("diurnal:rate=4", 4 * 1200)],
)
def test_generators_fill_the_time_asked_for(spec: str, expected: int) -> None:
    rows = load(spec, seed=1, minutes=10, rate=2.0)
    assert len(rows) == pytest.approx(expected, rel=0.1)
    assert rows[-1].at_s < 600
    assert rows == load(spec, seed=1, minutes=10, rate=2.0)
    assert rows != load(spec, seed=2, minutes=10, rate=2.0)


def test_client_windows_are_played_as_they_were(windows: str) -> None:
    rows = load(f"{windows}:model=small", seed=0, minutes=20, rate=1.0)
    early = sum(row.at_s < 600 for row in rows)
    assert early == pytest.approx(12_000, rel=0.05)
    assert len(rows) - early == pytest.approx(600, rel=0.2)
    assert rows[0].input_tokens is None


def test_some_clients_of_a_table_from_some_time_on(windows: str) -> None:
    late = load(f"{windows}:from_s=600", seed=0, minutes=5, rate=1.0)
    assert len(late) == pytest.approx(51 * 300, rel=0.05)
    first = load(f"{windows}:clients=1", seed=0, minutes=10, rate=1.0)
    assert len(first) == pytest.approx(6000, rel=0.06)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("poisson:speed=4", "unknown option 'speed'"),
        ("gamma:rate=fast=er", "'fast=er', not a number"),
        ("gamma:rate=0", "greater than 0"),
        ("diurnal:amplitude=1.5", "amplitude"),
        ("poisson:rate=4,now", "not of the form"),
    ],
)
def test_wrong_options_are_named(spec: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        load(spec, seed=0, minutes=1, rate=1.0)


def test_wrong_options_of_files(trace: str, windows: str) -> None:
    with pytest.raises(ConfigError, match="unknown option 'model'"):
        load(f"{trace}:model=small", seed=0, minutes=1, rate=1.0)
    with pytest.raises(ConfigError, match="it has large, small"):
        load(f"{windows}:model=huge", seed=0, minutes=1, rate=1.0)
    with pytest.raises(ConfigError, match="no arrival"):
        load(f"{trace}:from_s=9000", seed=0, minutes=1, rate=1.0)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("m,1,0,5,1,Pareto,1", "dist is 'Pareto'"),
        ("m,1,0,0,1,Gamma,1", "greater than 0"),
        ("m,1,0,x,1,Gamma,1", "rate_rps is 'x'"),
        ("m,1,0,5,1,Gamma", "has 6 fields"),
    ],
)
def test_bad_windows_have_a_line(tmp_path: Path, row: str, problem: str) -> None:
    path = tmp_path / "w.csv"
    path.write_text(WINDOWS + row + "\n")
    with pytest.raises(ConfigError, match=problem) as caught:
        load(str(path), seed=0, minutes=1, rate=1.0)
    assert caught.value.path == f"{path}:6"


@pytest.mark.parametrize(
    "spec",
    [
        "poisson:rate=inf",
        "poisson:rate=nan",
        "gamma:cv=inf",
        "gamma:cv=1e-200",
        "gamma:cv=1e200",
        "diurnal:period_s=inf",
        "diurnal:period_s=1e-9",
        "diurnal:amplitude=nan",
        "TRACE:from_s=-60",
        "TRACE:from_s=nan",
        "TRACE:from_s=60,to_s=30",
        "WINDOWS:clients=nan",
        "WINDOWS:clients=-1",
        "WINDOWS:clients=1.5",
        "WINDOWS:clients=0",
        "WINDOWS:from_s=60,to_s=60",
    ],
)
def test_numbers_that_no_arrivals_can_be_made_of_are_refused(
    spec: str, trace: str, windows: str
) -> None:
    with pytest.raises(ConfigError, match=r"^trace"):
        load(
            spec.replace("TRACE", trace).replace("WINDOWS", windows), seed=0, minutes=1.0, rate=1.0
        )


def test_the_burstiest_and_the_steadiest_stream_can_be_made() -> None:
    for cv in (0.01, 100.0):
        assert load(f"gamma:rate=50,cv={cv}", seed=0, minutes=60.0, rate=1.0)
