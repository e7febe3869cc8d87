"""The live benchmark's own script, a few seconds of it, with the built-in prompts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "live_peak.py"

pytestmark = [pytest.mark.matrix, pytest.mark.timeout(300)]


def test_it_plays_both_policies_and_prints_a_table(tmp_path: Path) -> None:
    flags = ["--minutes", "0.1", "--rounds", "1", "--keep", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *flags], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("| policy | requests | goodput |")
    for policy in ("static", "joint"):
        assert f"| `{policy}` |" in done.stdout
        told = json.loads((tmp_path / f"{policy}-1.json").read_text(encoding="utf-8"))
        assert told["lost"] == told["errors"] == 0
        assert told["answered"] + told["refused"] == told["arrivals"] > 0
        assert told["quality_goodput"] is None
        assert (tmp_path / f"{policy}-1" / "zeta.db").exists()
