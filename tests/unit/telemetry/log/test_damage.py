"""Damaged log files: the router goes on with a new one and the old one is kept."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.records import decided
from zeta_router.core.errors import ConfigError
from zeta_router.telemetry.log.damage import is_ours, set_aside
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.records import SavedState

WALL_S = 1_800_000_000.0


def open_log(path: Path) -> DecisionLog:
    return DecisionLog(path, wall_offset_s=WALL_S, wall_clock=lambda: WALL_S)


def written(path: Path) -> Path:
    """A log with rows and state, closed in order."""
    log = open_log(path)
    for number in range(300):
        log.append(decided(f"q{number}"))
    log.save_states([SavedState(f"learned/{n}", 1, 0.0, bytes(9000)) for n in "abc"])
    assert log.flush()
    log.close()
    return path


def page_of(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as file:
        sql = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        return int(file.execute(sql, (table,)).fetchone()[0])


def fill_with_garbage(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(random.Random(1).randbytes(4096))


def goes_on(path: Path) -> str:
    """Open a damaged log and use it; what it says about the old one."""
    log = open_log(path)
    log.append(decided("new"))
    assert log.flush(), log.health()
    health = log.health()
    log.close()
    with LogReader(path) as reader:
        assert reader.knows("new")
        assert not reader.knows("q7")
    return health.set_aside


@pytest.mark.parametrize("table", ["state", "decisions"])
def test_garbage_in_a_table_sets_the_file_aside(tmp_path: Path, table: str) -> None:
    path = written(tmp_path / "z.db")
    fill_with_garbage(path, page_of(path, table))
    before = path.read_bytes()
    said = goes_on(path)
    kept = tmp_path / "z.db.damaged-20270115T080000Z"
    assert str(kept) in said
    assert "was damaged" in said
    assert kept.stat().st_size == len(before)


def test_garbage_instead_of_the_header_is_recognised_by_its_writer(tmp_path: Path) -> None:
    path = written(tmp_path / "z.db")
    fill_with_garbage(path, 1)
    assert is_ours(path)
    assert "kept as" in goes_on(path)


@pytest.mark.parametrize("kept_bytes", [120, 4096, 20_000, -5000])
def test_a_truncated_file_is_set_aside(tmp_path: Path, kept_bytes: int) -> None:
    path = written(tmp_path / "z.db")
    content = path.read_bytes()
    path.write_bytes(content[:kept_bytes])
    assert "kept as" in goes_on(path)


def test_damage_found_while_writing_sets_the_file_aside(tmp_path: Path) -> None:
    path = written(tmp_path / "z.db")
    log = open_log(path)
    assert log.flush()
    assert log.health().openings == 1
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    fill_with_garbage(path, page_of(path, "decisions"))
    for number in range(5000):
        log.append(decided(f"later{number}"))
    log.flush(20.0)
    assert log.flush(20.0), log.health()
    health = log.health()
    log.close()
    assert "kept as" in health.set_aside
    assert health.openings == 2


def test_what_was_never_a_log_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"shopping list " * 1000)
    with pytest.raises(ConfigError, match="is not a decision log"):
        open_log(path)
    assert path.read_bytes() == b"shopping list " * 1000


def test_a_second_damaged_file_of_the_same_second_gets_a_name_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "z.db"
    names = []
    for content in ("one", "two"):
        path.write_text(content)
        names.append(set_aside(path, WALL_S))
    assert [name.read_text() for name in names] == ["one", "two"]


def test_states_are_found_by_their_prefix(tmp_path: Path) -> None:
    written(tmp_path / "z.db")
    log = open_log(tmp_path / "z.db")
    log.save_states([SavedState("other", 1, 0.0, b"x")])
    assert log.flush()
    assert [state.name for state in log.load_states("learned/")] == [
        "learned/a",
        "learned/b",
        "learned/c",
    ]
    log.close()
