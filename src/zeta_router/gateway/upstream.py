"""Talking to an engine: one method, so that the client behind it can be replaced.

What goes wrong before the answer starts is told apart by what it means for the query: nothing was
sent (`UnreachableError`), something was sent and the connection broke (`BrokenError`), or the
engine took too long (`TooSlowError`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import aiohttp

from zeta_router.core.fleet import Endpoint
from zeta_router.gateway.kept import (
    KeptConnector,
    KeptRequest,
    KeptResponse,
    StaleError,
    UnfitError,
    must_be_new,
)

CONNECT_TIMEOUT_S = 3.0
IDLE_TIMEOUT_S = 600.0
"""Longest silence of an engine within one answer; a CPU engine may think for minutes."""

KEEPALIVE_S = 4.0
"""Idle connections are closed before the engines do it: llama.cpp and uvicorn wait 5 s."""


class UpstreamError(Exception):
    """The engine gave no usable answer."""


class UnreachableError(UpstreamError):
    """No connection: the request was not sent."""


class BrokenError(UpstreamError):
    """The connection broke after the request was sent."""


class TooSlowError(UpstreamError):
    """The engine stayed silent for too long."""


class Answer(Protocol):
    """An engine's answer, headers read, body still to come."""

    status: int
    headers: Mapping[str, str]

    async def read(self) -> bytes:
        """The whole body."""

    async def pour(self, take: Callable[[bytes], bool]) -> bool:
        """Hand the body over as it comes, until it is over or `take` returns False.

        `take` gets no empty piece, runs in the step in which a piece has come where that is
        possible, and must not block; what it raises is raised here. One task pours at a time, and
        may pour on after a break.

        Returns:
            Whether the body is over; False after a break.

        Raises:
            UpstreamError: The rest will not come. What came before it was handed over.
        """

    def close(self) -> None:
        """Drop the connection at once, which also stops the engine's work. Idempotent."""


class Upstream(Protocol):
    """A client for engines."""

    async def send(
        self, endpoint: Endpoint, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """POST `body` to the endpoint.

        Raises:
            UpstreamError: No answer started.
        """


class AiohttpUpstream:
    """The client of aiohttp, for http and https.

    A request that meets a connection which the engine was just closing is sent once more, on a new
    one (see `kept`).

    Args:
        session: Owned by the caller; its connector should not limit connections, because the
            router's slots already do.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def send(
        self, endpoint: Endpoint, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """See `Upstream.send`."""
        url = endpoint.url.rstrip("/") + path
        try:
            response = await self._sent(url, headers, body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise UnreachableError(str(error)) from error
        except (aiohttp.ServerTimeoutError, TimeoutError) as error:
            raise TooSlowError(str(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise BrokenError(str(error)) from error
        return _AiohttpAnswer(response)

    async def _sent(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> aiohttp.ClientResponse:
        try:
            return await self._post(url, headers, body)
        except StaleError:
            token = must_be_new.set(True)
            try:
                return await self._post(url, headers, body)
            finally:
                must_be_new.reset(token)

    async def _post(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> aiohttp.ClientResponse:
        while True:
            try:
                return await self._session.post(
                    url, data=body, headers=headers, allow_redirects=False
                )
            except UnfitError:
                continue  # that connection is closed: each turn uses up one of the pool


class _AiohttpAnswer:
    """An answer of aiohttp's client.

    Where an engine breaks the chunked encoding in the middle of a body, aiohttp (3.14) closes the
    connection and tells the reader nothing, who then waits for ever. So the reader is told here.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        connection = response.connection
        protocol = connection.protocol if connection is not None else None
        self._closed = protocol.closed if protocol is not None else None
        if self._closed is not None:
            self._closed.add_done_callback(self._on_closed)
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    async def read(self) -> bytes:
        try:
            return await self._response.read()
        except TimeoutError as error:
            raise TooSlowError(str(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise BrokenError(str(error)) from error

    async def pour(self, take: Callable[[bytes], bool]) -> bool:
        while piece := await self._piece():
            if not take(piece):
                return False
        return True

    async def _piece(self) -> bytes:
        """What has come, or comes next; empty when all has."""
        try:
            return await self._response.content.readany()
        except TimeoutError as error:
            raise TooSlowError(str(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise BrokenError(str(error)) from error

    def close(self) -> None:
        if self._closed is not None:
            self._closed.remove_done_callback(self._on_closed)
        self._response.close()

    def _on_closed(self, closed: asyncio.Future[None]) -> None:
        if not closed.cancelled():
            closed.exception()
        content = self._response.content
        if not content.is_eof() and content.exception() is None:
            content.set_exception(aiohttp.ClientPayloadError("the body is not what HTTP allows"))


def new_session() -> aiohttp.ClientSession:
    """A session fit for engines: no connection limit, no total time limit, bodies as they are."""
    return aiohttp.ClientSession(
        request_class=KeptRequest,
        response_class=KeptResponse,
        connector=KeptConnector(limit=0, keepalive_timeout=KEEPALIVE_S),
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=IDLE_TIMEOUT_S
        ),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    )
