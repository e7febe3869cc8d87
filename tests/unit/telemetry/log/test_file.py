"""Which files are taken for a decision log, and what becomes of older ones."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from zeta_router.core.errors import ConfigError
from zeta_router.telemetry.log.file import open_for_reading, open_for_writing
from zeta_router.telemetry.log.schema import APPLICATION_ID, MIGRATIONS, TABLES


def test_makes_a_file_with_every_table(tmp_path: Path) -> None:
    with closing(open_for_writing(tmp_path / "z.db")) as made:
        names = {
            row[0] for row in made.execute("SELECT name FROM sqlite_master WHERE type='table'")
        }
        assert names == {table.name for table in TABLES}
        assert made.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert made.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert made.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert made.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_an_older_file_is_brought_up_to_date_with_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "z.db"
    with closing(open_for_writing(path)) as old:
        old.execute("INSERT INTO state VALUES (1, 'cells', 1, 0.0, x'00')")
    newer = (*MIGRATIONS, ("ALTER TABLE state ADD COLUMN note TEXT DEFAULT 'none'",))
    with closing(open_for_writing(path, newer)) as new:
        assert new.execute("SELECT name, note FROM state").fetchall() == [("cells", "none")]
        assert new.execute("PRAGMA user_version").fetchone() == (len(newer),)
    with closing(open_for_writing(path, newer)):
        pass


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "z.db"
    open_for_writing(path).close()
    broken = (*MIGRATIONS, ("CREATE TABLE fine (a)", "NO SQL"))
    with pytest.raises(sqlite3.OperationalError):
        open_for_writing(path, broken)
    with closing(open_for_writing(path)) as same:
        assert same.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert same.execute("SELECT * FROM sqlite_master WHERE name='fine'").fetchall() == []


@pytest.mark.parametrize("open_it", [open_for_writing, open_for_reading])
def test_a_newer_file_is_refused_by_name(tmp_path: Path, open_it) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "z.db"
    open_for_writing(path, (*MIGRATIONS, ("CREATE TABLE later (a)",))).close()
    with pytest.raises(ConfigError, match=r"z\.db was written by a newer zeta-router") as caught:
        open_it(path)
    assert caught.value.path == "log.path"
    assert "upgrade" in caught.value.hint


@pytest.mark.parametrize("open_it", [open_for_writing, open_for_reading])
def test_other_files_are_refused_and_left_alone(tmp_path: Path, open_it) -> None:  # type: ignore[no-untyped-def]
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but long enough to have a header " * 10)
    before = text.read_bytes()
    with pytest.raises(ConfigError, match=r"notes\.txt is not a decision log"):
        open_it(text)
    assert text.read_bytes() == before
    foreign = tmp_path / "mail.db"
    with closing(sqlite3.connect(foreign)) as other:
        other.execute("CREATE TABLE mail (a)")
    with pytest.raises(ConfigError, match=r"mail\.db is not a decision log"):
        open_it(foreign)


def test_places_where_no_file_can_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a directory"):
        open_for_writing(tmp_path)
    with pytest.raises(ConfigError, match=r"folder .* does not exist"):
        open_for_writing(tmp_path / "missing" / "z.db")


def test_reading_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        open_for_reading(tmp_path / "z.db")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty.db").touch()
    with pytest.raises(ConfigError, match="holds no decision log"):
        open_for_reading(tmp_path / "empty.db")


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    open_for_writing(tmp_path / "z.db").close()
    with (
        closing(open_for_reading(tmp_path / "z.db")) as reader,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        reader.execute("DELETE FROM runs")
