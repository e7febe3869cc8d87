"""A bar for work that takes long: on stderr, on terminals only, and not beside JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from zeta_router.app.cli.saying import say_aside


class Working:
    """Work that goes on; without a bar, only what is said is shown.

    Args:
        bar: Where it is drawn; None draws nothing.
        what: What is being done.
        total: Steps in all; None when that is not known.
    """

    def __init__(self, bar: Progress | None, what: str, total: int | None) -> None:
        self.shows_bar = bar is not None
        self._bar = bar
        self._task = bar.add_task(what, total=total) if bar is not None else None
        self._done = 0

    def at(self, done: int, total: int | None = None, what: str | None = None) -> None:
        """So many steps are done."""
        self._done = done
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, description=what)

    def begin(self, what: str) -> None:
        """The next step; those before it are done. Called once per step."""
        self.at(self._done, what=what)
        self._done += 1

    def say(self, line: str) -> None:
        """A line above the bar, or just a line."""
        if self._bar is None:
            say_aside(line)
        else:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def working(what: str, total: int | None = None, *, as_json: bool = False) -> Iterator[Working]:
    """Show that `what` is being done until the end of the block."""
    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield Working(None, what, total)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        *((MofNCompleteColumn(),) if total is not None else ()),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield Working(bar, what, total)
