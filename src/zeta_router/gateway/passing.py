"""A stream on its way from an engine to a client, and what is noted of it meanwhile.

A stream has hundreds of pieces, and whatever is done for one is paid by every token. So a piece
goes on in the step in which it has come, without waking the task of its request; it is framed here;
and it is looked at together with the ones that follow it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from zeta_router.core.query import Operation
from zeta_router.gateway.answer.rename import Names, names_between, rename_chunk
from zeta_router.gateway.answer.stall import Patience
from zeta_router.gateway.answer.stream import TAIL_BYTES, TAIL_OF_RESPONSE_BYTES, SseWatcher
from zeta_router.gateway.checking.kept_text import AnswerText

_HELD_BYTES = 16384
"""Most that is held back of a stream that has not come to its first token."""

_PIECES_AT_ONCE = 16
"""Pieces looked at together; one by one, calling would cost more than looking. After so many the
router is told of the progress, too."""

_LARGE_BYTES = 1024
"""Of a piece that is looked at without waiting for more: what waits is held for each stream."""

_UNSENT_BYTES = 16384
"""Most that waits for a client that reads slowly, before its engine is no longer listened to.

aiohttp alone would hold 64 to 128 kB for each.
"""


class Passing:
    """Passes one stream on.

    It refers neither to the attempt nor to the exchange: what refers to itself is freed by the
    garbage collector only, which comes rarely.

    Args:
        operation: What was asked for.
        served: The model's name in the fleet, which the client is to read.
        clock: Seconds on a monotonic clock.
        on_first_token: Called with a first token that `on` passes; of one that was held back,
            whoever calls `begin` knows.
        on_progress: Takes the number of tokens so far, now and then.

    Attributes:
        watcher: Knows tokens and ending; see `look`.
        text: Has the answer's text; see `look`.
        held: What has come before the client was sent anything.
    """

    __slots__ = (
        "_chunked",
        "_client",
        "_first_at_s",
        "_names",
        "_on_first_token",
        "_on_progress",
        "_patience",
        "_served",
        "_time",
        "_transport",
        "_unseen",
        "_untold",
        "held",
        "text",
        "watcher",
    )

    def __init__(
        self,
        operation: Operation,
        served: str,
        clock: Callable[[], float],
        *,
        on_first_token: Callable[[], None],
        on_progress: Callable[[int], None],
    ) -> None:
        first: list[float] = []
        responds = operation is Operation.RESPONSE
        tail_bytes = TAIL_OF_RESPONSE_BYTES if responds else TAIL_BYTES
        self.watcher = SseWatcher(lambda: first.append(clock()), tail_bytes)
        self._first_at_s = first
        self._on_first_token = on_first_token
        self.text = AnswerText(operation)
        self.held = b""
        self._served = served
        self._on_progress = on_progress
        self._names: Names | None = None
        self._unseen: list[bytes] = []
        self._untold = 0

    def hold(self, piece: bytes) -> bool:
        """Keep a piece back, unless the first token is among what has come.

        What comes before that is nothing to a client, and as long as it is held back, an engine
        that fails can be replaced by another one. Returns whether more is to be held.
        """
        self.held += piece
        self._unseen.append(piece)
        self.look()
        return self.watcher.waits and len(self.held) < _HELD_BYTES

    async def begin(
        self, request: web.Request, response: web.StreamResponse, patience: Patience
    ) -> None:
        """Send the headers and what was held back; `on` may follow.

        Raises:
            ConnectionError: The client has left.
        """
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client has left")
        transport.set_write_buffer_limits(_UNSENT_BYTES)
        self._transport = transport
        self._client = request.protocol
        self._chunked = response.headers.get("transfer-encoding") == "chunked"
        self._patience = patience
        self._time = asyncio.get_running_loop().time
        held, self.held = self.held, b""
        await response.write(held if self._names is None else rename_chunk(held, self._names))

    def on(self, piece: bytes) -> bool:
        """Pass a piece on; returns whether the client keeps up.

        Raises:
            ConnectionError: The client has left.
        """
        self._patience.since_s = self._time()
        unseen = self._unseen
        unseen.append(piece)
        if self.watcher.waits:
            self.look()
            if not self.watcher.waits:
                self._on_first_token()
        elif len(unseen) >= _PIECES_AT_ONCE or len(piece) > _LARGE_BYTES:
            self.look()
        if self._names is not None:
            piece = rename_chunk(piece, self._names)
        transport = self._transport
        if transport.is_closing():
            raise ConnectionResetError("the client has left")
        transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece)
        return not self._client.writing_paused

    @property
    def first_at_s(self) -> float | None:
        """When the first token came, on the clock; None before."""
        return self._first_at_s[0] if self._first_at_s else None

    @property
    def passed_tokens(self) -> int | None:
        """Tokens that have passed; about as many as events with output. None before the first."""
        self.look()
        return self.watcher.reading.events or None

    def look(self) -> None:
        """Look at what has passed since the last look."""
        unseen, watcher = self._unseen, self.watcher
        pieces = (b"".join(unseen),) if self.text.may_be_joined else tuple(unseen)
        self._untold += len(unseen)
        unseen.clear()
        for piece in pieces:
            watcher.feed(piece)
            self.text.feed(piece)
        if self._names is None:
            self._names = names_between(watcher.model, self._served)
        if self._untold >= _PIECES_AT_ONCE:
            self._untold = 0
            self._on_progress(watcher.reading.events)
