"""A gateway without a router: aiohttp's server, an endpoint in turn, and one of the two clients.

Usage: ``python benchmarks/gateway/bare.py lean|aiohttp PORT ENGINE_PORT...``. What it costs is what
the data plane costs; what `zeta` costs beyond it is reading, deciding and recording.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncGenerator

import uvloop
from aiohttp import web

from zeta_router.core.fleet import Endpoint
from zeta_router.gateway.lean.client import LeanUpstream
from zeta_router.gateway.upstream import AiohttpUpstream, Answer, Upstream, new_session

PATH = "/v1/chat/completions"
HEADERS = {"content-type": "application/json", "accept-encoding": "identity"}


async def pieces_of(answer: Answer) -> AsyncGenerator[bytes]:
    """The body, each piece in the request's own task."""
    pieces: list[bytes] = []

    def take(piece: bytes) -> bool:
        pieces.append(piece)
        return False

    while not await answer.pour(take):
        yield pieces.pop()


def application(upstream: Upstream, endpoints: list[Endpoint]) -> web.Application:
    """Forwards chat completions."""
    turn = itertools.cycle(endpoints)

    async def handle(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        answer = await upstream.send(next(turn), PATH, HEADERS, raw)
        kind = answer.headers.get("content-type", "")
        try:
            if "event-stream" not in kind:
                body = await answer.read()
                return web.Response(status=answer.status, body=body, headers={"content-type": kind})
            response = web.StreamResponse(headers={"content-type": kind})
            await response.prepare(request)
            async for chunk in pieces_of(answer):
                await response.write(chunk)
            await response.write_eof()
            return response
        finally:
            answer.close()

    app = web.Application(client_max_size=1 << 26)
    app.router.add_post(PATH, handle)
    return app


async def main(client: str, port: int, engines: list[int]) -> None:
    """Serve for ever."""
    endpoints = [Endpoint(f"e{n}", f"http://127.0.0.1:{n}", "m") for n in engines]
    async with new_session() as session, LeanUpstream() as lean:
        upstream = lean if client == "lean" else AiohttpUpstream(session)
        runner = web.AppRunner(
            application(upstream, endpoints), handler_cancellation=True, access_log=None
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), [int(port) for port in sys.argv[3:]]))
