"""The real program in a process of its own, with the real engines behind it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil

ZETA = [sys.executable, "-m", "zeta_router"]
_LISTENING = re.compile(r"listening on (https?://\S+)")


class Zeta:
    """`zeta serve` as a child process.

    Args:
        arguments: What follows `zeta serve`.
        folder: Working folder; zeta.db goes there.
    """

    def __init__(self, arguments: list[str], folder: Path, start_within_s: float = 90.0) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self._grown = threading.Condition()
        self.process = subprocess.Popen(
            [*ZETA, "serve", *arguments],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = self.wait_for(_LISTENING, start_within_s).group(1)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._grown:
                self.lines.append(line)
                self._grown.notify_all()
        with self._grown:
            self.lines.append("(end of stderr)\n")
            self._grown.notify_all()

    def wait_for(self, pattern: re.Pattern[str], within_s: float = 20.0) -> re.Match[str]:
        """The first line on stderr that matches, waiting for it."""
        until = time.monotonic() + within_s
        with self._grown:
            while True:
                for line in self.lines:
                    if match := pattern.search(line):
                        return match
                left = until - time.monotonic()
                if left <= 0 or self.lines[-1:] == ["(end of stderr)\n"]:
                    raise AssertionError(f"no {pattern.pattern!r} in:\n{''.join(self.lines)}")
                self._grown.wait(left)

    @property
    def rss_bytes(self) -> int:
        """Resident memory of the gateway's process."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self._reader.join(timeout=10)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


@contextlib.contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Zeta]:
    """`zeta serve` on a free port until the end of the block."""
    zeta = Zeta([*arguments, "--listen", "127.0.0.1:0"], folder)
    try:
        yield zeta
    finally:
        zeta.stop()


@contextlib.contextmanager
def configured(folder: Path, yaml: str) -> Iterator[Zeta]:
    """`zeta serve` over a configuration text."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "fleet.yaml"
    path.write_text(yaml, encoding="utf-8")
    with serving(folder, "--config", str(path)) as zeta:
        yield zeta


def eventually(condition: Callable[[], bool], within_s: float = 20.0) -> bool:
    """Whether a condition about real processes comes true in time."""
    until = time.monotonic() + within_s
    pause = threading.Event()
    while time.monotonic() < until:
        if condition():
            return True
        pause.wait(0.05)
    return condition()


async def get_json(session: aiohttp.ClientSession, url: str) -> Any:
    """A JSON document."""
    async with session.get(url) as response:
        return await response.json(content_type=None)


def environment(**more: str) -> dict[str, str]:
    """The environment with additions."""
    return {**os.environ, **more}
