"""Options that the commands share that train on a folder of labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


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
    name: str, default: str, holds: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option for a file that is written, for what it `holds`."""
    return click.option(
        name,
        type=click.Path(dir_okay=False, path_type=Path),
        default=default,
        show_default=True,
        help=f"File for the {holds}; replaced whole.",
    )
