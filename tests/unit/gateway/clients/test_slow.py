"""Clients that are slow, silent or too many; time is moved, not waited for."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest
import uvloop
from aiohttp import web

from support.gateways import CHAT, MESSAGES, Gateway, gateway, on_loopback, request_bytes
from support.scripted import ScriptedEngine, say, say_and_hang, whole
from zeta_router.gateway.clients.accepting import accepting
from zeta_router.gateway.clients.clients import Clients, client_of
from zeta_router.gateway.clients.connection import ClientConnection
from zeta_router.gateway.clients.limits import USUAL_CONNECTIONS, ClientLimits
from zeta_router.gateway.problems import RequestError

LIMITS = ClientLimits(head_s=10, body_stall_s=10, body_bytes_per_s=100, keep_alive_s=75)
GET = b"GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n"
BODY = json.dumps({"model": "auto", "messages": MESSAGES}).encode()
ASKED = request_bytes(CHAT, BODY)
HEAD = ASKED[: -len(BODY)]


@asynccontextmanager
async def serving(limits: ClientLimits = LIMITS) -> AsyncIterator[Gateway]:
    async with gateway(
        ("c", "coder", ScriptedEngine(otherwise=whole(b'{"ok":1}'))), client_limits=limits
    ) as made:
        yield made


async def settle() -> None:
    """Let what is on its way arrive, and what is due be done."""
    for _ in range(20):
        await asyncio.sleep(0)


async def passed(made: Gateway, seconds: float) -> None:
    """Let time pass second by second, so that every look falls into its own."""
    left = seconds
    while left > 0:
        await settle()
        made.move(min(left, 1.0))
        left -= 1.0
        await settle()


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body; 0 where the connection was closed without an answer."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0, b""
    lines = head.lower().split(b"\r\n")
    length = next(line for line in lines if line.startswith(b"content-length:"))
    return int(head[9:12]), await reader.readexactly(int(length.partition(b":")[2]))


async def dripped(
    made: Gateway, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes
) -> tuple[int, bytes]:
    """The answer to a byte a second."""
    answered = asyncio.ensure_future(answer(reader))
    for byte in data:
        if answered.done():
            break
        writer.write(bytes([byte]))
        await passed(made, 1)
    return await answered


def turned_away(made: Gateway) -> dict[str, int]:
    """Those that were, by why."""
    _, counts = made.clients.counts()
    return {why: count for why, count in counts.items() if count}


def code(body: bytes) -> str:
    return str(json.loads(body)["error"]["code"])


class TestHeads:
    @pytest.mark.parametrize("sent", [b"G", HEAD[:-2], HEAD[:40]])
    def test_one_that_does_not_end_is_408(self, sent: bytes) -> None:
        async def scenario() -> None:
            async with serving() as made:
                reader, writer = await made.connect()
                writer.write(sent)
                await passed(made, 9)
                assert len(made.clients) == 1
                await passed(made, 2)
                status, body = await answer(reader)
                assert (status, code(body)) == (408, "slow")
                assert b"limits.head_s" in body
                assert await reader.read() == b""
                writer.close()
                assert len(made.clients) == 0
                assert turned_away(made) == {"slow_head": 1}

        on_loopback(scenario)

    def test_a_byte_a_second_is_no_progress(self) -> None:
        async def scenario() -> None:
            async with serving() as made:
                reader, writer = await made.connect()
                assert (await dripped(made, reader, writer, HEAD[:15]))[0] == 408
                writer.close()

        on_loopback(scenario)

    def test_who_says_nothing_is_told_nothing(self) -> None:
        async def scenario() -> None:
            async with serving() as made:
                reader, writer = await made.connect()
                await passed(made, 11)
                assert await reader.read() == b""
                writer.close()

        on_loopback(scenario)

    def test_the_head_after_an_answer_counts_from_its_first_byte(self) -> None:
        async def scenario() -> None:
            async with serving() as made:
                reader, writer = await made.connect()
                writer.write(GET)
                assert (await answer(reader))[0] == 404
                await passed(made, 30)  # idle, which is allowed for longer
                writer.write(GET[:5])
                await passed(made, 9)
                writer.write(GET[5:])
                assert (await answer(reader))[0] == 404
                await passed(made, 2)
                assert (await dripped(made, reader, writer, GET[:15]))[0] == 408
                writer.close()

        on_loopback(scenario)

    def test_an_idle_connection_is_closed_after_a_while(self) -> None:
        async def scenario() -> None:
            async with serving() as made:
                reader, writer = await made.connect()
                writer.write(GET)
                assert (await answer(reader))[0] == 404
                await passed(made, 74)
                writer.write(GET)
                assert (await answer(reader))[0] == 404
                await passed(made, 76)
                assert await reader.read() == b""
                writer.close()

        on_loopback(scenario)


class TestBodies:
    @pytest.mark.parametrize("came", [0, 1, len(BODY) - 1])
    def test_one_that_stops_coming_is_408(self, came: int) -> None:
        async def scenario() -> None:
            async with serving() as made:
                reader, writer = await made.connect()
                writer.write(HEAD + BODY[:came])
                await passed(made, 9)
                assert len(made.clients) == 1
                await passed(made, 3)
                status, body = await answer(reader)
                assert (status, code(body)) == (408, "slow")
                assert b"limits.body_stall_s" in body
                assert await reader.read() == b""
                writer.close()
                assert turned_away(made) == {"slow_body": 1}

        on_loopback(scenario)

    def test_in_chunks(self) -> None:
        async def scenario() -> None:
            async with serving() as made:
                reader, writer = await made.connect()
                head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"
                writer.write(head + b"transfer-encoding: chunked\r\n\r\n5\r\nabc")
                await passed(made, 12)
                assert (await answer(reader))[0] == 408
                writer.close()

        on_loopback(scenario)

    def test_one_that_drips_is_408(self) -> None:
        async def scenario() -> None:
            async with serving() as made:
                reader, writer = await made.connect()
                writer.write(HEAD)
                status, body = await dripped(made, reader, writer, BODY[:15])
                assert status == 408
                assert b"limits.body_bytes_per_s" in body
                writer.close()

        on_loopback(scenario)

    def test_one_that_is_slow_and_comes_is_read(self) -> None:
        async def scenario() -> None:
            limits = replace(LIMITS, body_bytes_per_s=0)
            async with serving(limits) as made:
                reader, writer = await made.connect()
                writer.write(HEAD)
                for at in range(0, len(BODY), 10):
                    writer.write(BODY[at : at + 10])
                    await passed(made, 9)
                assert (await answer(reader))[0] == 200
                writer.close()

        on_loopback(scenario)

    def test_the_limits_may_change_while_serving(self) -> None:
        async def scenario() -> None:
            async with serving() as made:
                made.clients.limits = replace(LIMITS, body_stall_s=3)
                reader, writer = await made.connect()
                writer.write(HEAD)
                await passed(made, 5)
                assert (await answer(reader))[0] == 408
                writer.close()

        on_loopback(scenario)

    def test_a_long_answer_is_no_slow_body(self) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=say_and_hang())
            specs = ("c", "coder", engine)
            async with gateway(specs, client_limits=LIMITS, leaves_idle=False) as made:
                reader, writer = await made.begin()
                await made.until(lambda: engine.asked)
                await passed(made, 30)
                assert len(made.clients) == 1
                assert not reader.at_eof()
                writer.close()
                await made.until(lambda: made.idle)

        on_loopback(scenario)


class TestReaders:
    def test_one_that_takes_nothing_is_cut_off_and_its_engine_freed(self) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=whole(b'{"x":"' + b"y" * (8 << 20) + b'"}'))
            limits = replace(LIMITS, reader_stall_s=20)
            async with gateway(("c", "coder", engine), client_limits=limits) as made:
                client = socket.socket()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.setblocking(False)
                loop = asyncio.get_running_loop()
                await loop.sock_connect(client, ("127.0.0.1", made.port))
                await loop.sock_sendall(client, ASKED)
                await made.until(lambda: engine.asked)
                await passed(made, 15)
                assert len(made.clients) == 1
                await passed(made, 40)
                assert len(made.clients) == 0
                assert turned_away(made) == {"slow_reader": 1}
                client.close()

        on_loopback(scenario)

    def test_one_that_reads_slowly_is_left_alone(self) -> None:
        async def scenario() -> None:
            size = 8 << 20
            engine = ScriptedEngine(otherwise=say(whole_of(size)))
            limits = replace(LIMITS, reader_stall_s=5)
            async with gateway(("c", "coder", engine), client_limits=limits) as made:
                reader, writer = await made.begin()
                got = 0
                while got < size:
                    piece = await reader.read(1 << 19)
                    assert piece
                    got += len(piece)
                    await passed(made, 1)
                writer.close()

        on_loopback(scenario)


def whole_of(size: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + b"y" * size


class TestConnections:
    def test_one_too_many_is_told_so(self) -> None:
        async def scenario() -> None:
            async with serving(replace(LIMITS, connections_per_client=2)) as made:
                held = [await made.connect() for _ in range(2)]
                for reader, writer in held:
                    writer.write(GET)
                    assert (await answer(reader))[0] == 404
                reader, writer = await made.connect()
                writer.write(ASKED)
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
                assert b"\r\nretry-after: 1\r\n" in head
                assert code(await reader.read()) == "too_many_connections"
                await passed(made, 2)
                assert len(made.clients) == 2
                assert turned_away(made) == {"too_many_connections": 1}
                held[0][1].close()
                writer.close()
                await passed(made, 1)
                assert (await made.chat()).status == 200
                held[1][1].close()

        on_loopback(scenario)

    def test_an_ordinary_client_understands(self) -> None:
        async def scenario() -> None:
            async with serving(replace(LIMITS, connections_per_client=1)) as made:
                _, writer = await made.connect()
                await settle()
                got = await made.chat()
                assert (got.status, got.error["code"]) == (429, "too_many_connections")
                assert got.headers["retry-after"] == "1"
                writer.close()

        on_loopback(scenario)

    def test_this_machine_has_as_many_as_it_likes(self) -> None:
        async def scenario() -> None:
            async with serving() as made:
                held = [await made.connect() for _ in range(300)]
                await settle()
                assert (await made.chat()).status == 200
                for _, writer in held:
                    writer.close()

        on_loopback(scenario)


class _From(asyncio.Transport):
    """A connection of somebody."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1)})


