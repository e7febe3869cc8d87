"""One stream of server-sent events for everybody who looks: rendered once, shared by all readers.

Nothing is rendered while nobody reads. A reader has room for the newest event of each kind and no
more: one that is slow misses events and never sees an old one, and costs the gateway no memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping

from aiohttp import web

from zeta_router.gateway.problems import RequestError

EVERY_S = 1.0

STUCK_S = 20.0
"""A reader that takes nothing for so long is cut off, so that a stop need not wait for it."""

MOST_READERS = 64
"""More are refused: it is a page for people."""

Render = Callable[[int], Awaitable[Mapping[str, bytes]]]
"""Given the number of the tick since somebody looks (0 first), JSON by the kind of event."""

_LOG = logging.getLogger("zeta_router.gateway")

_HEADERS = {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
}


class Mailbox:
    """The newest event of each kind that one reader has not taken."""

    __slots__ = ("_closed", "_filled", "_newest")

    def __init__(self) -> None:
        self._newest: dict[str, bytes] = {}
        self._filled = asyncio.Event()
        self._closed = False

    def put(self, events: Mapping[str, bytes]) -> None:
        """Leave events; older ones of the same kinds are gone."""
        self._newest.update(events)
        self._filled.set()

    def close(self) -> None:
        """Nothing more will come."""
        self._closed = True
        self._filled.set()

    async def take(self) -> bytes | None:
        """Everything that is there, once something is; None at the end."""
        await self._filled.wait()
        if self._closed:
            return None
        self._filled.clear()
        taken = b"".join(self._newest.values())
        self._newest.clear()
        return taken


class Broadcast:
    """Renders at intervals while somebody reads, and gives every reader the same bytes.

    Args:
        render: Makes the events of a tick; may leave out kinds that have not changed.
        every_s: Seconds between two ticks.
    """

    def __init__(self, render: Render, every_s: float = EVERY_S) -> None:
        self._render = render
        self._every_s = every_s
        self._readers: set[Mailbox] = set()
        self._latest: dict[str, bytes] = {}
        self._tick = 0
        self._joined = asyncio.Event()
        self._is_closed = False

    @property
    def readers(self) -> int:
        """How many read at the moment."""
        return len(self._readers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Stream to one reader until it leaves or the gateway stops.

        Raises:
            RequestError: 503 when too many read, or the gateway stops.
        """
        if self._is_closed or len(self._readers) >= MOST_READERS:
            raise RequestError(503, "too many readers of this stream", code="too_many_readers")
        response = web.StreamResponse(headers=_HEADERS)
        with self._reading() as mailbox:
            await response.prepare(request)
            try:
                while (events := await mailbox.take()) is not None:
                    async with asyncio.timeout(STUCK_S):
                        await response.write(events)
            except TimeoutError:
                if request.transport is not None:
                    request.transport.abort()
        return response

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Mailbox]:
        mailbox = Mailbox()
        if self._readers:
            mailbox.put(self._latest)
        else:
            self._tick, self._latest = 0, {}
            self._joined.set()
        self._readers.add(mailbox)
        try:
            yield mailbox
        finally:
            self._readers.discard(mailbox)

    async def run(self) -> None:
        """Render and hand out until cancelled."""
        while True:
            self._joined.clear()
            if self._readers:
                await self._publish()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every_s if self._readers else None):
                    await self._joined.wait()

    def close(self) -> None:
        """End every stream, and let no further one begin."""
        self._is_closed = True
        for mailbox in self._readers:
            mailbox.close()

    async def _publish(self) -> None:
        try:
            rendered = await self._render(self._tick)
        except Exception:
            _LOG.exception("a bug in rendering what the dashboard shows; this tick is left out")
            return
        events = {
            kind: b"event: " + kind.encode() + b"\ndata: " + body + b"\n\n"
            for kind, body in rendered.items()
        }
        self._tick += 1
        self._latest.update(events)
        for mailbox in self._readers:
            mailbox.put(events)
