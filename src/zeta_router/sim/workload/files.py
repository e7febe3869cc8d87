"""Reading rows that somebody else wrote, gzipped or plain; errors have file, line and reason."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from zeta_router.core.errors import ConfigError


@contextmanager
def opened(path: Path) -> Iterator[IO[str]]:
    """The file as text; gzipped if its first bytes say so, whatever its name.

    Raises:
        ConfigError: If it cannot be read, at any point within the `with`.
    """
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
        if zipped:
            with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
                yield text
        else:
            with path.open("r", encoding="utf-8", newline="") as text:
                yield text
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read: {error.strerror or error}") from error
    except (EOFError, UnicodeDecodeError, zlib.error, csv.Error) as error:
        raise ConfigError(str(path), f"is damaged: {error}") from error


def bad_row(path: Path, line: int, problem: str, hint: str = "") -> ConfigError:
    """The error for one row: file, line and reason."""
    return ConfigError(f"{path}:{line}", problem, hint)


def csv_rows(path: Path, file: IO[str], header: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every row below the header.

    Raises:
        ConfigError: For a row with another number of fields than `header`.
    """
    reader = csv.reader(file)
    next(reader, None)
    for fields in reader:
        if not fields:
            continue
        if len(fields) != len(header):
            problem = f"has {len(fields)} fields, the header has {len(header)}"
            raise bad_row(path, reader.line_num, problem)
        yield reader.line_num, fields


def number(text: str, name: str) -> float:
    """A finite number >= 0.

    Raises:
        ValueError: With the field's name, otherwise.
    """
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} is {text!r}, not a number") from None
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} is {text!r}, not a finite number of at least 0")
    return value


def count(text: str, name: str) -> int:
    """A whole number >= 0, also written as 12.0.

    Raises:
        ValueError: With the field's name, otherwise.
    """
    value = number(text, name)
    if value != int(value):
        raise ValueError(f"{name} is {text!r}, not a whole number")
    return int(value)
