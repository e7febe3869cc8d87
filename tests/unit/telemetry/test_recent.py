"""The latest queries are remembered within bounds; older ones come from the log."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from support.records import candidate, decided, ended
from zeta_router.core.decision import Verdict
from zeta_router.core.outcome import Status
from zeta_router.core.reasons import Reason
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.log.writer import LogWriter, RunFacts
from zeta_router.telemetry.recent import Recent
from zeta_router.telemetry.records import FeedbackRecord


def test_a_story_is_told_in_order() -> None:
    recent = Recent()
    held = decided(number=1, verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT)
    sent = decided(number=2)
    for record in (held, sent, ended()):
        recent.on_record(record)
    recent.on_feedback(FeedbackRecord(105.0, "q1", 0.5))
    recent.on_feedback(FeedbackRecord(106.0, "q1", 0.0))
    story = recent.story("q1")
    assert story is not None
    assert story.decisions == [held, sent]
    assert story.outcomes == [ended()]
    assert story.feedback == FeedbackRecord(105.0, "q1", 0.5)


def test_newest_first() -> None:
    recent = Recent()
    for n in range(5):
        recent.on_record(decided(f"q{n}"))
    assert [story.query_id for story in recent.newest(3)] == ["q4", "q3", "q2"]
    assert recent.newest(0) == []
    assert recent.newest(-1) == []
    assert len(recent.newest(100)) == 5


def test_forgets_the_oldest_query() -> None:
    recent = Recent(queries=3)
    for n in range(10):
        recent.on_record(decided(f"q{n}"))
    assert len(recent) == 3
    assert recent.story("q6") is None
    assert recent.story("q7") is not None
    recent.on_record(ended("q0"))
    recent.on_feedback(FeedbackRecord(1.0, "q0", 1.0))
    assert len(recent) == 3


def test_forgets_by_candidates_but_never_the_newest() -> None:
    recent = Recent(candidates=10)
    for n in range(10):
        recent.on_record(decided(f"q{n}"))
    assert len(recent) == 5
    recent.on_record(decided("large", candidates=tuple(candidate(0) for _ in range(50))))
    assert [story.query_id for story in recent.newest(10)] == ["large"]
    for n in range(5):
        recent.on_record(decided(f"r{n}"))
    assert len(recent) == 5


def test_what_is_forgotten_comes_from_the_log(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path / "z.db", RunFacts(0.0, 0.0, "test"))
    writer.write([decided("old"), ended("old"), FeedbackRecord(1.0, "old", 1.0)])
    with LogReader(writer.path) as reader:
        recent = Recent(reader=lambda: reader)
        story = recent.story("old")
        assert story is not None
        assert story.decisions[0].query == decided("old").query
        assert story.outcomes == [ended("old")]
        assert story.feedback == FeedbackRecord(1.0, "old", 1.0)
        assert recent.story("never") is None
    writer.close()


def test_what_was_let_go_while_it_was_held_is_told_from_its_beginning(tmp_path: Path) -> None:
    held = decided(number=0, verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT)
    failed = ended(status=Status.UPSTREAM_ERROR)
    first, again = decided(number=3), decided(number=4, endpoint_id="b")
    writer = LogWriter(tmp_path / "z.db", RunFacts(0.0, 0.0, "test"))
    writer.write([held, first, failed])
    with LogReader(writer.path) as reader:
        recent = Recent(queries=2, reader=lambda: reader)
        recent.on_record(held)
        for n in range(3):
            recent.on_record(decided(f"other {n}"))
        for record in (first, failed, again):
            recent.on_record(record)
        story = recent.story("q1")
        assert story is not None
        assert [each.decision.number for each in story.decisions] == [0, 3, 4]
        assert [each.attempt for each in story.outcomes] == [1]
    writer.close()


def test_a_log_that_cannot_be_read_is_no_error() -> None:
    class Broken:
        def decisions_of(self, query_id: str) -> None:
            raise sqlite3.OperationalError("disk I/O error")

    assert Recent(reader=lambda: None).story("q1") is None
    assert Recent(reader=Broken).story("q1") is None  # type: ignore[arg-type]
