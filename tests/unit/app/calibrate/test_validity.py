"""The benchmark that compares with real engines, on engines that are none."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from support.iterations import Truth, heard
from zeta_router.learn.latency.calibration import fit

SCRIPT = Path(__file__).parents[4] / "benchmarks" / "validity.py"


@pytest.fixture(scope="module")
def validity() -> ModuleType:
    spec = importlib.util.spec_from_file_location("validity", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["validity"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_an_engine_as_the_simulator_has_it_is_foretold(validity: ModuleType) -> None:
    truth = Truth(0.003, 0.01, 0.002, 0.015, slots=4)
    run = heard(truth, [(40 + 7 * n % 60, 8 + n % 9) for n in range(24)], workers=3)
    fitted = fit([run])
    real = validity.quantiles(run)
    model = validity.quantiles(validity.simulated(run, fitted, 4))
    assert model == pytest.approx(real, rel=0.1)


def test_the_trace_asks_for_its_share_of_the_engine(validity: ModuleType) -> None:
    fitted = fit([heard(Truth(0.0, 0.01, 0.002, 0.015), [(60, 20)] * 8, k) for k in (1, 4)])
    counts = [
        len(validity.trace(validity.WRITERS["small-4b"], fitted, load, 90)) for load in (0.3, 0.9)
    ]
    assert 2 * counts[0] < counts[1] < 4.5 * counts[0]


def test_the_table_marks_what_misses_its_goal(validity: ModuleType) -> None:
    run = {"real": {"ttft_p50": 1.0, "ttft_p90": 1.0}, "load": 1.0}
    run["simulated"] = {"ttft_p50": 0.7, "ttft_p90": 0.7}
    result = {
        "engine": "m",
        "requests": 9,
        "load": [1.0],
        "errors": validity.median_errors([run], "simulated"),
    }
    text, good = validity.table([result])
    assert not good
    assert "| 30% (missed) | 30% |" in text
