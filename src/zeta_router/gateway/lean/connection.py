"""One connection to an engine, and the answer that it carries."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from functools import lru_cache
from typing import Protocol, cast

from zeta_router.gateway.lean.answer import LeanAnswer
from zeta_router.gateway.lean.bounds import READ_BYTES, READ_WHOLE_BYTES, Bounds
from zeta_router.gateway.lean.reader import ResponseReader, WireError
from zeta_router.gateway.upstream import BrokenError, TooSlowError, UpstreamError

_JOINED_BYTES = 16 << 10
"""Bodies up to this length are copied behind their headers, which costs less than two writes."""

_TIMEOUT = re.compile(r"(?:^|[,\s])timeout=(\d{1,6})", re.IGNORECASE)


class StaleError(BrokenError):
    """A kept connection turned out to be closed before a byte of the answer came."""


class Keeper(Protocol):
    """A pool, as far as its connections need it."""

    def give(self, connection: Connection) -> None:
        """It may take another request."""

    def withdraw(self, connection: Connection) -> None:
        """It may not, even if it waits for one."""

    def lost(self, connection: Connection) -> None:
        """It is closed."""


class Buffers:
    """What all connections of a client read into."""

    def __init__(self) -> None:
        self.of_stream = memoryview(bytearray(READ_BYTES))
        self.of_whole = memoryview(bytearray(READ_WHOLE_BYTES))


class Connection(asyncio.BufferedProtocol):
    """A connection of a pool.

    A stream is read into a small buffer, so an engine that sends faster than the client reads fills
    `Bounds.held_bytes` and this buffer, and then the kernel's and its own.

    Args:
        pool: Keeps it while it is idle.
        bounds: How long and how large anything may be.
        loop: The running loop.
        buffers: Where bytes are read into. All connections share them, because the loop hands
            bytes over in the step in which it reads them.
    """

    def __init__(
        self, pool: Keeper, bounds: Bounds, loop: asyncio.AbstractEventLoop, buffers: Buffers
    ) -> None:
        self.loop = loop
        self._pool = pool
        self._bounds = bounds
        self._buffers = buffers
        self._buffer = buffers.of_stream
        self._reader = ResponseReader(bounds)
        self._transport: asyncio.Transport | None = None
        self._answer: LeanAnswer | None = None
        self._made_s = self._since_s = loop.time()
        self._keepalive_s = bounds.keepalive_s
        self._paused = False
        self._heard = False
        self._used = False

    async def ask(self, name: str, head: bytes, body: bytes) -> LeanAnswer:
        """Send a request and wait for the headers of its answer; cancelling closes at once.

        Raises:
            StaleError: It was closed by the engine before this request came to it.
            UpstreamError: No answer started.
        """
        transport = self._transport
        answer = LeanAnswer(self, name, self._bounds.whole_bytes)
        if transport is None or transport.is_closing():
            raise StaleError(f"{name}: it has closed the connection")
        self._answer = answer
        self._since_s = self.loop.time()
        self._heard = False
        self._reader.expect(answer)
        if len(body) <= _JOINED_BYTES:
            transport.write(head + body)
        else:
            transport.writelines((head, body))
        try:
            await answer.begun()
        except BaseException:
            answer.close()
            raise
        return answer

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._transport is None

    def usable(self, now_s: float) -> bool:
        """Whether an idle connection may take another request."""
        transport = self._transport
        return (
            transport is not None
            and not transport.is_closing()
            and now_s - self._since_s < self._keepalive_s
            and now_s - self._made_s < self._bounds.age_s
        )

    def look(self, now_s: float) -> None:
        """Close it where it has been idle, or its engine silent, for too long."""
        answer = self._answer
        if answer is None:
            if not self.usable(now_s):
                self.drop()
        elif self._heard or self._paused:
            self._heard = False
            self._since_s = now_s
        else:
            limit_s = self._bounds.idle_s if answer.status else self._bounds.first_byte_s
            if now_s - self._since_s >= limit_s:
                self._fail(TooSlowError, f"it has sent nothing for {limit_s:g} s")

    def drop(self) -> None:
        """Close at once; what was not sent is not sent."""
        self._answer = None
        self._pool.withdraw(self)
        transport = self._transport
        if transport is not None:
            transport.abort()

    def abandon(self) -> None:
        """Close at once, because the client is being closed."""
        self._fail(BrokenError, "the client was closed")

    def resume(self) -> None:
        """Listen to the engine again."""
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast(asyncio.Transport, transport)
        held = transport.get_extra_info("socket")
        if held is not None:
            held.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get_buffer(self, sizehint: int) -> memoryview:
        """See asyncio."""
        answer, buffers = self._answer, self._buffers
        self._buffer = (
            buffers.of_whole if answer is not None and answer.whole else buffers.of_stream
        )
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """See asyncio."""
        self._heard = True
        answer, reader = self._answer, self._reader
        if answer is None:
            self.drop()  # unasked: it must not become the answer to the next request
            return
        try:
            reader.feed(self._buffer[:nbytes])
        except WireError as error:
            self._fail(BrokenError, str(error))
            return
        if reader.complete:
            self._finished(answer)
        else:
            answer.fed()
            if answer.held_bytes > self._bounds.held_bytes and not answer.whole:
                self._pause()

    def eof_received(self) -> None:
        """See asyncio; the transport closes itself."""
        answer = self._answer
        if answer is None:
            self.drop()
            return
        try:
            self._reader.end()
        except WireError as error:
            self._lost(str(error))
        else:
            self._finished(answer)

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio."""
        answer = self._answer
        self._transport = None
        self._pool.lost(self)
        if answer is not None:
            self._lost(f"the connection broke: {_reason(error)}")
        self._reader.free()

    def _fail(self, problem: type[UpstreamError], reason: str) -> None:
        """Close at once and tell whoever waits."""
        answer = self._answer
        self.drop()
        if answer is not None:
            answer.fail(problem, reason)

    def _lost(self, reason: str) -> None:
        soon = self.loop.time() - self._since_s < self._bounds.race_s
        stale = self._used and soon and not self._reader.touched
        self._fail(StaleError if stale else BrokenError, reason)

    def _finished(self, answer: LeanAnswer) -> None:
        """The answer has come whole: keep the connection, or close it."""
        self._answer = None
        transport = self._transport
        if self._reader.keeps and transport is not None and not transport.get_write_buffer_size():
            self._used = True
            self._since_s = self.loop.time()
            told = answer.headers.get("keep-alive")
            if told is not None:
                self._keepalive_s = min(self._bounds.keepalive_s, _announced_s(told))
            self._pool.give(self)
        else:
            self.drop()
        answer.finish()

    def _pause(self) -> None:
        if self._transport is not None and not self._paused:
            self._paused = True
            self._transport.pause_reading()


def _reason(error: Exception | None) -> str:
    if error is None:
        return "it was closed"
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number).lower() if number else str(error) or type(error).__name__


@lru_cache(maxsize=64)
def _announced_s(keep_alive: str) -> float:
    """How long an engine says that it keeps an idle connection, with a fifth taken off."""
    found = _TIMEOUT.search(keep_alive)
    return 0.8 * float(found.group(1)) if found is not None else float("inf")
