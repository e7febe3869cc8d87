"""The gateways that are compared, each on one core: started, watched and stopped."""

from __future__ import annotations

import compileall
import os
import signal
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil
from commands import command_of, header_of
from peers import environment

import zeta_router

HERE = Path(__file__).parent
ROUTER_CPU, LOAD_CPU = "0", "1"
TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")


def pinned(cpu: str, command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a program on one core."""
    with log.open("wb") as out:
        return subprocess.Popen(  # noqa: S603
            ["/usr/bin/taskset", "-c", cpu, *command],
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment(),
        )


@dataclass
class Subject:
    """A running gateway.

    Attributes:
        header: A header line that every request to it must have; "" for none.
        started_s: From its start to its first answer.
        idle_mb: Resident memory of its processes before any load.
    """

    name: str
    port: int
    process: subprocess.Popen[bytes] | None
    header: str = ""
    started_s: float = 0.0
    idle_mb: float = 0.0

    def _family(self) -> list[psutil.Process]:
        if self.process is None:
            return []
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def cpu_s(self) -> float:
        """Processor time of its processes so far."""
        times = [one.cpu_times() for one in self._family()]
        return sum(t.user + t.system for t in times)

    def memory_mb(self) -> float:
        """Resident memory of its processes."""
        return sum(one.memory_info().rss for one in self._family()) / 1e6

    def stop(self) -> None:
        """End it and its children."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def start(name: str, port: int, engines: list[int], folder: Path) -> Subject | None:
    """Start a gateway and wait for its first answer; None where it is not installed."""
    if name == "direct":
        return Subject(name, engines[0], None)
    command = command_of(name, port, engines, folder)
    if command is None:
        return None
    compileall.compile_dir(str(Path(zeta_router.__file__).parent), quiet=1)  # as installing does
    began_s = time.perf_counter()
    process = pinned(ROUTER_CPU, command, folder / f"{name}.log")
    subject = Subject(name, port, process, header_of(name, engines))
    wait_for_answer(port, process, folder / f"{name}.log", header=subject.header)
    subject.started_s = time.perf_counter() - began_s
    time.sleep(0.5)
    subject.idle_mb = subject.memory_mb()
    return subject


def wait_for_answer(
    port: int,
    process: subprocess.Popen[bytes] | None,
    log: Path,
    limit_s: float = 90.0,
    header: str = "",
) -> None:
    """Ask until there is an answer with status 200."""
    body = b'{"model":"m","messages":[{"role":"user","content":"Hello"}]}'
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    headers = {"content-type": "application/json"}
    if header:
        name, _, value = header.partition(": ")
        headers[name] = value
    began_s = time.perf_counter()
    while time.perf_counter() - began_s < limit_s:
        if process is not None and process.poll() is not None:
            break
        try:
            asked = urllib.request.Request(url, body, headers)
            with urllib.request.urlopen(asked, timeout=10):  # noqa: S310
                return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"nothing answers on port {port}: {log.read_text()[-2000:]}")
