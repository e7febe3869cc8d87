"""The benchmarks of scraping, a few seconds of them, with their gates."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

pytestmark = [pytest.mark.matrix, pytest.mark.timeout(300)]


TRIES = 3
"""Others on the machine may slow down any one of them; what is slow by itself is slow in all."""


def run(name: str, *flags: str) -> dict[str, Any]:
    command = [sys.executable, str(BENCHMARKS / name), "--json", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    print(f"\n{told}")  # noqa: T201
    return told


def test_a_page_at_20_endpoints_takes_under_5_ms_in_pieces_under_1_ms() -> None:
    tried = []
    for _ in range(TRIES):
        told = run("bench_metrics.py", "--rounds", "50")
        assert told["lines"] > 2500
        tried.append((told["page_p50_ms"], told["piece_p50_ms"]))
        if tried[-1][0] < 5.0 and tried[-1][1] < 1.0:
            return
    raise AssertionError(f"pages and their longest pieces took {tried} ms")


def test_scraping_delays_no_stream_by_5_ms() -> None:
    added_ms = []
    for _ in range(TRIES):
        told = run("bench_scraped_stream.py", "--rounds", "5")
        assert told["lines"] > 1000
        assert told["chunks"] == 2 * 5 * 4 * 200
        added_ms.append(told["p99_ms"]["added"])
        if added_ms[-1] < 5.0:
            return
    raise AssertionError(f"scraping added {added_ms} ms to the 99th percentile")
