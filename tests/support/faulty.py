"""Faulty engines as child processes, and signals that make any process a faulty one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil

from support.process import environment

TESTS = Path(__file__).parents[1]


class Faulty:
    """A child process with one faulty engine per name (see `faulty_engine`)."""

    def __init__(self, names: list[str], behind: str | None = None) -> None:
        command = [sys.executable, "-m", "support.faulty_engine", *names]
        self.process = subprocess.Popen(
            command + (["--behind", behind] if behind else []),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(PYTHONPATH=str(TESTS)),
        )
        self.ports: dict[str, int] = json.loads(self._line())

    @property
    def pid(self) -> int:
        return self.process.pid

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def set(self, name: str, fault: str) -> None:
        """Make it fail in this way from here on; ``none`` makes it work."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name} {fault}\n")
        self.process.stdin.flush()
        assert self._line() == "ok\n"

    def stop(self) -> None:
        """End it, whatever state it is in."""
        self.process.kill()
        self.process.wait(timeout=20)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@contextlib.contextmanager
def faulty(*names: str, behind: str | None = None) -> Iterator[Faulty]:
    """A process of faulty engines until the end of the block."""
    process = Faulty(list(names), behind)
    try:
        yield process
    finally:
        process.stop()


def listener(url: str) -> psutil.Process:
    """The process that listens behind an address of this machine."""
    port = int(url.rsplit(":", 1)[1])
    for process in psutil.process_iter():
        try:
            listening = process.net_connections("tcp")
        except psutil.Error:
            continue
        if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in listening):
            return process
    raise AssertionError(f"nobody listens on {port}")


class DutyCycle:
    """Lets a process run only a part of the time, as a throttled or crowded-out one.

    Args:
        pid: The process.
        share: Part of each period in which it runs.
        period_s: Length of a period.
    """

    def __init__(self, pid: int, share: float, period_s: float = 0.1) -> None:
        self._pid = pid
        self._run_s, self._rest_s = share * period_s, (1.0 - share) * period_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._turn)

    def __enter__(self) -> DutyCycle:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join(20)

    def _turn(self) -> None:
        while not self._over.is_set():
            os.kill(self._pid, signal.SIGSTOP)
            self._over.wait(self._rest_s)
            os.kill(self._pid, signal.SIGCONT)
            self._over.wait(self._run_s)