@pytest.mark.parametrize("others", ["192.0.2.8", "127.0.0.1"])
def test_without_a_number_others_have_256_each_and_get_them_back(others: str) -> None:
    clients = Clients(ClientLimits())
    connections = [cast(ClientConnection, object()) for _ in range(USUAL_CONNECTIONS + 1)]
    entered = [clients.enter(each, _From("192.0.2.7")) for each in connections]
    assert entered == [True] * USUAL_CONNECTIONS + [False]
    assert clients.enter(cast(ClientConnection, object()), _From(others))
    for each in connections[-2:]:
        clients.leave(each)
    assert clients.enter(connections[-1], _From("192.0.2.7"))
    assert len(clients) == USUAL_CONNECTIONS + 1


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize(("sent", "status"), [(b"", 0), (b"POST", 408), (HEAD + BODY[:9], 408)])
def test_in_real_time_on_every_loop(
    loop: Callable[[], asyncio.AbstractEventLoop], sent: bytes, status: int
) -> None:
    async def handle(request: web.Request) -> web.Response:
        try:
            return web.Response(body=await request.read())
        except RequestError as error:
            return error.response()

    async def scenario() -> None:
        app = web.Application()
        app.router.add_post(CHAT, handle)
        clients = Clients(ClientLimits(head_s=0.03, body_stall_s=0.03), look_s=0.01)
        async with accepting(app, "127.0.0.1", 0, clients=clients, drain_s=0.1) as runner:
            reader, writer = await asyncio.open_connection(*runner.addresses[0])
            writer.write(sent)
            assert (await answer(reader))[0] == status
            assert await reader.read() == b""
            writer.close()

    on_loopback(scenario, loop)


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        (("127.0.0.1", 1), ""),
        (("127.8.8.8", 1), ""),
        (("::1", 1, 0, 0), ""),
        (("::ffff:127.0.0.1", 1, 0, 0), ""),
        ("", ""),
        (None, ""),
        (("192.0.2.7", 1), "192.0.2.7"),
        (("::ffff:192.0.2.7", 1, 0, 0), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 1, 0, 0), "2001:db8:1:2::/64"),
        (("2001:db8:1:2::9", 1, 0, 0), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 1, 0, 2), "fe80::/64"),
    ],
)
def test_who_a_client_is(peer: object, client: str) -> None:
    assert client_of(peer) == client
