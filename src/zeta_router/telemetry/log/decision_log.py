"""The decision log as its users see it.

One flat row per decision, per ended attempt and per judgement, in SQLite. It is the explanation
page, the training set, the replay format and the audit in one. It holds no text of any query
unless the operator asks for that.
"""

from __future__ import annotations

import math
import platform
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from zeta_router import __version__
from zeta_router.core.errors import ConfigError
from zeta_router.router.commands import DecisionRecord, Record
from zeta_router.telemetry.bounded import Generations
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.log.retention import DAY_S, Retention
from zeta_router.telemetry.log.thread import LogThread
from zeta_router.telemetry.log.writer import RunFacts
from zeta_router.telemetry.records import (
    FeedbackRecord,
    FeedbackResult,
    LogHealth,
    PromptRecord,
    SavedState,
)

PENDING_ROWS = 100_000
"""Rows kept in memory while the file cannot take them; beyond it the oldest is given up."""

PROMPT_CHARACTERS = 100_000
"""Longest text kept of one query."""

PENDING_BEFORE_PROMPTS_GO = 1000
"""Rows in wait above which texts are no longer taken in: 100 MB of them at the very most."""

KNOWN_IDS = 20_000
"""Query ids remembered, so that a judgement of a fresh answer needs no look into the file."""


class DecisionLog:
    """Appends on the event loop, writes in a thread, reads through connections of its own.

    Everything but `append_feedback`, `load_state`, `flush` and `close` returns at once.

    Args:
        path: The SQLite file. Made when it does not exist; its folder must.
        keep_days: Age in days at which rows are let go; 0 keeps nothing longer than a second.
        wall_offset_s: Wall time minus the time in the records (the driver's clock); called before
            each transaction where it may change. Required: with a wrong one every row looks as old
            as the machine and is let go at once.
        keep_bytes: Size above which the oldest rows go whatever their age.
        prompts: Whether the text of queries is kept too.
        facts: What else to remember about this run: config hash, seed, policy.
        pending_rows: Most rows kept in memory while the file cannot take them.
        wall_clock: Seconds since 1970; decides what is old, and stands in no record. Where it jumps
            ahead of the rows' times, they are let go (`wall.Wall` has one that does not).

    Raises:
        ConfigError: The file is not a decision log, was written by a newer version, or its folder
            does not exist. A file that is locked, read-only or on a full disk raises nothing: the
            log tries again, and says so in `health`.
    """

    def __init__(
        self,
        path: Path | str,
        keep_days: float = 30.0,
        *,
        wall_offset_s: float | Callable[[], float],
        keep_bytes: int = 4 * 2**30,
        prompts: bool = False,
        facts: Mapping[str, str] | None = None,
        pending_rows: int = PENDING_ROWS,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = Path(path)
        self.keeps_prompts = prompts
        self._known: Generations[bool] = Generations(KNOWN_IDS)
        self._judged: Generations[bool] = Generations(KNOWN_IDS)
        self._reader: LogReader | None = None
        software = f"zeta-router {__version__}, Python {platform.python_version()}"

        def run() -> RunFacts:
            offset_s = wall_offset_s() if callable(wall_offset_s) else wall_offset_s
            return RunFacts(wall_clock(), offset_s, software, facts or {})

        retention = Retention(keep_days * DAY_S, keep_bytes, wall_clock)
        self._thread = LogThread(self.path, run, retention, pending_rows)

    def append(self, record: Record) -> None:
        """Take in a record of the router. From the event loop only; never fails, never waits."""
        self._thread.append(record)
        if type(record) is DecisionRecord:
            self._known.put(record.query.id, True)

    def append_prompt(self, query_id: str, text: str) -> None:
        """Keep the text of a query, if `keeps_prompts`; otherwise nothing is kept anywhere.

        While many rows wait for the file, texts are given up (and counted) before anything else:
        they are large.
        """
        if not self.keeps_prompts:
            return
        if self._thread.pending >= PENDING_BEFORE_PROMPTS_GO:
            self._thread.give_up()
        else:
            self._thread.append(PromptRecord(query_id, text[:PROMPT_CHARACTERS]))

    def append_feedback(
        self, query_id: str, score: float, at_s: float, voter: str = ""
    ) -> FeedbackResult:
        """Keep a judgement of an answer; the first one for a query counts.

        Looks into memory first and into the file only for queries that are no longer there, which
        takes about a millisecond.

        Args:
            query_id: What `x-zeta-decision-id` said.
            score: In [0, 1], higher is better.
            at_s: When, on the driver's clock.
            voter: Who says so (`FeedbackRecord`).

        Raises:
            ValueError: `score` is not in [0, 1].
        """
        if not (math.isfinite(score) and 0.0 <= score <= 1.0):
            raise ValueError(f"a score lies in [0, 1], not {score}")
        if query_id in self._judged:
            return FeedbackResult.DUPLICATE
        if query_id not in self._known:
            result = self._in_file(query_id)
            if result is not FeedbackResult.STORED:
                return result
        self._judged.put(query_id, True)
        self._thread.append(FeedbackRecord(at_s, query_id, score, voter))
        return FeedbackResult.STORED

    def _in_file(self, query_id: str) -> FeedbackResult:
        """What the file says to a judgement of `query_id`; unknown when it cannot be read."""
        reader = self.reader()
        try:
            if reader is None or not reader.knows(query_id):
                return FeedbackResult.UNKNOWN
            judged = reader.feedback_of(query_id) is not None
        except sqlite3.Error:
            return FeedbackResult.UNKNOWN
        return FeedbackResult.DUPLICATE if judged else FeedbackResult.STORED

    def save_states(self, states: Sequence[SavedState]) -> None:
        """Keep learned states in place of those of their names: all within a second, or none."""
        self._thread.save(states)

    def load_states(self, prefix: str) -> list[SavedState]:
        """All states in the file whose names begin with `prefix`; none when it cannot be read."""
        reader = self.reader()
        try:
            return [] if reader is None else reader.states(prefix)
        except sqlite3.Error:
            return []

    def load_state(self, name: str) -> SavedState | None:
        """The state saved last under `name`; None when there is none or it cannot be read."""
        unwritten = self._thread.unwritten_state(name)
        if unwritten is not None:
            return unwritten
        reader = self.reader()
        try:
            return None if reader is None else reader.state(name)
        except sqlite3.Error:
            return None

    def reader(self) -> LogReader | None:
        """A reader of the same file, shared by all callers; None while it cannot be opened.

        It sees what is written, which is up to a quarter of a second behind.
        """
        if self._reader is not None and not self._reader.is_current:
            self._close_reader()
        if self._reader is None:
            try:
                self._reader = LogReader(self.path)
            except (ConfigError, sqlite3.Error, OSError):
                return None
        return self._reader

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def health(self) -> LogHealth:
        """How the log is doing; what it has lost is in `dropped`, why in `trouble` or `refusal`."""
        return self._thread.health()

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until everything appended so far is in the file; false when that is impossible.

        Blocks: not for the event loop.
        """
        return self._thread.flush(timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what is left and end the thread. May be called again.

        Blocks for as long as writing takes: at shutdown only. What is appended afterwards is lost.
        """
        self._thread.close(timeout_s)
        self._close_reader()
