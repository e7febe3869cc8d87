"""One batch of records into the file, in one transaction.

Not a thread and not a queue: those are in `log`. This part is plain and synchronous, so that its
failures can be tested one by one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from zeta_router.router.commands import ChecksRecord, DecisionRecord, OutcomeRecord, Record
from zeta_router.telemetry.log.file import open_for_writing
from zeta_router.telemetry.log.rows import Row, RowEncoder
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
from zeta_router.telemetry.records import FeedbackRecord, PromptRecord, SavedState

CHUNK = 16
"""Records turned into rows at a stretch, and most rows in one statement. The turning holds the
interpreter lock: 16 keep the event loop waiting for two tenths of a millisecond. A statement lets
go of it and takes it back, which a busy event loop pays with two changes of threads; one statement
per row took 40 µs more per request."""

Entry = Record | FeedbackRecord | PromptRecord | SavedState

_SAVE = (
    f"INSERT INTO {STATE.name} ({STATE.names}) VALUES (?, ?, ?, ?) "  # noqa: S608
    "ON CONFLICT (name) DO UPDATE SET version = excluded.version, "
    "saved_at_s = excluded.saved_at_s, blob = excluded.blob"
)

_MOST = 2**63 - 1
"""The largest integer of SQLite."""

_TABLE_OF: dict[type, Table] = {
    DecisionRecord: DECISIONS,
    OutcomeRecord: OUTCOMES,
    ChecksRecord: CHECKS,
    FeedbackRecord: FEEDBACK,
    PromptRecord: PROMPTS,
}


_statements: dict[tuple[type, int], str] = {}


def _statement(kind: type, rows: int) -> str:
    """What adds so many records of a kind; made once."""
    statement = _statements.get((kind, rows))
    if statement is None:
        table = _TABLE_OF.get(kind)
        statement = _SAVE if table is None else table.insert_of(rows)
        _statements[kind, rows] = statement
    return statement


class RunFacts(msgspec.Struct, frozen=True):
    """What a run writes about itself."""

    opened_wall_s: float
    wall_offset_s: float
    software: str
    facts: Mapping[str, str] = {}


class LogWriter:
    """An open file and the encoder of its run. To be used by one thread at a time.

    Raises:
        ConfigError: The file can never be the log (see `file`).
        sqlite3.Error: It cannot be written at present.
    """

    def __init__(self, path: Path, run: RunFacts) -> None:
        self.path = path
        self.connection = open_for_writing(path)
        try:
            number = self._begin_run(run)
        except BaseException:
            self.connection.close()
            raise
        self._run = number
        self._encoder = encoder = RowEncoder(number, run.wall_offset_s, run.opened_wall_s)
        self._encode: dict[type, Callable[..., Row]] = {
            DecisionRecord: encoder.decision,
            OutcomeRecord: encoder.outcome,
            ChecksRecord: encoder.checks,
            FeedbackRecord: encoder.feedback,
            PromptRecord: self._prompt,
            SavedState: _state,
        }
        self._inode = path.stat().st_ino
        self.refusal = ""

    def _begin_run(self, run: RunFacts) -> int:
        facts = msgspec.json.encode(run.facts).decode()
        row = (run.opened_wall_s, run.wall_offset_s, run.software, facts)
        cursor = self.connection.execute(RUNS.insert, row)
        return int(cursor.lastrowid or 0)

    @property
    def is_current(self) -> bool:
        """Whether the path still names the open file; false once it was moved or deleted."""
        try:
            return self.path.stat().st_ino == self._inode
        except OSError:
            return False

    def follow(self, wall_offset_s: float) -> None:
        """Date the rows to come by another offset: the machine slept, or its clock was set."""
        self._encoder.wall_offset_s = wall_offset_s

    def write(self, batch: Sequence[Entry]) -> int:
        """Write all of `batch` and return how many records could not be written at all.

        Either everything else is in the file afterwards or, when this raises, nothing is.

        Raises:
            sqlite3.OperationalError: The file cannot be written at present; try again later.
            sqlite3.DatabaseError: The file is damaged.
        """
        try:
            self._transaction(batch, self._write_chunk)
        except Exception as error:
            if _is_about_the_file(error):
                raise
            return self._transaction(batch, self._write_singly)
        return 0

    def _transaction(self, batch: Sequence[Entry], write: Callable[[Sequence[Entry]], int]) -> int:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            refused = sum(write(batch[at : at + CHUNK]) for at in range(0, len(batch), CHUNK))
            self.connection.execute("COMMIT")
        except BaseException:
            self._encoder.forget()
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        return refused

    def _write_chunk(self, chunk: Sequence[Entry]) -> int:
        rows: dict[type, list[Row]] = {}
        for record in chunk:
            kind = type(record)
            rows.setdefault(kind, []).append(self._encode[kind](record))
        for kind, of_kind in rows.items():
            if kind is SavedState:
                self.connection.executemany(_SAVE, of_kind)
            else:
                values = tuple(chain.from_iterable(of_kind))
                self.connection.execute(_statement(kind, len(of_kind)), values)
        self._write_samples()
        return 0

    def _write_singly(self, chunk: Sequence[Entry]) -> int:
        refused = 0
        for record in chunk:
            kind = type(record)
            try:
                self._write_row(_statement(kind, 1), self._encode[kind](record))
            except Exception as error:
                if _is_about_the_file(error):
                    raise
                refused += 1
                self.refusal = f"{kind.__name__}: {type(error).__name__}: {error}"
        self._write_samples()
        return refused

    def _write_row(self, statement: str, row: Row) -> None:
        """Write a row alone; a count that no column holds becomes the largest that one does."""
        try:
            self.connection.execute(statement, row)
        except OverflowError:
            self.connection.execute(statement, tuple(map(_fitting, row)))

    def _write_samples(self) -> None:
        samples = self._encoder.take_samples()
        if samples:
            self.connection.executemany(SAMPLES.insert, samples)

    def _prompt(self, record: PromptRecord) -> Row:
        wall_s = self._encoder.latest_wall_s
        return (self._run, wall_s, record.query_id, record.text)

    def close(self) -> None:
        """Move the write-ahead log into the file and let go of it."""
        try:
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error:
            pass  # what is committed stays in the -wal file and is read from there
        finally:
            self.connection.close()


def _is_about_the_file(error: Exception) -> bool:
    """Whether the file and not a record is what went wrong.

    SQLite names a damaged file with the bare `DatabaseError`; its subclasses other than these are
    about values, such as a time that is no number.
    """
    about = (sqlite3.OperationalError, sqlite3.InternalError, OSError)
    return isinstance(error, about) or type(error) is sqlite3.DatabaseError


def _fitting(value: Any) -> Any:
    """The value, within what SQLite can hold of an integer: engines have said larger counts."""
    return max(-_MOST, min(_MOST, value)) if type(value) is int else value


def _state(record: SavedState) -> Row:
    return (record.name, record.version, record.saved_at_s, record.blob)
