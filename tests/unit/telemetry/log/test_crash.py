"""A log whose process is killed at any moment is sound and lacks at most the last second."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from zeta_router.telemetry.log.reader import LogReader

TESTS = Path(__file__).parents[3]
CHILD = Path(__file__).with_name("crash_child.py")


def run_and_kill(path: Path, first: int, lines: int) -> list[tuple[int, float]]:
    """Start a writer at number `first`, kill it after `lines` lines; what it said it appended."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    with subprocess.Popen(
        [sys.executable, str(CHILD), str(path), str(first)],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        said += child.stdout.readlines()
    whole = [line.split() for line in said if line.endswith("\n")]
    return [(int(number), float(at_s)) for number, at_s in whole]


def check(path: Path, said: list[tuple[int, float]], first: int) -> None:
    """The file is sound, and holds everything but the last second without a gap."""
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        numbers = [
            int(row[0][1:])
            for row in file.execute(
                "SELECT query_id FROM decisions WHERE query_id >= ? ORDER BY seq", (f"q{first:09}",)
            )
        ]
        outcomes = file.execute(
            "SELECT count(*) FROM outcomes WHERE query_id >= ?", (f"q{first:09}",)
        ).fetchone()[0]
        ever = file.execute("SELECT count(*) FROM decisions").fetchone()[0]
    assert numbers == list(range(first, first + len(numbers)))
    assert len(numbers) - 1 <= outcomes <= len(numbers)
    lost = [at_s for number, at_s in said if number >= first + len(numbers)]
    if lost:
        assert said[-1][1] - lost[0] <= 1.0
    with LogReader(path) as reader:
        for number in numbers[-3:]:
            record = reader.decisions_of(f"q{number:09}")[0]
            assert record.decision.candidates[0].view.sample.running is not None
        state = reader.state("cells")
        assert (state is None) == (ever == 0)
        if state is not None:
            assert state.blob == str(state.version).encode()


def kill_often(path: Path, times: int) -> None:
    """Kill writers of one file again and again, each a little later in its life."""
    first = 0
    for turn in range(times):
        said = run_and_kill(path, first, lines=1 + 397 * (turn % 13))
        check(path, said, first)
        first = said[-1][0] + 1


def test_survives_being_killed(tmp_path: Path) -> None:
    kill_often(tmp_path / "z.db", times=4)


@pytest.mark.matrix
def test_survives_being_killed_many_times(tmp_path: Path) -> None:
    kill_often(tmp_path / "z.db", times=40)


FULL_DISK = """
import resource, sys
from support.records import decided
from zeta_router.telemetry.log.decision_log import DecisionLog
log = DecisionLog(sys.argv[1], wall_offset_s=1e9, wall_clock=lambda: 1e9)
log.append(decided("first"))
assert log.flush(), log.health()
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
for number in range(3000):
    log.append(decided(f"q{number}"))
assert not log.flush(20.0)
health = log.health()
assert not health.ok, health
assert health.pending > 0, health
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert log.flush(20.0), log.health()
health = log.health()
assert health.ok, health
log.close()
print(health.written, health.dropped, health.errors)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no limit on file sizes here")
def test_goes_on_when_a_full_disk_has_room_again(tmp_path: Path) -> None:
    """The file may not grow beyond 300 kB for a while, as on a disk that is full."""
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "z.db")],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    written, dropped, errors = map(int, done.stdout.split())
    assert (written, dropped) == (3001, 0)
    assert errors >= 1
    with LogReader(tmp_path / "z.db") as reader:
        assert sum(1 for _ in reader.iterate()) == 3001
