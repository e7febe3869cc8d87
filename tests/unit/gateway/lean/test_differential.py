"""Both clients and a bare socket find the same bytes in the same exchanges.

The bare socket's bytes are read by Python's own `http.client`, so three parsers are compared:
llhttp under the lean client, aiohttp's, and the standard library's.
"""

from __future__ import annotations

import asyncio
import http.client
import io
from collections.abc import Callable
from typing import cast

import pytest
import uvloop

from support import scripted
from support.exchanges import Exchange, exchange
from support.gateways import on_loopback
from support.scripted import ScriptedEngine
from zeta_router.core.fleet import Endpoint
from zeta_router.gateway.lean.client import LeanUpstream
from zeta_router.gateway.upstream import AiohttpUpstream, BrokenError, Upstream, new_session

SHORT, LONG = 300, 5000
CHATS = 8

Found = tuple[str, int, dict[str, str], bytes]
"""How it ended, status, the headers that were drawn, body."""


async def _reply(line: scripted.Line) -> None:
    given = exchange(int(cast(str, line.asked.header("x-number"))))
    assert line.asked.body == given.request
    assert line.asked.path == "/v1/x"
    line.engine.asked.clear()
    for piece in given.pieces:
        await line.send(piece)
        await asyncio.sleep(0)
    if given.closes or line.asked.header("connection") == "close":
        line.close()


async def by(upstream: Upstream, endpoint: Endpoint, given: Exchange, way: str) -> Found:
    try:
        got = await upstream.send(endpoint, "/v1/x", given.headers, given.request)
    except BrokenError:
        return "broken before", 0, {}, b""
    body = bytearray()

    def take(piece: bytes) -> bool:
        body.extend(piece)
        return way == "poured"

    try:
        if way == "read":
            body += await got.read()
        else:
            while not await got.pour(take):
                pass
        end = "whole"
    except BrokenError:
        end = "broken within"
    finally:
        got.close()
    headers = {name: got.headers.get(name, "") for name in given.answered}
    return end, got.status, headers, bytes(body)


class _Bytes:
    """A socket, as far as `http.client` needs one."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


async def directly(port: int, given: Exchange) -> Found:
    """Over a bare socket."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = ["POST /v1/x HTTP/1.1", "host: x", "connection: close"]
    lines += [f"{name}: {value}" for name, value in given.headers.items()]
    lines += [f"content-length: {len(given.request)}", "", ""]
    writer.write("\r\n".join(lines).encode() + given.request)
    data = await reader.read(-1)
    writer.close()
    await writer.wait_closed()
    while data.startswith((b"HTTP/1.1 103", b"HTTP/1.1 100")):
        data = data.partition(b"\r\n\r\n")[2]
    if b"\r\n\r\n" not in data:
        return "broken before", 0, {}, b""
    response = http.client.HTTPResponse(_Bytes(data), method="POST")  # type: ignore[arg-type]
    response.begin()
    headers = {name: (response.headers.get_all(name) or [""])[0] for name in given.answered}
    headers = {name: value.encode("latin-1").decode() for name, value in headers.items()}
    try:
        return "whole", response.status, headers, response.read()
    except http.client.IncompleteRead as error:
        return "broken within", response.status, headers, error.partial


def agree(given: Exchange, lean: Found, aiohttp: Found, direct: Found) -> None:
    """Whole answers are the same for all; a cut one is cut for all, and nobody invents bytes.

    The standard library does not miss the last line of a chunked body, nor its trailers.
    """
    end = "whole" if given.whole else "broken within" if given.begins else "broken before"
    assert (lean[0], aiohttp[0]) == (end, end)
    assert direct[0] == end or (end == "broken within" and direct[3] == given.body)
    if end == "broken before":
        return
    assert lean[1] == aiohttp[1] == direct[1] == given.status
    assert lean[2] == aiohttp[2] == direct[2] == given.answered
    if end == "whole":
        assert lean[3] == aiohttp[3] == direct[3] == given.body
    for found in (lean, aiohttp, direct):
        assert given.body.startswith(found[3])


async def _compared(seeds: range) -> None:
    engine = ScriptedEngine(otherwise=_reply)
    await engine.start()
    endpoint = Endpoint("c", engine.url, "coder")
    try:
        async with LeanUpstream() as lean, new_session() as session:
            other = AiohttpUpstream(session)
            numbers = iter(seeds)

            async def chat() -> None:
                for seed in numbers:
                    given, way = exchange(seed), ("read", "poured", "pieces")[seed % 3]
                    agree(
                        given,
                        await by(lean, endpoint, given, way),
                        await by(other, endpoint, given, way),
                        await directly(engine.port, given),
                    )

            async with asyncio.TaskGroup() as group:
                for _ in range(CHATS):
                    group.create_task(chat())
            assert lean.open == lean.idle
    finally:
        await engine.stop()


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_same_bytes(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    on_loopback(lambda: _compared(range(SHORT)), loop)


@pytest.mark.matrix
@pytest.mark.timeout(900)
def test_same_bytes_in_many_exchanges() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_compared(range(LONG)))
