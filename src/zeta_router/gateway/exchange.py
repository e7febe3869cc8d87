"""What is remembered of one client request while it is being served."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from aiohttp import web

from zeta_router.core.query import Operation, Query
from zeta_router.gateway.checking.kept_text import Kept
from zeta_router.gateway.driver import Ticket
from zeta_router.gateway.upstream import TooSlowError

T = TypeVar("T")


@dataclass(slots=True)
class Exchange:
    """One client request while it is being served.

    `overhead_s` is what we took of its time: reading it, deciding, writing it anew; neither waiting
    for a slot nor the engine's part. `kept` gives the answer's text once it is complete. `spare` is
    an answer of no use: better than an error, should no other engine have a better one. `copy` is
    the same request at a second engine, because the first one is late; `copying` carries it out.
    """

    request: web.Request
    operation: Operation
    raw: bytes
    written_model: msgspec.Raw | msgspec.UnsetType
    query: Query
    ticket: Ticket
    overhead_s: float
    attempt: int = 0
    started: bool = False
    spare: web.Response | None = None
    waiting: asyncio.Timeout | None = None
    kept: Callable[[], Kept] | None = None
    finish_reason: str | None = None
    copy: Exchange | None = None
    copying: asyncio.Task[web.StreamResponse | None] | None = None

    async def first_part(self, coming: Awaitable[T]) -> T:
        """Wait for a part of an answer of which the client has nothing yet; can be given up.

        Raises:
            TooSlowError: The router gave the attempt up.
        """
        try:
            async with asyncio.timeout(None) as self.waiting:
                return await coming
        except TimeoutError as error:
            raise TooSlowError("given up, because the engine shows no sign of life") from error
        finally:
            self.waiting = None

    def give_up(self, attempt: int) -> None:
        """Stop waiting for an attempt, unless the client has a part of its answer."""
        if self.copy is not None:
            self.copy.give_up(attempt)
        if self.waiting is not None and attempt == self.attempt:
            waiting, self.waiting = self.waiting, None
            waiting.reschedule(asyncio.get_running_loop().time())

    async def copied(self) -> web.StreamResponse | None:
        """The answer to the copy, which stands for this request from here on; None without one."""
        copy, copying = self.copy, self.copying
        self.copy = self.copying = None
        if copy is None or copying is None:
            return None
        self.attempt = copy.attempt
        try:
            response = await copying
        finally:
            copying.cancel()
        self.kept, self.finish_reason = copy.kept, copy.finish_reason
        self.spare = self.spare or copy.spare
        return response

    def end(self) -> None:
        """Nobody waits for the copy any more."""
        if self.copying is not None:
            self.copying.cancel()

    @property
    def ends_by_saying(self) -> bool:
        """Whether a complete stream says so: with a reason, or with ``[DONE]``."""
        return self.operation in (Operation.CHAT, Operation.COMPLETION)
