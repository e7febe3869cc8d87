"""Learned state over SIGKILL at any moment: never corrupt, and at most the last second lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[3]
NEST = Path(__file__).with_name("kill_nest.py")


def kill(path: Path, kills: int, seed: int, pace: str) -> dict[str, Any]:
    """Run the nest; it ends with an error for anything that went back or is corrupt."""
    done = subprocess.run(
        [sys.executable, str(NEST), str(path), str(kills), str(seed), pace],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["kills"] == kills
    assert told["left"] == []
    return told


def test_at_most_the_last_second_is_lost(tmp_path: Path) -> None:
    """The product's own pace."""
    told = kill(tmp_path / "z.db", kills=3, seed=2, pace="slow")
    assert told["worst_s"] <= 1.0
    assert told["lessons"] > 0


def test_survives_a_hundred_kills(tmp_path: Path) -> None:
    """Saving every 4 ms, so that most kills fall into a write; one in three into a start."""
    assert kill(tmp_path / "z.db", kills=100, seed=1, pace="fast")["lessons"] > 0


@pytest.mark.matrix
@pytest.mark.timeout(900)
def test_survives_a_thousand_kills(tmp_path: Path) -> None:
    told = kill(tmp_path / "z.db", kills=1000, seed=3, pace="fast")
    assert told["flushes"] > 100
    slow = kill(tmp_path / "slow.db", kills=20, seed=4, pace="slow")
    assert slow["worst_s"] <= 1.0
