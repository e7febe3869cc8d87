"""Options that the commands share that train on a folder of labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from zeta_router.app.cli.places import FileToWrite

TRAINED = FileToWrite(makes_folders=True)
"""A file that training writes."""


def data_option(holds: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--data`, the folder that `holds` such files."""
    return click.option(
        "--data",
        required=True,
        envvar="ZETA_DATA",
        type=click.Path(file_okay=False, path_type=Path),
        help=f"Folder with {holds}.  [or: ZETA_DATA]",
    )


def file_option(
    name: str, default: str, holds: str, *, always: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option for a file that is written, for what it `holds`.

    Where it is not `always` written, the command has to look itself whether it can be.
    """
    return click.option(
        name,
        type=TRAINED if always else click.Path(dir_okay=False, path_type=Path),
        default=default,
        show_default=True,
        help=f"File for the {holds}; replaced whole.",
    )
