"""Options for files and folders that a command writes: refused before the work, not after it.

What a command has worked on for an hour must not be lost to a mistyped folder.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click


class FileToWrite(click.Path):
    """A file that can be written.

    Args:
        makes_folders: Whether the command makes the folders that the file is to be in.
    """

    def __init__(self, *, makes_folders: bool = False) -> None:
        super().__init__(dir_okay=False, path_type=Path)
        self._makes_folders = makes_folders

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path.

        Raises:
            click.BadParameter: Nothing can be written there.
        """
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        folder = _existing(path.parent) if self._makes_folders else path.parent
        if not folder.is_dir():
            what = "is no folder" if folder.exists() else "does not exist"
            self.fail(f"{str(path)!r} cannot be written: {str(folder)!r} {what}.", param, ctx)
        if not os.access(path if path.exists() else folder, os.W_OK):
            self.fail(f"{str(path)!r} cannot be written.", param, ctx)
        return path


class FolderToWrite(click.Path):
    """A folder in which files can be written; the command makes it."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path.

        Raises:
            click.BadParameter: It is no folder, and none can be made there.
        """
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        folder = _existing(path)
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            self.fail(f"Nothing can be written into {str(path)!r}.", param, ctx)
        return path


def script_of(report_path: Path | None) -> str | None:
    """The JavaScript that a report is drawn with; None where there is to be no report.

    Raises:
        ConfigError: It is not installed.
    """
    if report_path is None:
        return None
    from zeta_router.sim.report.html import plotly_script

    return plotly_script()


def _existing(path: Path) -> Path:
    """The path, or the nearest one above it that is there."""
    return next((each for each in (path, *path.parents) if each.exists()), path)
