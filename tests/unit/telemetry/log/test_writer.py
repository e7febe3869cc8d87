"""One batch: all of it, or none and an error, and never stopped by a single record."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from support.records import decided, ended, query
from zeta_router.core.checks import Checks
from zeta_router.router.commands import ChecksRecord
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.log.writer import LogWriter, RunFacts
from zeta_router.telemetry.records import FeedbackRecord, PromptRecord, SavedState

RUN = RunFacts(5000.0, 1000.0, "zeta-router test", {"seed": "7"})


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[LogWriter]:
    opened = LogWriter(tmp_path / "z.db", RUN)
    yield opened
    opened.close()


def count(writer: LogWriter, table: str) -> int:
    return int(writer.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def test_every_kind_of_record_finds_its_table(writer: LogWriter) -> None:
    batch = [
        decided(),
        ended(),
        ChecksRecord(104.5, "q1", "coder-7b", Checks(cut=True)),
        FeedbackRecord(105.0, "q1", 1.0),
        PromptRecord("q1", "hello"),
        SavedState("cells", 2, 105.0, b"\x00\x01"),
    ]
    assert writer.write(batch) == 0
    tables = ("decisions", "outcomes", "samples", "checks", "feedback", "prompts", "state", "runs")
    assert [count(writer, name) for name in tables] == [1, 1, 2, 1, 1, 1, 1, 1]
    row = writer.connection.execute("SELECT * FROM runs").fetchone()
    assert row == (1, 5000.0, 1000.0, "zeta-router test", '{"seed":"7"}')


def test_each_opening_is_a_run_of_its_own(tmp_path: Path) -> None:
    for number in (1, 2):
        writer = LogWriter(tmp_path / "z.db", RUN)
        writer.write([decided(f"q{number}")])
        writer.close()
    with LogReader(tmp_path / "z.db") as reader:
        for name in ("q1", "q2"):
            view = reader.decisions_of(name)[0].decision.candidates[0].view
            assert view.sample.running is not None


def test_a_prompt_is_dated_by_the_decision_before_it(writer: LogWriter) -> None:
    writer.write([PromptRecord("q0", "first"), decided(at_s=100.0), PromptRecord("q1", "second")])
    rows = writer.connection.execute("SELECT wall_s FROM prompts ORDER BY seq").fetchall()
    assert rows[-1] == (1100.0,)


def test_only_the_first_judgement_counts(writer: LogWriter) -> None:
    assert writer.write([FeedbackRecord(1.0, "q1", 1.0), FeedbackRecord(2.0, "q1", 0.0)]) == 0
    assert writer.connection.execute("SELECT score FROM feedback").fetchall() == [(1.0,)]


def test_state_is_replaced(writer: LogWriter) -> None:
    writer.write([SavedState("cells", 1, 1.0, b"a"), SavedState("cells", 2, 2.0, b"b")])
    rows = writer.connection.execute("SELECT version, blob FROM state").fetchall()
    assert rows == [(2, b"b")]


POISON = {
    "text that is no Unicode": decided("bad", of=query("bad", tenant="\ud800")),
    "a time that is no number": ended("bad", at_s=float("nan")),
    "scores that do not fit": decided("bad")._replace(
        decision=decided("bad").decision._replace(scores=(1.0,))
    ),
    "no record at all": "bad",
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
def test_a_record_nobody_can_write_costs_only_itself(writer: LogWriter, poison) -> None:  # type: ignore[no-untyped-def]
    batch = [decided("q1"), poison, ended("q1"), decided("q2")]
    assert writer.write(batch) == 1
    assert [count(writer, name) for name in ("decisions", "outcomes", "samples")] == [2, 1, 2]
    assert type(poison).__name__ in writer.refusal


@pytest.mark.parametrize(("said", "kept"), [(2**63, 2**63 - 1), (-(2**70), 1 - 2**63)])
def test_a_count_no_column_holds_becomes_one_that_it_does(
    writer: LogWriter, said: int, kept: int
) -> None:
    outcome = replace(ended().outcome, prompt_tokens=said, output_tokens=7)
    batch = [
        decided("q1", of=query("q1", max_output_tokens=said)),
        ended("q1")._replace(outcome=outcome),
        decided("q2"),
    ]
    assert writer.write(batch) == 0
    rows = writer.connection.execute("SELECT prompt_tokens, output_tokens FROM outcomes").fetchall()
    assert rows == [(kept, 7)]
    (row,) = writer.connection.execute("SELECT max_output_tokens FROM decisions LIMIT 1")
    assert row == (kept,)


def test_trouble_with_the_file_leaves_nothing_half_written(writer: LogWriter) -> None:
    writer.write([decided("q1")])
    writer.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        writer.write([decided("q2"), ended("q1")])
    writer.connection.execute("PRAGMA query_only = OFF")
    assert not writer.connection.in_transaction
    assert writer.write([decided("q2"), ended("q1")]) == 0
    assert [count(writer, name) for name in ("decisions", "outcomes", "samples")] == [2, 1, 2]


def test_a_full_disk_in_the_middle_of_a_batch(writer: LogWriter) -> None:
    pages = writer.connection.execute("PRAGMA page_count").fetchone()[0]
    writer.connection.execute(f"PRAGMA max_page_count = {pages + 4}")
    batch = [decided(f"q{n}") for n in range(200)]
    with pytest.raises(sqlite3.OperationalError, match="full"):
        writer.write(batch)
    assert not writer.connection.in_transaction
    assert count(writer, "decisions") == 0
    writer.connection.execute("PRAGMA max_page_count = 1000000")
    assert writer.write(batch) == 0
    assert count(writer, "decisions") == 200
    assert count(writer, "samples") == 2


def test_sees_that_its_file_was_moved(writer: LogWriter) -> None:
    assert writer.is_current
    writer.path.rename(writer.path.with_suffix(".old"))
    assert not writer.is_current
    writer.path.touch()
    assert not writer.is_current
