"""`LeanUpstream`: takes a connection, asks, and asks once more where nothing can have been heard.

One timer for all connections looks after silence and age, and it runs only while any are open.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from zeta_router.core.fleet import Endpoint
from zeta_router.gateway.lean.bounds import Bounds
from zeta_router.gateway.lean.connection import Buffers, Connection, StaleError
from zeta_router.gateway.lean.pool import Pool
from zeta_router.gateway.lean.target import Target
from zeta_router.gateway.upstream import Answer, UnreachableError

_BOUNDS = Bounds()


class LeanUpstream:
    """The client for engines behind http; an async context manager.

    A request that meets a connection which the engine was just closing is sent once more, on a new
    one, where not a byte had come back (RFC 9112 §9.3.1).

    Args:
        bounds: How long and how large anything may be.
    """

    def __init__(self, bounds: Bounds = _BOUNDS) -> None:
        self._bounds = bounds
        self._pools: dict[str, Pool] = {}
        self._buffers = Buffers()
        self._timer: asyncio.TimerHandle | None = None
        self._none_open = asyncio.Event()
        self._closed = False

    async def __aenter__(self) -> LeanUpstream:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    @property
    def open(self) -> int:
        """Connections that are not closed yet."""
        return sum(pool.open for pool in self._pools.values())

    @property
    def idle(self) -> int:
        """Connections that wait for a request."""
        return sum(pool.idle for pool in self._pools.values())

    async def send(
        self, endpoint: Endpoint, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """See `Upstream.send`.

        Raises:
            ValueError: A header could be read as more than one, or is the connection's own.
        """
        pool = self._pools.get(endpoint.url) or self._new_pool(endpoint)
        head = pool.target.request(path, headers, body)
        connection = pool.taken(asyncio.get_running_loop().time())
        if connection is not None:
            try:
                return await connection.ask(endpoint.id, head, body)
            except StaleError:
                pass
        connection = await self._connected(pool, endpoint)
        return await connection.ask(endpoint.id, head, body)

    async def close(self) -> None:
        """Close all connections; who waits for an answer is told that there is none."""
        self._closed = True
        for pool in self._pools.values():
            pool.drop()
        while self.open:
            self._none_open.clear()
            await self._none_open.wait()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _new_pool(self, endpoint: Endpoint) -> Pool:
        try:
            target = Target(endpoint.url)
        except ValueError as error:
            raise UnreachableError(f"{endpoint.id}: {error}") from None
        pool = self._pools[endpoint.url] = Pool(target, self._bounds, self._on_lost)
        return pool

    async def _connected(self, pool: Pool, endpoint: Endpoint) -> Connection:
        if self._closed:
            raise UnreachableError(f"{endpoint.id}: the client is closed")
        loop = asyncio.get_running_loop()
        pool = self._pools.setdefault(endpoint.url, pool)
        target = pool.target
        pool.connecting += 1
        try:
            async with asyncio.timeout(self._bounds.connect_s):
                _, connection = await loop.create_connection(
                    lambda: Connection(pool, self._bounds, loop, self._buffers),
                    target.host,
                    target.port,
                )
        except TimeoutError:
            limit_s = self._bounds.connect_s
            raise UnreachableError(f"{endpoint.id}: no connection within {limit_s:g} s") from None
        except (OSError, UnicodeError) as error:
            raise UnreachableError(f"{endpoint.id}: {_reason(error)}") from None
        finally:
            pool.connecting -= 1
        pool.add(connection)
        if self._timer is None:
            self._timer = loop.call_later(self._bounds.tick_s, self._tick)
        return connection

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        for url, pool in list(self._pools.items()):
            pool.look(now_s)
            if not pool.open and not pool.connecting:
                del self._pools[url]
        self._timer = loop.call_later(self._bounds.tick_s, self._tick) if self._pools else None

    def _on_lost(self) -> None:
        if self._closed and not self.open:
            self._none_open.set()


def _reason(error: Exception) -> str:
    """Why there is no connection, without the address, which is the operator's own business."""
    told = str(error)
    if isinstance(error, OSError) and error.errno is not None:
        told = os.strerror(error.errno) if error.errno > 0 else error.strerror or told
    return f"no connection: {told.lower()}"
