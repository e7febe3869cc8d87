"""Keeping the file small: old rows go, a few at a time, and their pages are given back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from zeta_router.telemetry.log.rows import REPEAT_S
from zeta_router.telemetry.log.schema import (
    CHECKS,
    DECISIONS,
    FEEDBACK,
    OUTCOMES,
    PROMPTS,
    SAMPLES,
)
from zeta_router.telemetry.log.table import Table

AGED = (DECISIONS, OUTCOMES, FEEDBACK, CHECKS, PROMPTS)
"""Tables whose rows are let go with age."""

DAY_S = 86_400.0

TIDY_EVERY_S = 1.0

LEAST_STEP = 200
"""Rows let go of at a time, from each table, when little is written."""


def forget(
    connection: sqlite3.Connection, before_wall_s: float, limit: int, now_s: float = 0.0
) -> int:
    """Delete up to `limit` rows of each table older than `before_wall_s`; how many went.

    A row written after one of the time from `before_wall_s` to `now_s` stays, whatever its own time
    says: its clock was wrong. Where that is no time at all, age alone decides.

    Small, because a transaction that deletes a day at once blocks the writer for seconds and
    makes the write-ahead log as large as the day. Polls stay longer, by more than the time for
    which decisions go on referring to one.
    """
    gone = sum(_forget(connection, table, before_wall_s, limit, now_s) for table in AGED)
    return gone + _forget(connection, SAMPLES, before_wall_s - 2 * REPEAT_S, limit, now_s)


def _forget(
    connection: sqlite3.Connection, table: Table, before_wall_s: float, limit: int, now_s: float
) -> int:
    kept = connection.execute(
        f"SELECT seq FROM {table.name} WHERE wall_s >= ? AND wall_s <= ? "  # noqa: S608
        "ORDER BY wall_s LIMIT 1",
        (before_wall_s, now_s),
    ).fetchone()
    return connection.execute(
        f"DELETE FROM {table.name} WHERE seq IN (SELECT seq FROM {table.name} "  # noqa: S608
        "WHERE wall_s < ? AND seq < ? ORDER BY wall_s LIMIT ?)",
        (before_wall_s, kept[0] if kept is not None else 2**63 - 1, limit),
    ).rowcount


def give_back(connection: sqlite3.Connection, pages: int) -> None:
    """Return up to `pages` free pages to the file system."""
    connection.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()


def used_bytes(connection: sqlite3.Connection) -> int:
    """Size of what the file holds, free pages not counted."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free_pages(connection)) * size)


def free_pages(connection: sqlite3.Connection) -> int:
    """Pages of the file that hold nothing."""
    return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


def oldest_wall_s(connection: sqlite3.Connection, skip: int) -> float | None:
    """Age limit that lets go of about `skip` decisions; None when there are fewer."""
    row = connection.execute(
        f"SELECT wall_s FROM {DECISIONS.name} ORDER BY wall_s LIMIT 1 OFFSET ?",  # noqa: S608
        (skip,),
    ).fetchone()
    return None if row is None else float(row[0])


FREE_PAGES = 256
"""Free pages left in the file (1 MiB): the next rows go there without the file growing."""


class Retention:
    """Lets go of what is too old or too much, a little at a time.

    Args:
        keep_s: Age at which rows go.
        keep_bytes: Size of the file above which the oldest rows go whatever their age.
        wall_clock: Seconds since 1970; the clock of the rows' times, or one that lags behind it.
    """

    def __init__(self, keep_s: float, keep_bytes: int, wall_clock: Callable[[], float]) -> None:
        self._keep_s = keep_s
        self._keep_bytes = keep_bytes
        self._wall_clock = wall_clock
        self._due_wall_s = 0.0
        self._seen = 0

    def tidy(self, connection: sqlite3.Connection, written: int) -> int:
        """One step, at most one a second; how many rows went.

        The step grows with what was `written` in total since the last one, so that deleting keeps
        pace with any rate of writing.
        """
        now_s = self._wall_clock()
        if now_s < self._due_wall_s <= now_s + 2 * TIDY_EVERY_S:
            return 0
        self._due_wall_s = now_s + TIDY_EVERY_S
        step = max(LEAST_STEP, 2 * (written - self._seen))
        self._seen = written
        gone = forget(connection, now_s - self._keep_s, step, now_s)
        if used_bytes(connection) > self._keep_bytes:
            limit_wall_s = oldest_wall_s(connection, step)
            gone += forget(connection, limit_wall_s or now_s, step)
        free = free_pages(connection)
        if free > FREE_PAGES:
            give_back(connection, min(free - FREE_PAGES, 8 * FREE_PAGES))
        return gone
