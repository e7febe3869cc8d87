"""Answering on an address, and letting running answers finish at the end."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator

from zeta_router.app.config import Listen
from zeta_router.gateway.clients.accepting import accepting
from zeta_router.gateway.clients.clients import Clients
from zeta_router.gateway.server import Server

DRAIN_S = 120.0
"""How long running answers may take to finish after SIGTERM."""


@contextlib.asynccontextmanager
async def listening(
    server: Server, address: Listen, clients: Clients, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serve until the end of the block; then stop accepting and let running answers finish.

    Args:
        server: What answers.
        address: Where.
        clients: Keeps the connections, and their limits.
        tls: What TLS is spoken with; None speaks none.

    Yields:
        The URL, with the port that was really bound.

    Raises:
        OSError: The address is taken or not ours.
    """
    app = server.application()
    host, port = address
    async with accepting(app, host, port, clients=clients, tls=tls, drain_s=DRAIN_S) as runner:
        shown = f"[{host}]" if ":" in host else host
        scheme = "http" if tls is None else "https"
        yield f"{scheme}://{shown}:{runner.addresses[0][1]}"
