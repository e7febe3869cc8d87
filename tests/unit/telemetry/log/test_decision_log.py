"""The log as the gateway uses it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.records import SAMPLE, candidate, decided, ended
from zeta_router.core.errors import ConfigError
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.router.commands import DecisionRecord
from zeta_router.telemetry.log.decision_log import (
    PENDING_BEFORE_PROMPTS_GO,
    PROMPT_CHARACTERS,
    DecisionLog,
)
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.records import FeedbackResult, SavedState

OTHER_SAMPLE = EngineSample(running=Signal(9.0, 50.0, "other"))

Open = Callable[..., DecisionLog]


@pytest.fixture
def open_log(tmp_path: Path) -> Iterator[Open]:
    """Opens the log `z.db` at wall time 1,000, and closes it after the test."""
    opened = []

    def make(**more: object) -> DecisionLog:
        settings = {"wall_offset_s": 900.0, "wall_clock": lambda: 1000.0, **more}
        opened.append(DecisionLog(tmp_path / "z.db", **settings))  # type: ignore[arg-type]
        return opened[-1]

    yield make
    for log in opened:
        log.close()


def test_what_is_appended_can_be_read(open_log: Open) -> None:
    log = open_log()
    log.append(decided())
    log.append(ended())
    assert log.flush()
    reader = log.reader()
    assert reader is not None
    assert reader.decisions_of("q1")[0].query == decided().query
    assert reader.outcomes_of("q1") == [ended()]
    assert log.health().written == 2


def test_a_log_that_can_never_be_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        DecisionLog(tmp_path / "missing" / "z.db", wall_offset_s=0.0)


def test_old_rows_go(open_log: Open, tmp_path: Path) -> None:
    log = open_log(keep_days=1.0, wall_offset_s=0.0, wall_clock=lambda: 86_400.0 + 50.0)
    log.append(decided("old", at_s=49.0))
    log.append(decided("new", at_s=51.0))
    assert log.flush()
    log.close()
    with LogReader(tmp_path / "z.db") as reader:
        assert reader.newest(5) == ["new"]


def test_no_text_unless_asked_for(open_log: Open, tmp_path: Path) -> None:
    words = "the launch code is 1234"
    log = open_log()
    assert not log.keeps_prompts
    log.append(decided())
    log.append_prompt("q1", words)
    log.close()
    for file in tmp_path.iterdir():
        assert words.encode() not in file.read_bytes()


def test_text_when_asked_for_is_cut(open_log: Open) -> None:
    log = open_log(prompts=True)
    log.append_prompt("q1", "a" * (PROMPT_CHARACTERS + 1))
    assert log.flush()
    reader = log.reader()
    assert reader is not None
    assert reader.prompt_of("q1") == "a" * PROMPT_CHARACTERS


def test_texts_go_first_when_the_file_does_not_take_them(tmp_path: Path) -> None:
    (tmp_path / "z.db").symlink_to(tmp_path / "mount" / "z.db")
    log = DecisionLog(tmp_path / "z.db", wall_offset_s=0.0, prompts=True)
    try:
        for n in range(PENDING_BEFORE_PROMPTS_GO + 50):
            log.append_prompt(f"q{n}", "text")
            log.append(decided(f"q{n}"))
        health = log.health()
        assert health.dropped == PENDING_BEFORE_PROMPTS_GO + 50 - PENDING_BEFORE_PROMPTS_GO // 2
        assert health.pending == PENDING_BEFORE_PROMPTS_GO // 2 + PENDING_BEFORE_PROMPTS_GO + 50
    finally:
        log.close()


def test_feedback_once_for_a_query_in_memory(open_log: Open) -> None:
    log = open_log()
    log.append(decided("q1"))
    assert log.append_feedback("q1", 1.0, 101.0) is FeedbackResult.STORED
    assert log.append_feedback("q1", 0.0, 102.0) is FeedbackResult.DUPLICATE
    assert log.append_feedback("q2", 0.0, 102.0) is FeedbackResult.UNKNOWN
    assert log.flush()
    reader = log.reader()
    assert reader is not None
    feedback = reader.feedback_of("q1")
    assert feedback is not None
    assert feedback.score == 1.0


def test_feedback_for_a_query_of_an_earlier_run(open_log: Open) -> None:
    log = open_log()
    log.append(decided("q1"))
    log.append(decided("q2"))
    log.append_feedback("q2", 1.0, 101.0)
    log.close()
    again = open_log()
    assert again.append_feedback("q1", 0.5, 200.0) is FeedbackResult.STORED
    assert again.append_feedback("q1", 0.5, 200.0) is FeedbackResult.DUPLICATE
    assert again.append_feedback("q2", 0.5, 200.0) is FeedbackResult.DUPLICATE
    assert again.append_feedback("q3", 0.5, 200.0) is FeedbackResult.UNKNOWN


@pytest.mark.parametrize("score", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_score_outside_its_range_is_refused(open_log: Open, score: float) -> None:
    log = open_log()
    log.append(decided("q1"))
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        log.append_feedback("q1", score, 101.0)


def test_state_survives_a_restart(open_log: Open) -> None:
    log = open_log()
    assert log.load_state("cells") is None
    log.save_states([SavedState("cells", 3, 5.0, b"\x01")])
    saved = log.load_state("cells")
    log.close()
    found = open_log().load_state("cells")
    assert saved == found
    assert found is not None
    assert (found.version, found.saved_at_s, found.blob) == (3, 5.0, b"\x01")


def test_follows_its_file_when_it_is_moved(open_log: Open, tmp_path: Path) -> None:
    log = open_log()
    log.append(decided("q1"))
    assert log.flush()
    assert log.reader() is not None
    (tmp_path / "z.db").rename(tmp_path / "old.db")
    assert log.reader() is None
    log.append(decided("q2"))
    assert log.flush()
    reader = log.reader()
    assert reader is not None
    assert reader.newest(5) == ["q2"]


def test_says_what_is_wrong_while_it_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "z.db").symlink_to(tmp_path / "mount" / "z.db")
    log = DecisionLog(tmp_path / "z.db", wall_offset_s=0.0)
    try:
        log.append(decided("q1"))
        assert not log.health().ok
        assert log.reader() is None
        assert log.load_state("cells") is None
        assert log.append_feedback("q9", 1.0, 1.0) is FeedbackResult.UNKNOWN
        assert log.append_feedback("q1", 1.0, 1.0) is FeedbackResult.STORED
    finally:
        log.close()
    assert log.health().dropped == 2


def test_remembers_the_run(open_log: Open, tmp_path: Path) -> None:
    open_log(facts={"policy": "static"}).close()
    with closing(sqlite3.connect(tmp_path / "z.db")) as file:
        (row,) = file.execute("SELECT wall_offset_s, software, facts FROM runs").fetchall()
    assert row[0] == 900.0
    assert row[1].startswith("zeta-router ")
    assert row[2] == '{"policy":"static"}'


def test_two_routers_may_share_a_file(open_log: Open, tmp_path: Path) -> None:
    """One that is being replaced still writes while its successor has begun."""
    old, new = open_log(), open_log()
    for n in range(300):
        old.append(decided(f"old{n}", candidates=(candidate(0, in_flight=1),)))
        new.append(decided(f"new{n}", candidates=(candidate(0, sample=OTHER_SAMPLE),)))
    assert old.flush()
    assert new.flush()
    with LogReader(tmp_path / "z.db") as reader:
        told = [record for record in reader.iterate() if isinstance(record, DecisionRecord)]
    assert len(told) == 600
    for record in told:
        sample = record.decision.candidates[0].view.sample
        assert sample == (SAMPLE if record.query.id.startswith("old") else OTHER_SAMPLE)
