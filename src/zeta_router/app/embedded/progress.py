"""Show on stderr that models are being made: a bar in a terminal, one line elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn


class MakingProgress(Protocol):
    """Told the bytes written of each named file."""

    def __call__(self, name: str, done_bytes: int, total_bytes: int) -> None:
        """Show it."""


def silent(name: str, done_bytes: int, total_bytes: int) -> None:
    """Show nothing."""


@contextmanager
def on_stderr() -> Iterator[MakingProgress]:
    """Progress for people: nothing at all unless something has to be made."""
    console = Console(stderr=True)
    if console.is_terminal:
        yield from _bar(console)
    else:
        yield _line


def _line(name: str, done_bytes: int, total_bytes: int) -> None:
    if done_bytes == total_bytes:
        sys.stderr.write(f"made {name} ({total_bytes / 1e6:.0f} MB)\n")


def _bar(console: Console) -> Iterator[MakingProgress]:
    tasks: dict[str, TaskID] = {}
    bar = Progress(
        TextColumn("making {task.description}"), BarColumn(), DownloadColumn(), console=console
    )
    with bar:

        def show(name: str, done_bytes: int, total_bytes: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total_bytes)
            bar.update(tasks[name], completed=done_bytes)

        yield show
