"""One client's connection: aiohttp's, with an eye on how slow its other end is.

aiohttp bounds neither the time of a head nor that of a body nor that of a reader. A timer for each
request would cost more than the request is worth, so nothing is timed here: bytes are counted as
they come, and `look` compares counts when somebody passes by once a second (`clients.Clients`).
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, cast

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong

from zeta_router.gateway.clients.limits import ClientLimits
from zeta_router.gateway.clients.refusal import refusal, slow_body, slow_head
from zeta_router.gateway.clients.unsent import unsent_bytes
from zeta_router.gateway.problems import error_response


class Registry(Protocol):
    """Who keeps the open connections."""

    limits: ClientLimits

    def enter(self, connection: ClientConnection, transport: asyncio.Transport) -> bool:
        """Count a new connection; False where its client has too many."""

    def leave(self, connection: ClientConnection) -> None:
        """Forget a connection."""

    def refused(self, why: str) -> None:
        """Count a client that was turned away or cut, by the code of what it was told."""


class ClientConnection(web.RequestHandler):
    """A connection that can be asked whether it still gets anywhere.

    Args:
        server: aiohttp's, which knows the application.
        registry: Who keeps the open connections; its limits at this moment bound the headers of
            this connection, those of each moment everything else.
    """

    __slots__ = (
        "_began_bytes",
        "_began_s",
        "_ending",
        "_heard_bytes",
        "_moved_s",
        "_phase",
        "_registry",
        "_seen_bytes",
        "_unsent_bytes",
        "_unsent_s",
    )

    def __init__(
        self, server: web.Server, registry: Registry, loop: asyncio.AbstractEventLoop
    ) -> None:
        limits = registry.limits
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type] # as aiohttp's own runner may be given it
            keepalive_timeout=limits.keep_alive_s,
            max_line_size=limits.header_bytes,
            max_field_size=limits.header_bytes,
            max_headers=limits.header_count,
        )
        self._registry = registry
        self._heard_bytes = 0
        self._phase = 0
        self._ending = False
        self._began_s = self._moved_s = self._unsent_s = loop.time()
        self._began_bytes = self._seen_bytes = self._unsent_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Serve the client, or tell it that it has too many connections."""
        line = cast(asyncio.Transport, transport)  # uvloop's are none by their type
        if self._registry.enter(self, line):
            super().connection_made(line)
            return
        why = "too many connections from this address (limits.connections_per_client)"
        self._registry.refused("too_many_connections")
        self._say_and_end(line, refusal(429, why, "too_many_connections"))

    def connection_lost(self, exc: BaseException | None) -> None:
        """Give back what the connection held."""
        self._registry.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count, and let aiohttp parse.

        Once it is being shut down, aiohttp drops what comes, and with it the rest of a body whose
        request it has begun to serve and waits for: that is let through.
        """
        self._heard_bytes += len(data)
        request = self._current_request
        ends = self._close and not self._ending
        if ends and request is not None and not request.content.is_eof():
            self._close = False
            try:
                super().data_received(data)
            finally:
                self._close = True
        else:
            super().data_received(data)

    def look(self, transport: asyncio.Transport, now_s: float, limits: ClientLimits) -> None:
        """End what takes too long."""
        if self._reader_stands(transport, now_s, limits.reader_stall_s):
            self._registry.refused("slow_reader")
            transport.abort()
            return
        if self._ending:
            transport.close()
        if self.transport is None:
            return
        request = self._current_request
        if request is None:
            if self._waiter is not None and not self._messages:
                self._look_at_head(transport, now_s, limits.head_s)
        elif not request.content.is_eof():
            self._look_at_body(request, now_s, limits)

    def _reader_stands(
        self, transport: asyncio.Transport, now_s: float, reader_stall_s: float
    ) -> bool:
        """Whether nothing of what waits to be sent went out for too long."""
        left_bytes = unsent_bytes(transport)
        if not left_bytes or left_bytes != self._unsent_bytes:
            self._unsent_bytes, self._unsent_s = left_bytes, now_s
            return False
        return now_s - self._unsent_s >= reader_stall_s

    def _is_new(self, phase: int, now_s: float) -> bool:
        """Whether a head or a body is looked at for the first time."""
        if phase == self._phase:
            return False
        self._phase = phase
        self._began_s = self._moved_s = now_s
        self._began_bytes = self._seen_bytes = self._heard_bytes
        return True

    def _look_at_head(self, transport: asyncio.Transport, now_s: float, head_s: float) -> None:
        """A first head counts from the connection on, each later one from its first byte."""
        if self._is_new(2 * self._request_count, now_s):
            return
        if self._request_count:
            if self._heard_bytes == self._began_bytes:
                return  # idle: the time for that is aiohttp's `keepalive_timeout`
            if self._seen_bytes == self._began_bytes:
                self._seen_bytes, self._began_s = self._heard_bytes, now_s
        if now_s - self._began_s < head_s:
            return
        self._registry.refused("slow_head")
        if self._heard_bytes:
            self._say_and_end(transport, slow_head(head_s))
        else:
            self.force_close()  # whoever has said nothing is not waiting for an answer

    def _say_and_end(self, transport: asyncio.Transport, last: bytes) -> None:
        """Say a last thing; what comes is dropped, and the next look closes.

        To close at once would take the answer away again: bytes that come to a closed socket are
        answered with a reset, and that empties what the client has not read yet.
        """
        self._ending = True
        self.close()
        transport.write(last)
        if transport.can_write_eof():
            transport.write_eof()

    def _look_at_body(self, request: web.BaseRequest, now_s: float, limits: ClientLimits) -> None:
        content = request.content
        if self._is_new(2 * self._request_count + 1, now_s) or content.exception() is not None:
            return
        if self._heard_bytes != self._seen_bytes or self._reading_paused:
            self._seen_bytes, self._moved_s = self._heard_bytes, now_s
        took_s = now_s - self._began_s
        came_bytes = max(content.total_bytes, self._heard_bytes - self._began_bytes)
        if now_s - self._moved_s >= limits.body_stall_s:
            error = slow_body(f"nothing came for {limits.body_stall_s:g} s (limits.body_stall_s)")
        elif took_s > limits.body_stall_s and came_bytes < took_s * limits.body_bytes_per_s:
            rate = f"{limits.body_bytes_per_s} bytes/s (limits.body_bytes_per_s)"
            error = slow_body(f"it came slower than {rate}")
        else:
            return
        self._registry.refused("slow_body")
        self._lingering_time = 0.0  # or aiohttp would wait for the rest of it
        content.set_exception(error)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log what is wrong here, and not what a client sent: anybody could fill the log."""
        if not isinstance(kw.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **kw)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is no HTTP, in OpenAI's error shape, and without a line in the log."""
        if not isinstance(exc, BadHttpMessage) or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        status, text, code = _of_bad_http(exc, self._registry.limits)
        self._registry.refused(code)
        response = error_response(status, text, "invalid_request_error", code)
        response.force_close()
        return response


def _of_bad_http(error: BadHttpMessage, limits: ClientLimits) -> tuple[int, str, str]:
    """Status, message and code for a request that could not be parsed."""
    if isinstance(error, LineTooLong):
        most = f"{limits.header_bytes} bytes (limits.header_bytes)"
        return 431, f"the request line or a header is longer than {most}", "header_too_large"
    if error.message.startswith("Too many headers"):
        most = f"{limits.header_count} (limits.header_count)"
        return 431, f"the request has more headers than {most}", "too_many_headers"
    return 400, "this is no HTTP that can be understood in one way only", "bad_http"
