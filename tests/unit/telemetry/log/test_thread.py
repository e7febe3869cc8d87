"""Whatever happens to the file, the router goes on; nothing is lost in silence."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.records import decided, query
from zeta_router.telemetry.log import file as log_file
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.log.retention import Retention
from zeta_router.telemetry.log.thread import BATCH_S, LONGEST_PAUSE_S, LogThread
from zeta_router.telemetry.log.writer import RunFacts
from zeta_router.telemetry.records import SavedState

Start = Callable[..., LogThread]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a thread on `z.db`, and ends it after the test."""
    monkeypatch.setattr(log_file, "BUSY_TIMEOUT_S", 0.01)
    started = []

    def make(path: Path = tmp_path / "z.db", pending_rows: int = 100_000) -> LogThread:
        retention = Retention(1e12, 2**40, lambda: 0.0)
        run = RunFacts(0.0, 0.0, "test")
        started.append(LogThread(path, lambda: run, retention, pending_rows))
        return started[-1]

    yield make
    for thread in started:
        thread.close(5.0)


def written(path: Path) -> list[str]:
    with LogReader(path) as reader:
        return [record.query.id for record in reader.iterate()]  # type: ignore[union-attr]


def test_writes_everything_in_order(start: Start, tmp_path: Path) -> None:
    thread = start()
    names = [f"q{n:05}" for n in range(2000)]
    for at, name in enumerate(names):
        thread.append(decided(name, at_s=float(at)))
    assert thread.flush(10.0)
    assert written(tmp_path / "z.db") == names
    health = thread.health()
    assert (health.ok, health.written, health.pending, health.dropped) == (True, 2000, 0, 0)


def test_close_writes_what_is_left_and_may_be_repeated(start: Start, tmp_path: Path) -> None:
    thread = start()
    for n in range(50):
        thread.append(decided(f"q{n}"))
    thread.close(5.0)
    thread.close(5.0)
    assert len(written(tmp_path / "z.db")) == 50
    thread.append(decided("late"))
    assert thread.health().dropped == 1
    assert not thread.flush(0.0)


def test_a_locked_file_is_waited_for(start: Start, tmp_path: Path) -> None:
    thread = start()
    with closing(sqlite3.connect(tmp_path / "z.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        thread.append(decided("q1"))
        assert not thread.flush(5.0)
        health = thread.health()
        assert not health.ok
        assert "z.db: database is locked" in health.trouble
        assert (health.pending, health.dropped) == (1, 0)
        assert health.errors >= 1
        other.execute("ROLLBACK")
    assert thread.flush(10.0)
    assert thread.health().ok
    assert written(tmp_path / "z.db") == ["q1"]
    with closing(sqlite3.connect(tmp_path / "z.db")) as other:
        assert other.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_a_file_that_cannot_be_made_is_made_later(start: Start, tmp_path: Path) -> None:
    """A dangling link: the folder is there, the file can neither be found nor made."""
    target = tmp_path / "mount" / "z.db"
    link = tmp_path / "z.db"
    link.symlink_to(target)
    thread = start(link)
    thread.append(decided("q1"))
    assert not thread.flush(5.0)
    assert "unable to open database file" in thread.health().trouble
    target.parent.mkdir()
    assert thread.flush(10.0)
    assert written(link) == ["q1"]


def test_a_read_only_file_is_tried_again(start: Start, tmp_path: Path) -> None:
    thread = start()
    thread.append(decided("q1"))
    assert thread.flush(5.0)
    assert thread._writer is not None
    thread._writer.connection.execute("PRAGMA query_only = ON")
    thread.append(decided("q2"))
    assert not thread.flush(5.0)
    assert "readonly" in thread.health().trouble
    assert thread.flush(10.0)
    assert thread.health().ok
    assert written(tmp_path / "z.db") == ["q1", "q2"]


def test_goes_on_in_a_new_file_when_the_old_one_is_moved(start: Start, tmp_path: Path) -> None:
    thread = start()
    thread.append(decided("q1"))
    assert thread.flush(5.0)
    (tmp_path / "z.db").rename(tmp_path / "old.db")
    thread.append(decided("q2"))
    assert thread.flush(5.0)
    assert written(tmp_path / "z.db") == ["q2"]
    assert written(tmp_path / "old.db") == ["q1"]


def test_a_foreign_file_in_its_place_is_not_touched(start: Start, tmp_path: Path) -> None:
    thread = start()
    (tmp_path / "z.db").unlink()
    with closing(sqlite3.connect(tmp_path / "z.db")) as other:
        other.execute("CREATE TABLE mail (a)")
    thread.append(decided("q1"))
    assert not thread.flush(5.0)
    assert "is not a decision log" in thread.health().trouble


def test_beyond_the_bound_the_oldest_go_and_are_counted(start: Start, tmp_path: Path) -> None:
    thread = start(pending_rows=1000)
    with closing(sqlite3.connect(tmp_path / "z.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        thread.append(decided("first"))
        assert not thread.flush(5.0)
        for n in range(2500):
            thread.append(decided(f"q{n:05}"))
        health = thread.health()
        assert 1000 <= health.pending <= 1500
        assert health.dropped == 2501 - health.pending
        other.execute("ROLLBACK")
    assert thread.flush(10.0)
    left = written(tmp_path / "z.db")
    assert left[-1000:] == [f"q{n:05}" for n in range(1500, 2500)]
    health = thread.health()
    assert health.dropped + health.written == 2501
    assert len(left) == health.written


def test_what_cannot_be_written_at_the_end_is_counted(start: Start, tmp_path: Path) -> None:
    thread = start()
    with closing(sqlite3.connect(tmp_path / "z.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        thread.append(decided("q1"))
        thread.close(5.0)
        other.execute("ROLLBACK")
    assert thread.health().dropped == 1
    assert written(tmp_path / "z.db") == []


def test_a_record_nobody_can_write_is_told(start: Start, tmp_path: Path) -> None:
    thread = start()
    thread.append(decided("bad", of=query("bad", tenant="\ud800")))
    thread.append(decided("q1"))
    assert thread.flush(5.0)
    health = thread.health()
    assert health.ok
    assert health.dropped == 1
    assert "DecisionRecord: UnicodeEncodeError" in health.refusal
    assert written(tmp_path / "z.db") == ["q1"]


def test_pauses_grow_to_a_bound(start: Start) -> None:
    thread = start()
    assert thread._pause_s == BATCH_S
    for _ in range(20):
        thread._in_trouble(sqlite3.OperationalError("no"))
    assert thread._pause_s == LONGEST_PAUSE_S


def test_state_waits_for_the_file_and_only_the_latest(start: Start, tmp_path: Path) -> None:
    thread = start()
    with closing(sqlite3.connect(tmp_path / "z.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for version in range(5):
            thread.save([SavedState("cells", version, 0.0, b"")])
        assert not thread.flush(5.0)
        assert thread.unwritten_state("cells") == SavedState("cells", 4, 0.0, b"")
        other.execute("ROLLBACK")
    assert thread.flush(10.0)
    assert thread.unwritten_state("cells") is None
    with LogReader(tmp_path / "z.db") as reader:
        assert reader.state("cells") == SavedState("cells", 4, 0.0, b"")
