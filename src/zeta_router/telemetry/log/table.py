"""What a table of the log is described by, and the SQL that follows from the description.

A file keeps the schema that it was made with until a newer router opens it for writing, so every
column says since which schema there is one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its SQLite type with constraints, and what it holds.

    `since` is the schema that brought it. A later column stands at the end of its table and has a
    default, for the rows that were written before.
    """

    name: str
    sql: str
    text: str
    since: int = 1

    @property
    def default(self) -> str:
        """What a row has here that was written before the column was, as SQL."""
        _, said, value = self.sql.partition(" DEFAULT ")
        return value if said else "NULL"


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `indexes` are tuples of column names; `columns` does not list the row number.

    `since` is the schema that brought it.
    """

    name: str
    text: str
    columns: tuple[Column, ...]
    indexes: tuple[tuple[str, ...], ...] = ()
    since: int = 1

    @property
    def create(self) -> tuple[str, ...]:
        """Statements that make the table and its indexes."""
        first = [column for column in self.columns if column.since <= self.since]
        body = ", ".join(f"{column.name} {column.sql}" for column in first)
        table = f"CREATE TABLE {self.name} (seq INTEGER PRIMARY KEY, {body})"
        indexes = (
            f"CREATE INDEX {self.name}_{'_'.join(names)} ON {self.name} ({', '.join(names)})"
            for names in self.indexes
        )
        return (table, *indexes)

    def added(self, schema: int) -> tuple[str, ...]:
        """Statements that add what a later schema brought: the table, or columns of it."""
        if self.since == schema:
            return self.create
        return tuple(
            f"ALTER TABLE {self.name} ADD COLUMN {column.name} {column.sql}"
            for column in self.columns
            if column.since == schema
        )

    @property
    def names(self) -> str:
        """The columns' names, separated by commas."""
        return ", ".join(column.name for column in self.columns)

    def names_in(self, schema: int) -> str:
        """What to select from a file of an older schema to get the columns of this one.

        A column that the file lacks is given its default, as the rows of a file that is brought up
        to date would have it.
        """
        return ", ".join(
            column.name if column.since <= schema else f"{column.default} AS {column.name}"
            for column in self.columns
        )

    @property
    def insert(self) -> str:
        """Statement that adds a row; where each query has one row, a second one is left out.

        Not ``INSERT OR IGNORE``: that would also swallow a row with a missing value.
        """
        return self.insert_of(1)

    def insert_of(self, rows: int) -> str:
        """Statement that adds so many rows at once, their values in a row; see `insert`."""
        marks = ", ".join("?" * len(self.columns))
        places = ", ".join([f"({marks})"] * rows)
        once = any(column.sql.endswith("UNIQUE") for column in self.columns)
        first = " ON CONFLICT (query_id) DO NOTHING" if once else ""
        return f"INSERT INTO {self.name} ({self.names}) VALUES {places}{first}"  # noqa: S608
