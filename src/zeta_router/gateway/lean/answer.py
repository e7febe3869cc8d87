"""One answer of an engine: what has come of it and was not taken yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from zeta_router.gateway.lean.reader import Headers
from zeta_router.gateway.upstream import BrokenError, UpstreamError

_NONE = Headers()


class Line(Protocol):
    """The connection, as far as an answer needs it."""

    loop: asyncio.AbstractEventLoop

    def resume(self) -> None:
        """Listen to the engine again."""

    def drop(self) -> None:
        """Close at once."""


class LeanAnswer:
    """An answer; see `zeta_router.gateway.upstream.Answer`. One task reads it.

    What came before a connection broke is handed out before the error is raised.

    Attributes:
        status: 0 until the headers have come.
        held_bytes: Bytes that have come and were not taken.
        whole: Whether the reader wants nothing before all has come.
    """

    __slots__ = (
        "_complete",
        "_line",
        "_pieces",
        "_problem",
        "_reason",
        "_take",
        "_waiter",
        "_whole_bytes",
        "headers",
        "held_bytes",
        "name",
        "status",
        "whole",
    )

    def __init__(self, line: Line, name: str, whole_bytes: int) -> None:
        self._line: Line | None = line
        self._pieces: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._complete = False
        self._problem: type[UpstreamError] | None = None
        self._reason = ""
        self._take: Callable[[bytes], bool] | None = None
        self._whole_bytes = whole_bytes
        self.name = name
        self.status = 0
        self.headers: Mapping[str, str] = _NONE
        self.held_bytes = 0
        self.whole = False

    async def begun(self) -> None:
        """Wait for the headers.

        Raises:
            UpstreamError: They will not come.
        """
        while not self.status:
            await self._news()
            if self._problem is not None and not self.status:
                raise self._error(self._problem)

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            UpstreamError: It will not come, or is larger than the bounds allow.
        """
        self.whole = True
        while not self._complete and self._problem is None:
            if self.held_bytes > self._whole_bytes:
                self.close()
                self.fail(BrokenError, f"its answer exceeds {self._whole_bytes} bytes")
                break
            self._listen()
            await self._news()
        if self._problem is not None:
            raise self._error(self._problem)
        return self._taken()

    async def pour(self, take: Callable[[bytes], bool]) -> bool:
        """Hand the body over as it comes; see `zeta_router.gateway.upstream.Answer.pour`.

        Raises:
            UpstreamError: The rest will not come.
        """
        while True:
            if self._pieces:
                if not take(self._taken()):
                    return False
            elif self._problem is not None:
                raise self._error(self._problem)
            elif self._complete:
                return True
            elif not await self._poured(take):
                return False

    async def _poured(self, take: Callable[[bytes], bool]) -> bool:
        """Have what comes taken at once, until there is something else to do; False for a break."""
        self._take = take
        try:
            await self._news()
            return self._take is not None
        finally:
            self._take = None

    def close(self) -> None:
        """Drop the connection at once unless the answer has come whole. Idempotent."""
        line, self._line = self._line, None
        if line is not None:
            line.drop()

    def begin(self, status: int, headers: Headers) -> None:
        """The headers have come."""
        self.status = status
        self.headers = headers

    def take(self, piece: bytes) -> None:
        """A piece of the body has come."""
        self._pieces.append(piece)
        self.held_bytes += len(piece)

    def finish(self) -> None:
        """All has come; the connection is no longer this answer's."""
        self._complete = True
        self._line = None
        self.wake()

    def fail(self, problem: type[UpstreamError], reason: str) -> None:
        """Nothing more will come."""
        if not self._complete and self._problem is None:
            self._problem, self._reason = problem, reason
        self._line = None
        self.wake()

    def fed(self) -> None:
        """Something has come: tell who waits, unless all is wanted and this is not all."""
        if self._take is not None:
            self._hand_over(self._take)
        elif not self.whole or self.held_bytes > self._whole_bytes:
            self.wake()

    def wake(self) -> None:
        """Let who waits look again."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _hand_over(self, take: Callable[[bytes], bool]) -> None:
        if not self._pieces:
            return
        try:
            if take(self._taken()):
                return
        except Exception as error:
            waiter = self._waiter
            if waiter is not None and not waiter.done():
                waiter.set_exception(error)
        self._take = None
        self.wake()

    async def _news(self) -> None:
        line = self._line
        if line is None:  # closed by the reader, who asks all the same
            self.fail(BrokenError, "the answer was closed before its end")
            return
        self._waiter = line.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _error(self, problem: type[UpstreamError]) -> UpstreamError:
        return problem(f"{self.name}: {self._reason}")

    def _taken(self) -> bytes:
        pieces = self._pieces
        taken = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.held_bytes = 0
        self._listen()
        return taken

    def _listen(self) -> None:
        if self._line is not None:
            self._line.resume()
