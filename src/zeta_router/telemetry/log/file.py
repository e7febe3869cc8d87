"""Opening the decision log's file: is it ours, does its schema fit, and can it be written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from zeta_router.core.errors import ConfigError
from zeta_router.telemetry.log.damage import is_ours
from zeta_router.telemetry.log.schema import APPLICATION_ID, MIGRATIONS

BUSY_TIMEOUT_S = 2.0
"""How long a writer waits for another program that holds the file."""

Migrations = Sequence[Sequence[str]]


def open_for_writing(path: Path, migrations: Migrations = MIGRATIONS) -> sqlite3.Connection:
    """A connection that may write, its schema brought up to date.

    WAL, so that readers never wait for the writer nor the writer for them. With `synchronous`
    NORMAL a committed row survives the death of the process at any point; only the death of the
    machine can take the rows since the last checkpoint, and even that leaves a sound file.

    Raises:
        ConfigError: The file belongs to something else, or to a newer version of this program.
        sqlite3.Error: It cannot be opened or written at present (locked, read-only, disk full), or
            it is a decision log and damaged (`damage.is_damage`).
    """
    check_place(path)
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    with _closed_on_failure(connection, path):
        check_owner(connection, path, len(migrations))
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        _migrate(connection, migrations)
    return connection


def open_for_reading(path: Path, migrations: Migrations = MIGRATIONS) -> sqlite3.Connection:
    """A connection that may only read; the file must exist.

    Raises:
        ConfigError: There is no such file, it is not a decision log, or it is a newer one.
        sqlite3.Error: It cannot be read at present.
    """
    if not path.is_file():
        raise ConfigError("log.path", f"{path}: no such file")
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    with _closed_on_failure(connection, path):
        if check_owner(connection, path, len(migrations)) == 0:
            hint = "was it ever written to?"
            raise ConfigError("log.path", f"{path} holds no decision log", hint)
    return connection


@contextmanager
def _closed_on_failure(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Close it where the block fails; a file that is no database of ours is named as foreign."""
    try:
        yield
    except BaseException as error:
        connection.close()
        foreign = isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error)
        if foreign and not is_ours(path):
            raise _foreign(path) from error
        raise


def check_place(path: Path) -> None:
    """Refuse a place where no file can ever be."""
    if path.is_dir():
        raise ConfigError("log.path", f"{path} is a directory", f"name a file: {path}/zeta.db")
    if not path.parent.is_dir():
        raise ConfigError("log.path", f"the folder {path.parent} does not exist", "create it")


def check_owner(connection: sqlite3.Connection, path: Path, known: int) -> int:
    """The file's schema version, 0 for an empty file.

    Raises:
        ConfigError: It is somebody else's database, or its schema is above `known`.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if owner != APPLICATION_ID:
        (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if objects or version or owner:
            raise _foreign(path)
    if version > known:
        raise ConfigError(
            "log.path",
            f"{path} was written by a newer zeta-router (schema {version}, this one knows {known})",
            "upgrade zeta-router, or name another file",
        )
    return version


def _foreign(path: Path) -> ConfigError:
    return ConfigError("log.path", f"{path} is not a decision log", "name another file")


def _migrate(connection: sqlite3.Connection, migrations: Migrations) -> None:
    """Run the migrations that the file has not had, all or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for statements in migrations[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
