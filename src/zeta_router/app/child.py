"""One child process kept running: started, checked, listened to, started again, stopped.

Its stdin is a pipe whose other end we hold and never write to: end-of-file there means that we are
gone, and the child must exit. `app.lifeline` does that in the child, and asks the kernel too.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp

from zeta_router.app.lifeline import SUPERVISOR_PID
from zeta_router.app.restart import RestartClock, RestartPolicy

_log = logging.getLogger(__name__)

_OK = 200
_STDERR_BYTES = 4096
_LAST_WORDS_S = 1.0


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A command to keep running.

    Attributes:
        command: Program and arguments. It must exit at end-of-file on its stdin.
        health_url: Answers 200 once the child is ready.
        environment: Variables on top of ours.
    """

    name: str
    command: Sequence[str]
    health_url: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a supervisor waits.

    Attributes:
        poll_s: Between two health checks of a child that is not ready yet.
        start_s: For all children to become ready, in `all_ready`.
        crashes: Crashes in a row after which `all_ready` gives up on a child.
        stop_s: Between SIGTERM and SIGKILL when stopping.
    """

    poll_s: float = 0.1
    start_s: float = 60.0
    crashes: int = 3
    stop_s: float = 3.0


PATIENCE = Patience()
"""Limits for engines that load in seconds."""


class Child:
    """One child: its process of the moment, and what outlasts a restart."""

    def __init__(self, spec: ChildSpec, policy: RestartPolicy, patience: Patience) -> None:
        self.spec = spec
        self.pid: int | None = None
        self.has_answered = False
        self.settled = asyncio.Event()  # has answered, or has been given up
        self._restarts = RestartClock(policy)
        self._patience = patience
        self._last_words: deque[str] = deque(maxlen=20)
        self._ending = "is not ready yet"

    def last_failure(self) -> str:
        """How it ended, and the last lines it wrote to stderr."""
        words = "\n  ".join(self._last_words) or "(nothing)"
        return f"{self.spec.name} {self._ending}; last on its stderr:\n  {words}"

    async def keep_running(self, session: aiohttp.ClientSession, stopping: asyncio.Event) -> None:
        """Run the child, again and again, until `stopping`."""
        loop = asyncio.get_running_loop()
        while not stopping.is_set():
            self._ending = await self._run_once(session, stopping)
            if stopping.is_set():
                return
            wait_s = self._restarts.exited(loop.time())
            if self._restarts.crashes >= self._patience.crashes:
                self.settled.set()
            _log.warning("%s\n  starting it again in %.1f s", self.last_failure(), wait_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await stopping.wait()

    async def _run_once(self, session: aiohttp.ClientSession, stopping: asyncio.Event) -> str:
        """Start the child and return how it ended, by itself or because it was stopped."""
        self._last_words.clear()
        try:
            process = await self._spawn()
        except OSError as error:  # no such program, no memory, no process left
            return f"could not be started: {error}"
        self.pid = process.pid
        try:
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(self._listen(process))
                others = (
                    tasks.create_task(self._await_readiness(session)),
                    tasks.create_task(self._stop(process, stopping)),
                )
                status = await process.wait()
                for task in others:
                    task.cancel()
                await asyncio.wait((listening,), timeout=_LAST_WORDS_S)
                listening.cancel()
        finally:
            self.pid = None
            _signal(process, signal.SIGKILL)  # only a cancelled supervisor finds it alive here
        return _ending(status)

    async def _spawn(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self.spec.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **self.spec.environment, SUPERVISOR_PID: str(os.getpid())},
            start_new_session=True,  # Ctrl-C in the terminal is for us alone to answer
        )

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Read stderr to its end, so that a full pipe never blocks the child."""
        rest = b""
        while process.stderr and (chunk := await process.stderr.read(_STDERR_BYTES)):
            *lines, rest = (rest + chunk).split(b"\n")
            self._last_words.extend(line.decode(errors="replace") for line in lines if line)
            rest = rest[-_STDERR_BYTES:]
        if rest:
            self._last_words.append(rest.decode(errors="replace"))

    async def _await_readiness(self, session: aiohttp.ClientSession) -> None:
        # Polled, because no event says when another process is ready.
        while not await _answers(session, self.spec.health_url):  # noqa: ASYNC110
            await asyncio.sleep(self._patience.poll_s)
        self._restarts.ready(asyncio.get_running_loop().time())
        self.has_answered = True
        self.settled.set()
        _log.info("%s answers at %s", self.spec.name, self.spec.health_url)

    async def _stop(self, process: asyncio.subprocess.Process, stopping: asyncio.Event) -> None:
        await stopping.wait()
        _signal(process, signal.SIGTERM)
        await asyncio.sleep(self._patience.stop_s)
        _signal(process, signal.SIGKILL)


async def _answers(session: aiohttp.ClientSession, health_url: str) -> bool:
    try:
        async with session.get(health_url) as answer:
            return answer.status == _OK
    except (aiohttp.ClientError, TimeoutError):
        return False


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)


def _ending(status: int) -> str:
    if status < 0 and -status in {number.value for number in signal.Signals}:
        return f"was ended by {signal.Signals(-status).name}"
    return f"exited with status {status}"
