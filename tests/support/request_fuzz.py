"""Fuzzes what clients send: mutated requests, cut anywhere, to a server that answers at once.

The connection is the gateway's own (`clients.ClientConnection`), its other end a list. Whatever
comes, the answers are whole HTTP with a status below 500, nothing is logged and no task is left.
``PYTHONPATH=tests python -m support.request_fuzz --cases 200000``.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import time

from aiohttp import web

from support.hostile import SMUGGLED, TOO_LARGE
from support.reader_fuzz import as_command, cut, mutated
from zeta_router.gateway.clients.clients import Clients
from zeta_router.gateway.clients.connection import ClientConnection
from zeta_router.gateway.clients.limits import ClientLimits

TURNS = 40
"""Rounds of the loop within which an answer must be there: nothing is waited for."""

TOKENS = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b":",
    b" ",
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b"5\r\nabcde\r\n",
    b"ffffffffffffffff\r\n",
    b"POST / HTTP/1.1\r\n",
    b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
    b"HEAD / HTTP/1.0\r\n\r\n",
    b"CONNECT x:1 HTTP/1.1\r\n\r\n",
    b"transfer-encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"content-encoding: gzip\r\n",
    b"content-encoding: deflate\r\n",
    b"content-length: 5\r\n",
    b"content-length: 18446744073709551616\r\n",
    b"connection: close\r\n",
    b"connection: upgrade\r\nupgrade: websocket\r\n",
    b"expect: 100-continue\r\n",
    b"x: " + b"y" * 9000 + b"\r\n",
    b"x: y\r\n" * 150,
    b"\xff" * 9,
)

_STATUS = re.compile(rb"^HTTP/(?:1\.[01]|0\.9|2\.0) (\d{3}) ")


class _Line(asyncio.Transport):
    """The other end: what is written is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.said = bytearray()
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said += data

    def writelines(self, pieces: object) -> None:
        for piece in pieces:  # type: ignore[attr-defined]
            self.said += piece

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """Pieces come one by one."""

    def resume_reading(self) -> None:
        """Pieces come one by one."""

    def can_write_eof(self) -> bool:
        return False


def statuses(said: bytes, *, bodiless: bool) -> list[int]:
    """The status of each answer; all of them are whole, those to HEAD without a body."""
    found = []
    while said:
        match = _STATUS.match(said)
        assert match, said[:200]
        found.append(int(match[1]))
        head, end, rest = said.partition(b"\r\n\r\n")
        assert end, said[:200]
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        size = int(length[1]) if length else 0
        if bodiless and (not rest or rest.startswith(b"HTTP/")):
            size = 0
        assert len(rest) >= size
        said = rest[size:]
    return found


async def _handle(request: web.BaseRequest) -> web.StreamResponse:
    try:
        return web.Response(body=b"%d" % len(await request.content.read()))
    except web.RequestPayloadError:
        return web.Response(status=400, body=b"cut")


async def case(
    draws: random.Random, server: web.Server, clients: Clients, requests: list[bytes]
) -> None:
    """One case."""
    data = mutated(draws, draws.choice(requests), draws.choice(requests), TOKENS)[:30_000]
    connection = ClientConnection(server, clients, asyncio.get_running_loop())
    line = _Line()
    connection.connection_made(line)
    await asyncio.sleep(0)
    for piece in cut(draws, data):
        if line.closed:
            break
        connection.data_received(piece)
        if draws.random() < 0.5:
            await asyncio.sleep(0)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    assert all(status < 500 for status in statuses(bytes(line.said), bodiless=b"HEAD" in data)), (
        data
    )
    connection.connection_lost(None)
    for _ in range(5):
        await asyncio.sleep(0)


async def _fuzz(cases: int, seed: int) -> dict[str, float]:
    draws = random.Random(seed)
    requests = [case.data for case in (*SMUGGLED, *TOO_LARGE)]
    server = web.Server(_handle, handler_cancellation=True)
    clients = Clients(ClientLimits())
    began_s = time.perf_counter()
    for number in range(cases):
        await case(draws, server, clients, requests)
        if number % 500 == 0:
            tasks = len(asyncio.all_tasks())
            assert (tasks, len(clients), len(server.connections)) == (1, 0, 0)
    took_s = time.perf_counter() - began_s
    return {"cases": cases, "took_s": took_s, "cases_per_s": cases / took_s}


def fuzz(cases: int, seed: int) -> dict[str, float]:
    """Run cases; how long they took."""
    return asyncio.run(_fuzz(cases, seed))


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    as_command(fuzz, __doc__, cases=200_000)
