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
from zeta_router.gateway.passing import Passing
from zeta_router.gateway.upstream import TooSlowError

T = TypeVar("T")


class Wait:
    """The running task's wait for something, which can be ended without ending the task.

    It does what a block of ``asyncio.timeout(None)`` does, for a tenth of its 5 µs, which every
    request would pay twice.
    """

    __slots__ = ("_before", "_ended", "_task")

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._before = self._task.cancelling() if self._task is not None else 0
        self._ended = False

    def end(self) -> None:
        """Cancel the wait."""
        if self._task is not None and not self._ended:
            self._ended = True
            self._task.cancel()

    def taken_back(self) -> bool:
        """Whether a cancellation was only this wait's end; then the task is not cancelled."""
        if not self._ended or self._task is None:
            return False
        return self._task.uncancel() <= self._before


@dataclass(slots=True)
class Exchange:
    """One client request while it is being served.

    `overhead_s` is what we took of its time: reading it, deciding, writing it anew; neither waiting
    for a slot nor the engine's part. `passing` passes its stream on, once there is one. `kept`
    gives the answer's text once it is complete. `spare` is an answer of no use: better than an
    error, should no other engine have a better one. `copy` is the same request at a second engine,
    because the first one is late; `copying` carries it out.
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
    passing: Passing | None = None
    spare: web.Response | None = None
    waiting: Wait | None = None
    kept: Callable[[], Kept] | None = None
    finish_reason: str | None = None
    copy: Exchange | None = None
    copying: asyncio.Task[web.StreamResponse | None] | None = None

    async def first_part(self, coming: Awaitable[T]) -> T:
        """Wait for a part of an answer of which the client has nothing yet; can be given up.

        Raises:
            TooSlowError: The router gave the attempt up.
        """
        self.waiting = wait = Wait()
        try:
            return await coming
        except BaseException as error:
            if wait.taken_back() and isinstance(error, asyncio.CancelledError):
                raise TooSlowError("given up, because the engine shows no sign of life") from None
            raise
        finally:
            self.waiting = None

    def give_up(self, attempt: int) -> None:
        """Stop waiting for an attempt, unless the client has a part of its answer."""
        if self.copy is not None:
            self.copy.give_up(attempt)
        if self.waiting is not None and attempt == self.attempt:
            waiting, self.waiting = self.waiting, None
            waiting.end()

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
        self.passing = copy.passing
        self.spare = self.spare or copy.spare
        return response

    def end(self) -> None:
        """Nobody waits for the answer any more, nor for the copy's.

        The ticket lets go of this: else each request with its body would lie about until the
        garbage collector comes, which is rarely.
        """
        self.ticket.on_cancel = self.ticket.on_hedge = None
        if self.copying is not None:
            self.copying.cancel()

    @property
    def passed_tokens(self) -> int | None:
        """Tokens of a stream that the client has been sent; None where there are none."""
        return self.passing.passed_tokens if self.started and self.passing is not None else None

    @property
    def ends_by_saying(self) -> bool:
        """Whether a complete stream says so: with a reason, or with ``[DONE]``."""
        return self.operation in (Operation.CHAT, Operation.COMPLETION)
