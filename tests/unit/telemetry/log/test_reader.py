"""What was written is found again, in the order in which it happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.records import decided, ended
from zeta_router.core.decision import Verdict
from zeta_router.core.reasons import Reason
from zeta_router.router.commands import DecisionRecord, OutcomeRecord
from zeta_router.telemetry.log.reader import PAGE, LogReader
from zeta_router.telemetry.log.writer import LogWriter, RunFacts
from zeta_router.telemetry.records import FeedbackRecord, PromptRecord, SavedState


@pytest.fixture
def writer(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = LogWriter(tmp_path / "z.db", RunFacts(0.0, 0.0, "test"))
    yield opened
    opened.close()


def test_the_story_of_one_query(writer: LogWriter) -> None:
    held = decided(number=1, at_s=1.0, verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT)
    sent = decided(number=2, at_s=2.0)
    other = decided("q2", at_s=2.5)
    writer.write([held, sent, other, ended(at_s=3.0), FeedbackRecord(4.0, "q1", 0.5)])
    writer.write([PromptRecord("q1", "what?"), SavedState("cells", 3, 4.5, b"xyz")])
    with LogReader(writer.path) as reader:
        assert [r.decision.number for r in reader.decisions_of("q1")] == [1, 2]
        assert reader.outcomes_of("q1") == [ended(at_s=3.0)]
        assert reader.feedback_of("q1") == FeedbackRecord(4.0, "q1", 0.5)
        assert reader.prompt_of("q1") == "what?"
        assert reader.state("cells") == SavedState("cells", 3, 4.5, b"xyz")
        assert reader.newest(5) == ["q2", "q1"]
        assert reader.newest(1) == ["q2"]
        assert reader.knows("q2")


def test_what_is_not_there(writer: LogWriter) -> None:
    with LogReader(writer.path) as reader:
        assert reader.decisions_of("q1") == []
        assert reader.outcomes_of("q1") == []
        assert reader.feedback_of("q1") is None
        assert reader.prompt_of("q1") is None
        assert reader.state("cells") is None
        assert reader.newest(5) == []
        assert not reader.knows("q1")
        assert list(reader.iterate()) == []


def test_iterates_in_order_over_many_pages_and_equal_times(writer: LogWriter) -> None:
    n = 2 * PAGE + 7
    records = [
        record
        for at in range(n)
        for record in (
            decided(f"q{at}", at_s=float(at // 3)),
            ended(f"q{at}", at_s=float(at // 3)),
        )
    ]
    writer.write(records)
    with LogReader(writer.path) as reader:
        told = list(reader.iterate())
    assert len(told) == 2 * n
    times = [r.decision.decided_at_s if isinstance(r, DecisionRecord) else r.at_s for r in told]
    assert times == sorted(times)
    decisions = [r.query.id for r in told if isinstance(r, DecisionRecord)]
    outcomes = [r.query_id for r in told if isinstance(r, OutcomeRecord)]
    assert decisions == outcomes == [f"q{at}" for at in range(n)]
    first = {name: place for place, name in reversed(list(enumerate(map(_id, told))))}
    assert all(isinstance(told[place], DecisionRecord) for place in first.values())


def _id(record: DecisionRecord | OutcomeRecord | FeedbackRecord) -> str:
    return record.query.id if isinstance(record, DecisionRecord) else record.query_id


def test_iterates_between_two_times(writer: LogWriter) -> None:
    writer.write([decided(f"q{at}", at_s=float(at)) for at in range(10)])
    with LogReader(writer.path) as reader:
        assert [_id(record) for record in reader.iterate(3.0, 6.0)] == ["q3", "q4", "q5"]


def test_reads_while_rows_are_being_written(writer: LogWriter) -> None:
    writer.write([decided(f"q{at}", at_s=float(at)) for at in range(PAGE)])
    with LogReader(writer.path) as reader:
        stream = reader.iterate()
        next(stream)
        writer.write([decided("late", at_s=float(PAGE + 1))])
        assert [_id(record) for record in stream][-1] == "late"
        assert reader.is_current
        writer.path.unlink()
        assert not reader.is_current
