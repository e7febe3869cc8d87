"""Show on stderr that models are being made: a bar in a terminal, one line each elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn


class MakingProgress(Protocol):
    """Told the bytes written of each named file, up to done = total."""

    def __call__(self, name: str, done_bytes: int, total_bytes: int) -> None:
        """Show it."""


def silent(name: str, done_bytes: int, total_bytes: int) -> None:
    """Show nothing."""


@contextmanager
def on_stderr() -> Iterator[MakingProgress]:
    """Progress for people, until the end of the block; nothing is shown when nothing is made."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _line
        return
    bars = _Bars(console)
    try:
        yield bars.show
    finally:
        bars.finish()


def _line(name: str, done_bytes: int, total_bytes: int) -> None:
    if done_bytes == total_bytes:
        sys.stderr.write(f"made {name} ({total_bytes / 1e6:.0f} MB)\n")


class _Bars:
    """One bar per file, each gone from the live display as soon as its file is whole.

    A live display redraws for as long as it is open, and would garble what the gateway logs.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def show(self, name: str, done_bytes: int, total_bytes: int) -> None:
        if self._bar is None:
            columns = (TextColumn("making {task.description}"), BarColumn(), DownloadColumn())
            self._bar = Progress(*columns, console=self._console)
            self._task = self._bar.add_task(name, total=total_bytes)
            self._bar.start()
        self._bar.update(self._task, completed=done_bytes)
        if done_bytes == total_bytes:
            self.finish()

    def finish(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
