"""What is wrong with a decision log is said in a line, and no fault of ours is blamed on it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from zeta_router.app.cli.log_file import using_log
from zeta_router.app.cli.replay import command as replay
from zeta_router.app.cli.train import command as train
from zeta_router.core.errors import ConfigError
from zeta_router.telemetry.log.file import open_for_writing


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """A log of which a copy stopped half way."""
    path = tmp_path / "zeta.db"
    with closing(open_for_writing(path)) as log:
        log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.mark.parametrize(
    ("command", "flags"),
    [(replay, ["LOG", "--policy", "p2c"]), (train, ["--log", "LOG", "--history"])],
)
def test_half_a_log_is_called_damaged(cut: Path, command: object, flags: list[str]) -> None:
    words = [str(cut) if word == "LOG" else word for word in flags]
    with pytest.raises(ConfigError, match=r"zeta\.db: is damaged: .*recover"):
        CliRunner().invoke(command, words, catch_exceptions=False)  # type: ignore[arg-type]


def test_a_row_that_cannot_be_read_is_damage(tmp_path: Path) -> None:
    undecoded = sqlite3.OperationalError("Could not decode to UTF-8 column 'facts' with text 'x'")
    for error in (undecoded, msgspec.DecodeError("JSON is malformed")):
        with pytest.raises(ConfigError, match="is damaged"), using_log(tmp_path / "a.db"):
            raise error


def test_a_locked_log_is_called_locked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at present: database is locked"), using_log(tmp_path):
        raise sqlite3.OperationalError("database is locked")


@pytest.mark.parametrize(
    "error", [sqlite3.IntegrityError("UNIQUE"), msgspec.ValidationError("odd"), ValueError("odd")]
)
def test_our_own_faults_stay_faults(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)), using_log(tmp_path):
        raise error
