"""Keep child processes running: start, watch, restart with back-off, stop; none outlives us.

Two halves. `RestartClock` decides when a crashed child may start again and reads no clock, so it is
tested in virtual time; `Supervisor` does what it says with real processes.

A child's stdin is a pipe whose other end we hold and never write to: end-of-file there means that
we are gone, and the child must exit (`app.lifeline` does that, and asks the kernel too).
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
from types import TracebackType
from typing import Self

import aiohttp

from zeta_router.app.lifeline import SUPERVISOR_PID
from zeta_router.core.errors import ZetaError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How long to wait before a crashed child is started again.

    Attributes:
        first_s: Wait after the first crash; each further one doubles it.
        longest_s: Where doubling ends.
        healthy_after_s: Readiness that lasted this long forgives all earlier crashes.
    """

    first_s: float = 0.2
    longest_s: float = 10.0
    healthy_after_s: float = 30.0


RESTART_POLICY = RestartPolicy()
"""What the embedded fleet uses: an engine killed once is back within two seconds."""


class RestartClock:
    """One child's crashes, and when it may start again. Time is given, never read."""

    def __init__(self, policy: RestartPolicy) -> None:
        self._policy = policy
        self._ready_at_s: float | None = None
        self.crashes = 0
        """Crashes in a row: since the start, or since it was last healthy for long enough."""

    def ready(self, at_s: float) -> None:
        """The child answers its health check."""
        self._ready_at_s = at_s

    def exited(self, at_s: float) -> float:
        """The child ended by itself; returns the seconds to wait before starting it again."""
        policy, ready_at_s = self._policy, self._ready_at_s
        if ready_at_s is not None and at_s - ready_at_s >= policy.healthy_after_s:
            self.crashes = 0
        self._ready_at_s = None
        self.crashes += 1
        doublings = min(self.crashes - 1, 64)
        return min(policy.first_s * 2.0**doublings, policy.longest_s)


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
    """Time limits of a supervisor, in seconds (crashes: a count)."""

    poll_s: float = 0.05
    stop_s: float = 3.0
    start_s: float = 60.0
    crashes_before_ready: int = 3


PATIENCE = Patience()
"""Limits for engines that load in seconds."""


class ChildFailedError(ZetaError):
    """A child cannot be brought up: says which, how it ended and what it last wrote to stderr."""


class _Child:
    """One child: its process of the moment, and what is remembered across restarts."""

    def __init__(self, spec: ChildSpec, policy: RestartPolicy) -> None:
        self.spec = spec
        self.restarts = RestartClock(policy)
        self.process: asyncio.subprocess.Process | None = None
        self.ready = asyncio.Event()
        self.settled = asyncio.Event()  # ready, or given up waiting for it
        self.last_words: deque[str] = deque(maxlen=20)
        self.ending = ""

    def failure(self) -> str:
        words = "\n  ".join(self.last_words) or "(nothing)"
        return f"{self.spec.name} {self.ending or 'is not ready'}; its last words:\n  {words}"


class Supervisor:
    """Runs children from `__aenter__` to `__aexit__`.

    Use it from one task of a loop whose thread lives as long as the children should: on Linux they
    are tied to that thread.
    """

    def __init__(
        self,
        children: Sequence[ChildSpec],
        policy: RestartPolicy = RESTART_POLICY,
        patience: Patience = PATIENCE,
    ) -> None:
        self._children = {spec.name: _Child(spec, policy) for spec in children}
        self._patience = patience
        self._stopping = asyncio.Event()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            timeout = aiohttp.ClientTimeout(total=1.0)
            session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            stack.callback(self._stopping.set)
            for child in self._children.values():
                tasks.create_task(self._keep(child, session), name=f"keep {child.spec.name}")
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def all_ready(self) -> None:
        """Return when every child answers its health check.

        Raises:
            ChildFailedError: A child crashed `crashes_before_ready` times before it ever was
                ready, or took longer than `start_s`.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience.start_s):
                for child in self._children.values():
                    await child.settled.wait()
        failures = [
            child.failure() for child in self._children.values() if not child.ready.is_set()
        ]
        if failures:
            raise ChildFailedError("\n".join(failures))

    def pids(self) -> dict[str, int]:
        """Process id of every child that runs, by name."""
        return {
            name: child.process.pid
            for name, child in self._children.items()
            if child.process is not None
        }

    async def _keep(self, child: _Child, session: aiohttp.ClientSession) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            await self._run_once(child, session)
            if self._stopping.is_set():
                return
            wait_s = child.restarts.exited(loop.time())
            _log.warning("%s; restarting in %.1f s", child.failure(), wait_s)
            if child.restarts.crashes >= self._patience.crashes_before_ready:
                child.settled.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._stopping.wait()

    async def _run_once(self, child: _Child, session: aiohttp.ClientSession) -> None:
        """Start the child and return once it has ended, by itself or because we stop."""
        process = child.process = await asyncio.create_subprocess_exec(
            *child.spec.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **child.spec.environment, SUPERVISOR_PID: str(os.getpid())},
            start_new_session=True,  # a terminal's Ctrl-C must not reach it before it reaches us
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_listen(child, process))
                ready = tasks.create_task(self._await_ready(child, session))
                stop = tasks.create_task(self._stop_when_asked(process))
                status = await process.wait()
                ready.cancel()
                stop.cancel()
        finally:
            child.process = None
            child.ready.clear()
        child.ending = _ending(status)

    async def _await_ready(self, child: _Child, session: aiohttp.ClientSession) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(child.spec.health_url) as answer:
                    if answer.status == 200:
                        break
            await asyncio.sleep(self._patience.poll_s)
        child.restarts.ready(asyncio.get_running_loop().time())
        child.ready.set()
        child.settled.set()

    async def _stop_when_asked(self, process: asyncio.subprocess.Process) -> None:
        await self._stopping.wait()
        _signal(process, signal.SIGTERM)
        await asyncio.sleep(self._patience.stop_s)
        _signal(process, signal.SIGKILL)


async def _listen(child: _Child, process: asyncio.subprocess.Process) -> None:
    """Read stderr to its end, so that it never blocks the child, and remember the last lines."""
    assert process.stderr is not None  # noqa: S101  asked for with PIPE
    child.last_words.clear()
    rest = b""
    while chunk := await process.stderr.read(4096):
        *lines, rest = (rest + chunk).split(b"\n")
        child.last_words.extend(line.decode(errors="replace") for line in lines if line.strip())
        rest = rest[-4096:]
    if rest.strip():
        child.last_words.append(rest.decode(errors="replace"))


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


def _ending(status: int) -> str:
    if status >= 0:
        return f"exited with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
