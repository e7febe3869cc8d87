"""A program in a terminal of its own: what it draws, and how it leaves the terminal behind."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from types import TracebackType


class Terminal:
    """`zeta` in a pseudo terminal of a given size."""

    def __init__(self, *arguments: str, rows: int = 24, columns: int = 80, **env: str) -> None:
        self.drawn = b""
        self._master, self._slave = os.openpty()
        self.resize(rows, columns, tell=False)
        self.before = termios.tcgetattr(self._slave)
        program = [sys.executable, "-m", "zeta_router", *arguments]
        given = {**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **env}
        given.pop("COLUMNS", None)
        given.pop("LINES", None)
        self.process = subprocess.Popen(
            program,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env=given,
            start_new_session=True,
            preexec_fn=self._take,
        )

    def _take(self) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSCTTY, 0)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=10)
        os.close(self._slave)
        os.close(self._master)

    @property
    def settings(self) -> list[object]:
        """The terminal's settings as they are."""
        return termios.tcgetattr(self._slave)

    def resize(self, rows: int, columns: int, *, tell: bool = True) -> None:
        """Another size; the program is told as a terminal tells it."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell:
            self.process.send_signal(signal.SIGWINCH)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def until(self, text: str, within_s: float = 30.0) -> str:
        """What was drawn since the last call, up to the first that has `text` in it."""
        return self._read(within_s, text.encode())

    def rest(self, within_s: float = 30.0) -> str:
        """What is drawn until the program ends."""
        return self._read(within_s, None)

    def _read(self, within_s: float, wanted: bytes | None) -> str:
        until_s = time.monotonic() + within_s
        while time.monotonic() < until_s:
            if wanted is not None and wanted in self.drawn:
                break
            ready, _, _ = select.select([self._master], [], [], 0.05)
            if ready:
                self.drawn += os.read(self._master, 65536)
            elif self.process.poll() is not None:
                break
        if wanted is not None and wanted not in self.drawn:
            raise AssertionError(f"no {wanted!r} in {self.drawn[-3000:].decode(errors='replace')}")
        drawn, self.drawn = self.drawn, b""
        return drawn.decode(errors="replace")
