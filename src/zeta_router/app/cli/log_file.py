"""A decision log that a command reads: what is wrong with the file is said of the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from zeta_router.core.errors import ConfigError
from zeta_router.telemetry.log.damage import is_damage

_UNDECODED = "Could not decode to UTF-8"


@contextmanager
def using_log(path: Path) -> Iterator[None]:
    """Work on the log at `path` until the end of the block.

    Raises:
        ConfigError: It could not be done, for the file is damaged, locked or cannot be written.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            hint = f"`sqlite3 {path} .recover | sqlite3 mended.db` saves what can be read"
            raise ConfigError(str(path), f"is damaged: {error}", hint) from error
        if _UNDECODED in str(error):
            raise _bad_row(path) from error
        if isinstance(error, sqlite3.OperationalError):
            raise ConfigError(str(path), f"cannot be used at present: {error}") from error
        raise
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad_row(path) from error


def _bad_row(path: Path) -> ConfigError:
    return ConfigError(str(path), "is damaged: there are rows in it that nobody wrote like that")
