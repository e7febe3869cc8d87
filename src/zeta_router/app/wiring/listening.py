"""Answering on an address, and letting running answers finish at the end."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from zeta_router.app.config import Listen
from zeta_router.gateway.server import Server

DRAIN_S = 120.0
"""How long running answers may take to finish after SIGTERM."""


@contextlib.asynccontextmanager
async def listening(server: Server, address: Listen) -> AsyncIterator[str]:
    """Serve until the end of the block; then stop accepting and let running answers finish.

    Yields:
        The URL, with the port that was really bound.

    Raises:
        OSError: The address is taken or not ours.
    """
    runner = web.AppRunner(
        server.application(),
        handler_cancellation=True,
        shutdown_timeout=DRAIN_S,
        access_log=None,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, address.host, address.port, backlog=1024).start()
        shown = f"[{address.host}]" if ":" in address.host else address.host
        yield f"http://{shown}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
