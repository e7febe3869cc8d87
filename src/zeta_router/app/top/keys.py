"""Keys and signals of a terminal that is being watched, and the terminal as it was afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator

_QUIT = frozenset(b"qQ\x03\x04")


@contextlib.contextmanager
def pressed(on_quit: Callable[[], None]) -> Iterator[None]:
    """Call `on_quit` for q, Ctrl-C and Ctrl-D, without waiting for a line to be complete.

    Nothing is read where stdin is no terminal. The terminal's settings are put back at the end of
    the block, however it ends.
    """
    if not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    loop = asyncio.get_running_loop()

    def read() -> None:
        typed = os.read(number, 64)
        if not typed or _QUIT & set(typed):  # an empty read: the terminal is gone
            on_quit()

    tty.setcbreak(number, termios.TCSANOW)
    loop.add_reader(number, read)
    try:
        yield
    finally:
        loop.remove_reader(number)
        termios.tcsetattr(number, termios.TCSADRAIN, before)


@contextlib.asynccontextmanager
async def signalled(
    on_quit: Callable[[], None], on_resize: Callable[[], None]
) -> AsyncIterator[None]:
    """Call `on_quit` for the signals that end a program, `on_resize` when the window changes."""
    loop = asyncio.get_running_loop()
    ending = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    wanted = {**dict.fromkeys(ending, on_quit), signal.SIGWINCH: on_resize}
    for number, call in wanted.items():
        loop.add_signal_handler(number, call)
    try:
        yield
    finally:
        for number in wanted:
            loop.remove_signal_handler(number)
