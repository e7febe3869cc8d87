"""SQL that follows from a table's description."""

from __future__ import annotations

import sqlite3

import pytest

from zeta_router.telemetry.log.table import Column, Table

OLD = Column("query_id", "TEXT NOT NULL UNIQUE", "The query.")
NEW = Column("scale", "REAL NOT NULL DEFAULT 1", "How much.", since=2)
BARE = Column("note", "TEXT", "Anything.", since=3)
TABLE = Table("things", "Things.", (OLD, NEW, BARE), (("query_id",),))


def made(schema: int) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    for statement in TABLE.create:
        connection.execute(statement)
    for later in range(2, schema + 1):
        for statement in TABLE.added(later):
            connection.execute(statement)
    return connection


@pytest.mark.parametrize("schema", [1, 2, 3])
def test_a_row_of_every_schema_is_read_with_all_columns(schema: int) -> None:
    connection = made(schema)
    connection.execute("INSERT INTO things (query_id) VALUES ('a')")
    (row,) = connection.execute(f"SELECT {TABLE.names_in(schema)} FROM things")  # noqa: S608
    connection.close()
    assert row == ("a", 1, None)


def test_a_second_row_of_a_query_is_left_out() -> None:
    connection = made(3)
    for note in ("first", "second"):
        connection.execute(TABLE.insert, ("a", 2.0, note))
    rows = connection.execute("SELECT query_id, scale, note FROM things").fetchall()
    connection.close()
    assert rows == [("a", 2.0, "first")]


def test_a_table_that_came_later_is_made_whole() -> None:
    late = Table("late", "Later.", (NEW,), since=2)
    assert late.added(2) == late.create
    assert late.added(3) == ()
