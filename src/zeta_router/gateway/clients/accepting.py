"""Accepting connections on an address, with limits, and with TLS where there is a certificate."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

from aiohttp import web

from zeta_router.gateway.clients.clients import Clients
from zeta_router.gateway.clients.connection import ClientConnection

BACKLOG = 1024
HANDSHAKE_S = 10.0
"""Longest time of a TLS handshake."""


@contextlib.asynccontextmanager
async def accepting(
    app: web.Application,
    host: str,
    port: int,
    *,
    clients: Clients,
    tls: ssl.SSLContext | None = None,
    drain_s: float,
) -> AsyncIterator[web.AppRunner]:
    """Serve until the end of the block; then stop accepting and let running answers finish.

    Args:
        app: What is served.
        host: Address to listen on.
        port: Port; 0 takes a free one.
        clients: Keeps the connections, and their limits.
        tls: What TLS is spoken with; None speaks none.
        drain_s: How long running answers may take to finish.

    Raises:
        OSError: The address is taken or not ours.
    """
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=drain_s)
    await runner.setup()
    try:
        await _Site(runner, host, port, clients, tls).start()
        clients.start(asyncio.get_running_loop())
        yield runner
    finally:
        await runner.cleanup()
        clients.stop()


class _Site(web.BaseSite):
    """aiohttp's place of listening, with connections of our own kind."""

    def __init__(
        self,
        runner: web.AppRunner,
        host: str,
        port: int,
        clients: Clients,
        tls: ssl.SSLContext | None,
    ) -> None:
        super().__init__(runner, ssl_context=tls, backlog=BACKLOG)
        self._address = host, port
        self._clients = clients

    @property
    def name(self) -> str:
        return "{}:{}".format(*self._address)

    async def start(self) -> None:
        await super().start()
        loop = asyncio.get_running_loop()
        server = self._runner.server
        assert server is not None  # noqa: S101 - the runner is set up
        self._server = await loop.create_server(
            lambda: ClientConnection(server, self._clients, loop),
            *self._address,
            ssl=self._ssl_context,
            ssl_handshake_timeout=HANDSHAKE_S if self._ssl_context is not None else None,
            backlog=self._backlog,
        )
