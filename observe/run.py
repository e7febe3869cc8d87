"""`make observe`: a gateway over the embedded fleet, and a real Prometheus that watches it.

Usage: ``python observe/run.py [--load PER_S] [--listen HOST:PORT] [--prometheus HOST:PORT]
[--gateway URL]``. Ctrl-C ends everything. What it keeps lies in a temporary folder and goes with
it. Exit 2 where Prometheus is missing or an address is taken, 1 when something died by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import shutil
import signal
import socket
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import yaml

HERE = Path(__file__).parent
GATEWAY_PORT, PROMETHEUS_PORT, PORTS_TRIED = 8080, 9090, 10
READY_WITHIN_S = 300.0
"""The first start makes the embedded models, which takes a minute or two."""
STOP_WITHIN_S = 20.0

MISSING = (
    "prometheus is not installed. Debian, Ubuntu: sudo apt-get install prometheus; macOS: brew "
    "install prometheus; with Docker: docker compose -f observe/compose.yml up"
)
_PR_SET_PDEATHSIG = 1


class ObserveError(Exception):
    """Why it cannot start or go on, and what to do."""


async def observe(flags: argparse.Namespace) -> None:
    """Run until cancelled.

    Raises:
        ObserveError: It cannot start, or something died.
    """
    program = shutil.which("prometheus")
    if program is None:
        raise ObserveError(MISSING)
    address = free_address(flags.prometheus, PROMETHEUS_PORT, "PROMETHEUS=127.0.0.1:9190")
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zeta-observe-")))
        watched: list[Child] = []

        async def start(name: str, command: Sequence[str], log: Path | None) -> Child:
            watched.append(await stack.enter_async_context(running(name, command, folder, log)))
            return watched[-1]

        url = flags.gateway
        if url is None:
            listen = free_address(flags.listen, GATEWAY_PORT, "LISTEN=127.0.0.1:8180")
            url = f"http://{listen}"
            serve = [*zeta("serve"), "--embedded", "--listen", listen]
            await answering(f"{url}/ready", await start("the gateway", serve, None))
        command = [program, *prometheus_arguments(folder, url, address)]
        await answering(
            f"http://{address}/-/ready",
            await start("prometheus", command, folder / "prometheus.log"),
        )
        if flags.load > 0:
            bench = [*zeta("bench"), url, f"--trace=poisson:rate={flags.load}"]
            await start("the load", [*bench, "--minutes=600", "--max-tokens=24"], folder / "load")
        say(greeting(url, f"http://{address}", flags.load))
        raise ObserveError(await first_to_die(watched))


# ---- children


class Child:
    """A process of ours, its name, and where it writes when that is no terminal."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path | None) -> None:
        self.name = name
        self.process = process
        self._log = log

    def last_words(self) -> str:
        """That it ended, how, and what it last said."""
        said = self._log.read_text("utf-8", "replace")[-2000:] if self._log else ""
        return f"{self.name} ended by itself, with status {self.process.returncode}\n{said}".strip()


@contextlib.asynccontextmanager
async def running(
    name: str, command: Sequence[str], folder: Path, log: Path | None
) -> AsyncIterator[Child]:
    """A child until the end of the block; it writes to `log`, else to our stderr."""
    with contextlib.ExitStack() as files:
        out = files.enter_context(log.open("wb")) if log is not None else None
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out or asyncio.subprocess.DEVNULL,
            stderr=out,
            start_new_session=True,  # Ctrl-C in the terminal is for us alone to answer
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
    try:
        yield Child(name, process, log)
    finally:
        await _stopped(process)


def _die_with_parent() -> None:
    """Let the kernel end this process should the one that started it be killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


async def _stopped(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, and SIGKILL where that does not help."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def zeta(subcommand: str) -> list[str]:
    """Our own program, of the Python that runs this."""
    return [sys.executable, "-m", "zeta_router", subcommand]


async def answering(url: str, child: Child) -> None:
    """Return once `url` answers 200.

    Raises:
        ObserveError: The child ended before, or takes too long.
    """
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            while not await asyncio.to_thread(_answers, url):
                if child.process.returncode is not None:
                    raise ObserveError(child.last_words())
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise ObserveError(f"{child.name} does not answer on {url}") from None


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - a child of ours
            return bool(answer.status == 200)
    except OSError:
        return False


async def first_to_die(watched: Sequence[Child]) -> str:
    """The last words of the child that ends first."""
    waits = {asyncio.create_task(child.process.wait()): child for child in watched}
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        return waits[done.pop()].last_words()
    finally:
        for task in waits:
            task.cancel()


# ---- addresses and Prometheus


def free_address(wanted: str | None, port: int, hint: str) -> str:
    """The address asked for, else the first free one on loopback from `port` on.

    Raises:
        ObserveError: It is taken.
    """
    tried = [("127.0.0.1", port + more) for more in range(PORTS_TRIED)]
    if wanted is not None:
        host, _, text = wanted.rpartition(":")
        if not text.isdigit():
            raise ObserveError(f"{wanted!r} is not of the form 127.0.0.1:9090")
        tried = [(host or "127.0.0.1", int(text))]
    for where in tried:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
            return f"{where[0]}:{probe.getsockname()[1]}"
    shown = f"{tried[0][0]}:{tried[0][1]}"
    raise ObserveError(f"{shown} is taken; name another address: make observe {hint}")


def prometheus_arguments(folder: Path, gateway: str, address: str) -> list[str]:
    """The shipped configuration, with this gateway as its target."""
    settings = yaml.safe_load((HERE / "prometheus.yml").read_text(encoding="utf-8"))
    settings["rule_files"] = [str(HERE / pattern) for pattern in settings["rule_files"]]
    for job in settings["scrape_configs"]:
        job["static_configs"] = [{"targets": [gateway.rstrip("/").partition("://")[2]]}]
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return [
        f"--config.file={path}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={address}",
    ]


# ---- the program


def greeting(gateway: str, prometheus: str, load_per_s: float) -> str:
    """What runs where."""
    sent = f"{load_per_s:g} requests a second are sent to it"
    return f"""
  gateway      {gateway} ({sent if load_per_s else "make observe LOAD=1 sends it something to do"})
  metrics      {gateway}/metrics
  Prometheus   {prometheus}/graph?g0.expr=task%3Azeta_slo_met%3Aratio_rate5m&g0.tab=0
  its targets  {prometheus}/targets
  alerts       {prometheus}/alerts
  Grafana      has to be started by you: observe/compose.yml does it with Docker

ready; Ctrl-C stops everything
"""


def say(text: str) -> None:
    """To people, on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


async def until_told_to_stop(flags: argparse.Namespace) -> int:
    """Observe until a signal comes; the exit code."""
    task = asyncio.create_task(observe(flags))
    told = asyncio.Event()

    def stop() -> None:
        if not told.is_set():  # a second Ctrl-C must not interrupt the stopping
            told.set()
            say("stopping")
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        return 0
    except ObserveError as error:
        say(f"observe: {error}")
        return 1 if "ended by itself" in str(error) else 2
    return 0


def main() -> None:
    """Read the flags and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--load", type=float, default=0.0, help="requests a second; 0 sends none")
    parser.add_argument("--listen", help="address of the gateway [8080 or the next free one]")
    parser.add_argument("--prometheus", help="address of Prometheus [9090 or the next free one]")
    parser.add_argument("--gateway", help="watch this one instead of starting one")
    sys.exit(asyncio.run(until_told_to_stop(parser.parse_args())))


if __name__ == "__main__":
    main()
