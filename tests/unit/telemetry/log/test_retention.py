"""What is old goes, a little at a time, and the file shrinks with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.records import decided, ended
from zeta_router.telemetry.log.retention import LEAST_STEP, Retention, used_bytes
from zeta_router.telemetry.log.rows import REPEAT_S
from zeta_router.telemetry.log.writer import LogWriter, RunFacts
from zeta_router.telemetry.records import FeedbackRecord, PromptRecord

PLENTY = 2**40


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[LogWriter]:
    opened = LogWriter(tmp_path / "z.db", RunFacts(0.0, 0.0, "test"))
    yield opened
    opened.close()


def count(writer: LogWriter, table: str) -> int:
    return int(writer.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


class Wall:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def fill(writer: LogWriter, n: int, start_s: float = 0.0) -> None:
    for at in range(n):
        at_s = start_s + at
        writer.write(
            [
                decided(f"q{at_s}", at_s=at_s),
                PromptRecord(f"q{at_s}", "text"),
                ended(f"q{at_s}", at_s=at_s),
                FeedbackRecord(at_s, f"q{at_s}", 1.0),
            ]
        )


def test_rows_of_every_table_go_when_they_are_old(writer: LogWriter) -> None:
    fill(writer, 20)
    wall = Wall()
    wall.now_s = 110.5
    Retention(100.0, PLENTY, wall).tidy(writer.connection, 0)
    tables = ("decisions", "outcomes", "feedback", "prompts")
    assert [count(writer, name) for name in tables] == [9, 9, 9, 9]
    oldest = writer.connection.execute("SELECT min(wall_s) FROM decisions").fetchone()
    assert oldest == (11.0,)


def test_polls_stay_until_no_decision_can_refer_to_them(writer: LogWriter) -> None:
    writer.write([decided(at_s=0.0)])
    wall = Wall()
    wall.now_s = 100.0 + REPEAT_S
    retention = Retention(100.0, PLENTY, wall)
    retention.tidy(writer.connection, 0)
    assert (count(writer, "decisions"), count(writer, "samples")) == (0, 2)
    wall.now_s = 101.0 + 2 * REPEAT_S
    retention.tidy(writer.connection, 0)
    assert count(writer, "samples") == 0


def test_a_step_is_small_and_at_most_one_a_second(writer: LogWriter) -> None:
    fill(writer, 3 * LEAST_STEP)
    wall = Wall()
    wall.now_s = 1e6
    retention = Retention(0.0, PLENTY, wall)
    retention.tidy(writer.connection, 0)
    assert count(writer, "decisions") == 2 * LEAST_STEP
    wall.now_s += 0.5
    assert retention.tidy(writer.connection, 0) == 0
    wall.now_s += 0.5
    retention.tidy(writer.connection, 0)
    assert count(writer, "decisions") == LEAST_STEP


def test_a_step_grows_with_what_is_written(writer: LogWriter) -> None:
    fill(writer, 3 * LEAST_STEP)
    wall = Wall()
    wall.now_s = 1e6
    Retention(0.0, PLENTY, wall).tidy(writer.connection, written=LEAST_STEP)
    assert count(writer, "decisions") == LEAST_STEP


def test_goes_on_after_the_clock_was_set_back(writer: LogWriter) -> None:
    fill(writer, 10)
    wall = Wall()
    wall.now_s = 1e6
    retention = Retention(100.0, PLENTY, wall)
    retention.tidy(writer.connection, 0)
    fill(writer, 10)
    wall.now_s = 500.0
    assert retention.tidy(writer.connection, 0) > 0


def test_a_file_that_is_too_large_loses_its_oldest_rows_and_shrinks(writer: LogWriter) -> None:
    fill(writer, 1500)
    wall = Wall()
    before = writer.path.stat().st_size + _wal_bytes(writer.path)
    retention = Retention(1e9, 400_000, wall)
    for _ in range(20):
        wall.now_s += 1.0
        retention.tidy(writer.connection, 0)
    assert used_bytes(writer.connection) <= 400_000
    left = [row[0] for row in writer.connection.execute("SELECT wall_s FROM decisions")]
    assert left
    assert left == [1500.0 - len(left) + n for n in range(len(left))]
    writer.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert writer.path.stat().st_size < 400_000 + 300 * 4096 < before


def _wal_bytes(path: Path) -> int:
    return path.with_name(path.name + "-wal").stat().st_size


def test_fresh_rows_of_a_clock_that_stood_in_1970_stay(writer: LogWriter) -> None:
    fill(writer, 5, start_s=1e6)
    fill(writer, 5, start_s=3.0)
    fill(writer, 5, start_s=1e6 + 10.0)
    wall = Wall()
    wall.now_s = 1e6 + 50.0
    retention = Retention(100.0, PLENTY, wall)
    retention.tidy(writer.connection, 0)
    assert count(writer, "decisions") == 15
    wall.now_s = 1e6 + 107.0
    retention.tidy(writer.connection, 0)
    assert count(writer, "decisions") == 5


def test_a_row_of_the_future_keeps_no_other(writer: LogWriter) -> None:
    fill(writer, 1, start_s=1e9)
    fill(writer, 5)
    wall = Wall()
    wall.now_s = 1e6
    Retention(100.0, PLENTY, wall).tidy(writer.connection, 0)
    assert count(writer, "decisions") == 1


def test_a_file_that_is_too_large_shrinks_whatever_the_clocks_said(writer: LogWriter) -> None:
    fill(writer, 300, start_s=1e6)
    fill(writer, 300)
    wall = Wall()
    wall.now_s = 1e6 + 300.0
    retention = Retention(1e9, 100_000, wall)
    for _ in range(20):
        wall.now_s += 1.0
        retention.tidy(writer.connection, 0)
    assert used_bytes(writer.connection) <= 100_000
