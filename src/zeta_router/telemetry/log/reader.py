"""Reading the decision log back: for explanations, training and replay.

Works beside a running router and on the file of a router that is gone.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from zeta_router.core.signal import NO_SAMPLE, EngineSample
from zeta_router.router.commands import ChecksRecord, DecisionRecord, OutcomeRecord
from zeta_router.telemetry.log.decode import (
    checks_from,
    decision_from,
    decode_facts,
    decode_sample,
    feedback_from,
    outcome_from,
)
from zeta_router.telemetry.log.file import open_for_reading
from zeta_router.telemetry.log.rows import Row
from zeta_router.telemetry.log.schema import (
    CHECKS,
    DECISIONS,
    FEEDBACK,
    OUTCOMES,
    PROMPTS,
    RUNS,
    SAMPLES,
    STATE,
)
from zeta_router.telemetry.log.table import Table
from zeta_router.telemetry.records import FeedbackRecord, LoggedRun, LogRecord, SavedState

PAGE = 500
"""Rows read at a stretch while iterating, so that no read transaction stays open for long."""


KEPT_SAMPLES = 4096
"""Polls kept in memory, as many decisions in a row refer to the same ones."""


class LogReader:
    """A read-only view of a log file.

    Raises:
        ConfigError: There is no such file, it is no decision log, or it is a newer one.
        sqlite3.Error: It cannot be read at present.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        self._connection = open_for_reading(self._path)
        self._inode = self._path.stat().st_ino
        self._samples: dict[tuple[int, int], EngineSample] = {}

    def __enter__(self) -> LogReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @property
    def is_current(self) -> bool:
        """Whether the path still names the open file; false once it was moved or deleted."""
        try:
            return self._path.stat().st_ino == self._inode
        except OSError:
            return False

    def decisions_of(self, query_id: str) -> list[DecisionRecord]:
        """All decisions made for a query, in order; empty when it is not in the log."""
        return [self._decision(row) for row in self._of(DECISIONS, query_id)]

    def outcomes_of(self, query_id: str) -> list[OutcomeRecord]:
        """How its attempts ended, in order."""
        return [outcome_from(row) for row in self._of(OUTCOMES, query_id)]

    def feedback_of(self, query_id: str) -> FeedbackRecord | None:
        """What somebody said of the answer; None when nobody did."""
        return next((feedback_from(row) for row in self._of(FEEDBACK, query_id)), None)

    def checks_of(self, query_id: str) -> ChecksRecord | None:
        """What was found of the answer; None when nobody looked."""
        return next((checks_from(row) for row in self._of(CHECKS, query_id)), None)

    def prompt_of(self, query_id: str) -> str | None:
        """The query's text, where the operator keeps it."""
        row = next(iter(self._of(PROMPTS, query_id)), None)
        return None if row is None else str(row[-1])

    def knows(self, query_id: str) -> bool:
        """Whether any decision was made for `query_id`."""
        sql = f"SELECT 1 FROM {DECISIONS.name} WHERE query_id = ? LIMIT 1"  # noqa: S608
        return self._connection.execute(sql, (query_id,)).fetchone() is not None

    def newest(self, limit: int) -> list[str]:
        """Ids of the queries decided last, newest first, each once."""
        sql = (
            f"SELECT query_id, max(seq) AS last FROM (SELECT query_id, seq FROM {DECISIONS.name} "  # noqa: S608
            "ORDER BY seq DESC LIMIT ?) GROUP BY query_id ORDER BY last DESC LIMIT ?"
        )
        return [row[0] for row in self._connection.execute(sql, (4 * limit, limit))]

    def wall_of_newest(self, count: int) -> float:
        """When the oldest of the newest `count` decisions was made; 0 when there are fewer."""
        sql = f"SELECT wall_s FROM {DECISIONS.name} ORDER BY wall_s DESC LIMIT 1 OFFSET ?"  # noqa: S608
        row = self._connection.execute(sql, (count - 1,)).fetchone()
        return 0.0 if row is None else float(row[0])

    def state(self, name: str) -> SavedState | None:
        """Learned state as saved last; None when there is none of this name."""
        sql = f"SELECT {STATE.names} FROM {STATE.name} WHERE name = ?"  # noqa: S608
        row = self._connection.execute(sql, (name,)).fetchone()
        return None if row is None else SavedState(*row)

    def runs(self) -> list[LoggedRun]:
        """Every opening of the file for writing, the oldest first."""
        sql = f"SELECT seq, {RUNS.names} FROM {RUNS.name} ORDER BY seq"  # noqa: S608
        return [
            LoggedRun(number, opened, offset, software, decode_facts(facts))
            for number, opened, offset, software, facts in self._connection.execute(sql)
        ]

    def states(self, prefix: str) -> list[SavedState]:
        """All learned state whose name begins with `prefix`, by name."""
        sql = f"SELECT {STATE.names} FROM {STATE.name} ORDER BY name"  # noqa: S608
        rows = [SavedState(*row) for row in self._connection.execute(sql)]
        return [state for state in rows if state.name.startswith(prefix)]

    def iterate(self, since_wall_s: float = 0.0, until_wall_s: float = 1e15) -> Iterator[LogRecord]:
        """Everything between two wall times, in the order in which it happened.

        At equal times a decision comes before an outcome, and that before what was found or said of
        the answer, which is the order of cause and effect.
        """
        kinds: tuple[tuple[Table, Callable[[Row], LogRecord]], ...] = (
            (DECISIONS, self._decision),
            (OUTCOMES, outcome_from),
            (CHECKS, checks_from),
            (FEEDBACK, feedback_from),
        )
        streams = [
            self._between(rank, table, make, since_wall_s, until_wall_s)
            for rank, (table, make) in enumerate(kinds)
            if table.since <= self._schema
        ]
        for *_, record in heapq.merge(*streams, key=lambda entry: entry[:3]):
            yield record

    @property
    def _schema(self) -> int:
        """The file's schema at this moment: a router that opens it brings it up to date."""
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _decision(self, row: Row) -> DecisionRecord:
        return decision_from(row, self._sample)

    def _sample(self, run: int, number: int) -> EngineSample:
        """A poll by run and number; the empty one when there was none or its row is gone."""
        if number == 0:
            return NO_SAMPLE
        known = self._samples.get((run, number))
        if known is not None:
            return known
        sql = f"SELECT sample FROM {SAMPLES.name} WHERE run = ? AND number = ?"  # noqa: S608
        row = self._connection.execute(sql, (run, number)).fetchone()
        sample = NO_SAMPLE if row is None else decode_sample(row[0])
        if len(self._samples) >= KEPT_SAMPLES:
            self._samples.clear()
        self._samples[run, number] = sample
        return sample

    def _between(
        self,
        rank: int,
        table: Table,
        make: Callable[[Row], LogRecord],
        since_wall_s: float,
        until_wall_s: float,
    ) -> Iterator[tuple[float, int, int, LogRecord]]:
        sql = (
            f"SELECT seq, {table.names_in(self._schema)} FROM {table.name} "  # noqa: S608
            "WHERE (wall_s, seq) > (?, ?) AND wall_s >= ? AND wall_s < ? "
            "ORDER BY wall_s, seq LIMIT ?"
        )
        at: tuple[float, int] = (since_wall_s, -1)
        while True:
            bounds = (*at, since_wall_s, until_wall_s, PAGE)
            page = self._connection.execute(sql, bounds).fetchall()
            for seq, *row in page:
                yield (row[2], rank, seq, make(tuple(row)))
            if len(page) < PAGE:
                return
            at = (page[-1][3], page[-1][0])

    def _of(self, table: Table, query_id: str) -> sqlite3.Cursor | list[Any]:
        if table.since > self._schema:
            return []
        names = table.names_in(self._schema)
        sql = f"SELECT {names} FROM {table.name} WHERE query_id = ? ORDER BY seq"  # noqa: S608
        return self._connection.execute(sql, (query_id,)).fetchall()
