"""Keep child processes running: start, watch, restart with back-off, stop; none outlives us."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import aiohttp

from zeta_router.app.child import PATIENCE, Child, ChildSpec, Patience
from zeta_router.app.restart import RESTART_POLICY, RestartPolicy
from zeta_router.core.errors import ZetaError

__all__ = ["ChildFailedError", "ChildSpec", "Patience", "RestartPolicy", "Supervisor"]

_HEALTH_CHECK_S = 1.0


class ChildFailedError(ZetaError):
    """A child cannot be brought up: says which, how it ended and what it last wrote to stderr."""


class Supervisor:
    """Keeps children running from `async with` to its end.

    Use it on a loop whose thread lives as long as the children should: on Linux they are tied to
    the thread that started them.

    Args:
        children: What to run; names must differ.
        policy: When a crashed child is started again.
        patience: Limits of waiting.
    """

    def __init__(
        self,
        children: Sequence[ChildSpec],
        policy: RestartPolicy = RESTART_POLICY,
        patience: Patience = PATIENCE,
    ) -> None:
        self._children = [Child(spec, policy, patience) for spec in children]
        self._patience = patience
        self._stopping = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        # A task of its own around the TaskGroup: entered here, the group would wrap every error of
        # the caller's block in an ExceptionGroup.
        self._running = asyncio.create_task(self._run(), name="supervisor")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop every child, also when leaving by an error; cancelled meanwhile, kill them."""
        self._stopping.set()
        if self._running is not None:
            await self._running

    async def all_ready(self) -> None:
        """Return once every child has answered its health check.

        Raises:
            ChildFailedError: A child crashed `Patience.crashes` times in a row before it was ever
                ready, or they took longer than `Patience.start_s`.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience.start_s):
                for child in self._children:
                    await child.settled.wait()
        failures = [child.last_failure() for child in self._children if not child.has_answered]
        if failures:
            raise ChildFailedError("\n".join(failures))

    def pids(self) -> dict[str, int]:
        """Process id of every child that runs right now, by name."""
        return {child.spec.name: child.pid for child in self._children if child.pid is not None}

    async def _run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=_HEALTH_CHECK_S)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as tasks:
            for child in self._children:
                tasks.create_task(child.keep_running(session, self._stopping))
