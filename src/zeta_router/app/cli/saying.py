"""What commands say: results to stdout, as JSON where that was asked for; all else to stderr."""

from __future__ import annotations

from typing import Any

import click
import msgspec


def say_json(value: Any) -> None:
    """A result as JSON, indented."""
    click.echo(json_text(value).decode())


def json_text(value: Any) -> bytes:
    """`value` as JSON for people to read, too."""
    return msgspec.json.format(msgspec.json.encode(value))


def say_aside(line: str) -> None:
    """Progress, and what is not the result."""
    click.echo(line, err=True)


def readable(argument: str) -> str:
    """A text of the command line; bytes in it that are no UTF-8 are replaced, as in a file."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
