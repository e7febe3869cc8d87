"""Kept connections of aiohttp's client: which may take a request, and which was closed under it.

aiohttp asks once more by itself, but only what changes nothing, and every query is a POST. Sending
one again is harmless where the engine had closed the connection before the query came
(RFC 9112 §9.3.1), so a connection is told apart that took a request before, broke soon after this
one, and brought not a byte of its answer.
"""

from __future__ import annotations

import functools
from contextvars import ContextVar
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

RACE_S = 1.0
"""How soon after a request a kept connection must have been closed to count as one that the engine
had given up before the request came."""

must_be_new: ContextVar[bool] = ContextVar("must_be_new", default=False)
"""Whether requests of this task are to be sent on new connections only."""


class UnfitError(aiohttp.ClientConnectionError):
    """The connection may not take this request: nothing was sent on it, and it is closed."""


class StaleError(aiohttp.ServerDisconnectedError):
    """A kept connection turned out to be closed before a byte of the answer came."""


class KeptProtocol(ResponseHandler):
    """aiohttp's side of a connection, with what it takes to see that it was stale."""

    used = False
    reused = False
    heard = False
    asked_at_s = 0.0

    def ask(self) -> None:
        """A request is about to be sent."""
        self.reused, self.used = self.used, True
        self.heard = False
        self.asked_at_s = self._loop.time()

    @property
    def stale(self) -> bool:
        """Whether the engine cannot have seen the request, now that the connection broke."""
        soon = self._loop.time() - self.asked_at_s < RACE_S
        return self.reused and soon and not self.heard

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self.heard = True
        super().data_received(data)


class KeptConnector(aiohttp.TCPConnector):
    """Makes connections with `KeptProtocol`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._factory = functools.partial(  # type: ignore[assignment] # `partial` is invariant
            KeptProtocol, loop=self._loop
        )


class KeptRequest(aiohttp.ClientRequest):
    """A request that is not sent on a connection that is unfit for it.

    Where the engine has spoken unasked, aiohttp would hand such bytes out as the answer to the next
    request, which is another client's.
    """

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """See aiohttp.

        Raises:
            UnfitError: The engine has spoken unasked, or the connection is not a new one.
        """
        protocol = conn.protocol
        if protocol is not None and protocol.should_close:
            raise UnfitError("the engine has spoken unasked on an idle connection")
        if isinstance(protocol, KeptProtocol):
            if protocol.used and must_be_new.get():
                raise UnfitError("a new connection is wanted")
            protocol.ask()
        return await super().send(conn)


class KeptResponse(aiohttp.ClientResponse):
    """A response that tells a stale connection from an engine that broke off."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """See aiohttp.

        Raises:
            StaleError: The connection was closed before the request came to the engine.
        """
        protocol = connection.protocol
        try:
            return await super().start(connection)
        except (
            aiohttp.ServerDisconnectedError,
            aiohttp.ClientOSError,
            aiohttp.ClientConnectionResetError,
        ) as error:
            if isinstance(protocol, KeptProtocol) and protocol.stale:
                raise StaleError(str(error)) from error
            raise
