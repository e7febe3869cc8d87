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
        self._keepers: list[asyncio.Task[None]] = []
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            timeout = aiohttp.ClientTimeout(total=1.0)
            session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            self._keepers = [
                tasks.create_task(child.keep_running(session, self._stopping))
                for child in self._children
            ]
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop every child, also when leaving by an error; cancelled meanwhile, kill them."""
        self._stopping.set()
        try:
            if self._keepers:
                await asyncio.wait(self._keepers)
        finally:
            await self._stack.__aexit__(kind, error, traceback)

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
