"""A damaged log file: recognised, kept aside, and never deleted.

A router must start, and go on, whatever a disk has done to its log. The damaged file is renamed
with everything that belongs to it (SQLite's ``-wal`` and ``-shm``), so that ``sqlite3 … .recover``
can still get at its rows, and a new one is begun. A file that is not ours is never touched.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from zeta_router.telemetry.log.schema import APPLICATION_ID, STATE

CHECKED_BYTES = 64 << 20
"""Size up to which a whole file is checked when it is opened: about 0.2 s."""

_LOOKED_AT_BYTES = 1 << 20
_HEADER = b"SQLite format 3\x00"
_OWNER_AT = 68
_WRITER = b"zeta-router "
_SIDES = ("", "-wal", "-shm")
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_damage(error: BaseException) -> bool:
    """Whether SQLite says that the file itself is broken."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def is_ours(path: Path) -> bool:
    """Whether a file that SQLite cannot read was a decision log.

    By its header; where that is garbage, by the name of the program that wrote it in `runs`, which
    stands near the beginning, among bytes that no text has.
    """
    try:
        with path.open("rb") as file:
            start = file.read(_LOOKED_AT_BYTES)
    except OSError:
        return False
    owner = int.from_bytes(start[_OWNER_AT : _OWNER_AT + 4], "big")
    if start.startswith(_HEADER):
        return owner == APPLICATION_ID
    return _WRITER in start and bytes(8) in start


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Look for damage: in the learned state, and in all of a file that is not large.

    Raises:
        sqlite3.DatabaseError: There is some; `is_damage` holds for it.
    """
    connection.execute(f"SELECT * FROM {STATE.name}").fetchall()  # noqa: S608
    if path.stat().st_size > CHECKED_BYTES:
        return
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        error = sqlite3.DatabaseError(f"{path}: {verdict}")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def set_aside(path: Path, wall_s: float) -> Path:
    """Rename a damaged file and what belongs to it; its new name says when.

    Raises:
        OSError: It cannot be renamed.
    """
    stamp = datetime.fromtimestamp(wall_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    for side in _SIDES:
        part = path.with_name(path.name + side)
        if part.exists():
            part.rename(aside.with_name(aside.name + side))
    return aside
