"""What every client for engines must do: answers, and the three ways in which there is none.

A test of a client inherits `UpstreamContract` and says how the client is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

import pytest

from support import scripted
from support.bodies import WAYS, pieces_of, poured
from support.gateways import MovableLoop, on_loopback
from support.scripted import (
    LAST_CHUNK,
    STREAM_HEAD,
    ScriptedEngine,
    Step,
    answer,
    chunk,
    head,
    say,
    say_and_close,
    say_and_hang,
    say_and_reset,
    whole,
)
from zeta_router.core.fleet import Endpoint
from zeta_router.gateway.upstream import (
    IDLE_TIMEOUT_S,
    Answer,
    BrokenError,
    TooSlowError,
    UnreachableError,
    Upstream,
    UpstreamError,
)

Scenario = Callable[["Line"], Awaitable[None]]


class Line:
    """A client and an engine to talk to."""

    def __init__(self, upstream: Upstream, engine: ScriptedEngine) -> None:
        self.upstream, self.engine = upstream, engine
        self.endpoint = Endpoint("c", engine.url, "coder")

    async def asked(self, count: int) -> None:
        """Wait until the engine has been asked so often."""
        await self._until(lambda: len(self.engine.asked) >= count)

    async def left(self, count: int) -> None:
        """Wait until the engine has seen so many of its clients leave."""
        await self._until(lambda: self.engine.left >= count)

    async def _until(self, condition: Callable[[], bool]) -> None:
        enough = asyncio.Event()

        def look() -> None:
            if condition():
                enough.set()

        self.engine.on_change = look
        look()
        await enough.wait()

    async def send(self, body: bytes = b"{}", endpoint: Endpoint | None = None) -> Answer:
        headers = {"content-type": "application/json", "x-a": "b"}
        return await self.upstream.send(endpoint or self.endpoint, "/v1/x", headers, body)

    async def read(self, body: bytes = b"{}") -> bytes:
        """Ask, and read the answer whole."""
        got = await self.send(body)
        try:
            return await got.read()
        finally:
            got.close()


Making = Callable[[], AbstractAsyncContextManager[Upstream]]


def talk_by(
    making: Making,
    scenario: Scenario,
    *script: Step,
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> ScriptedEngine:
    """Run a scenario against an engine."""
    engine = ScriptedEngine(list(script))

    async def main() -> None:
        await engine.start()
        try:
            async with making() as upstream:
                await scenario(Line(upstream, engine))
        finally:
            await engine.stop()

    on_loopback(main, loop)
    return engine


async def read_by(answer_: Answer, way: str) -> None:
    """Read the body to its end."""
    await WAYS[way](answer_)


async def sent_and_read(line: Line, way: str) -> None:
    got = await line.send()
    try:
        await read_by(got, way)
    finally:
        got.close()


async def silence(task: asyncio.Task[Any]) -> None:
    """Let time pass in which nothing comes, until a task has had enough of it."""
    while not task.done():
        for _ in range(20):
            await asyncio.sleep(0)
        cast(MovableLoop, asyncio.get_running_loop()).move(IDLE_TIMEOUT_S)


OLD = b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
CHUNKS = chunk(b"ab") + b"1;name=value\r\nc\r\n"

READABLE = [
    (head(content_length="3") + b"abc", 200, b"abc"),
    (head(content_length="0"), 200, b""),
    (head() + b"to the end", 200, b"to the end"),
    (b"HTTP/1.0 200 OK\r\n\r\nold", 200, b"old"),
    (STREAM_HEAD + CHUNKS + LAST_CHUNK, 200, b"abc"),
    (STREAM_HEAD + CHUNKS + b"0\r\nx-sum: 1\r\nx-b: 2\r\n\r\n", 200, b"abc"),
    (STREAM_HEAD + LAST_CHUNK, 200, b""),
    (INTERIM + head(content_length="3") + b"abc", 200, b"abc"),
    (INTERIM + STREAM_HEAD + CHUNKS + LAST_CHUNK, 200, b"abc"),
    (head(204), 204, b""),
    (head(304, content_length="7"), 304, b""),
    (head(404, content_length="2") + b"no", 404, b"no"),
    (head(503, content_length="2", retry_after="1") + b"no", 503, b"no"),
]
"""Replies, each with the status and the body that it holds."""


class Talks:
    """Runs scenarios; a subclass says how its client is made."""

    loop: Callable[[], asyncio.AbstractEventLoop] | None = None
    """Makes the loop; one whose clock can be moved where None."""

    def making(self) -> AbstractAsyncContextManager[Upstream]:
        """A client for the length of a block."""
        raise NotImplementedError

    def talk(self, scenario: Scenario, *script: Step) -> ScriptedEngine:
        """Run a scenario against an engine."""
        return talk_by(self.making, scenario, *script, loop=type(self).loop)


class SilenceContract(Talks):
    """Engines that say nothing more; needs a loop whose clock can be moved."""

    @pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200"])
    def test_it_stays_silent_before_the_answer(self, said: bytes) -> None:
        async def scenario(line: Line) -> None:
            sending = asyncio.create_task(line.send())
            await line.asked(1)
            await silence(sending)
            with pytest.raises(TooSlowError):
                await sending

        self.talk(scenario, say_and_hang(said))

    @pytest.mark.parametrize("way", WAYS)
    def test_it_falls_silent_within_the_answer(self, way: str) -> None:
        async def scenario(line: Line) -> None:
            got = await line.send()
            reading = asyncio.create_task(read_by(got, way))
            await silence(reading)
            with pytest.raises(TooSlowError):
                await reading
            got.close()

        self.talk(scenario, say_and_hang(STREAM_HEAD + chunk(b"abc")))


class RaceContract(Talks):
    """The engine closes a kept connection just when the next request comes."""

    @pytest.mark.parametrize("step", [say_and_close(b""), say_and_reset()])
    def test_asks_once_more_where_nothing_came_back(self, step: Step) -> None:
        async def scenario(line: Line) -> None:
            assert await line.read() == b"one"
            assert await line.read(b"x" * 100_000) == b"two"

        engine = self.talk(scenario, whole(b"one"), step, whole(b"two"))
        assert [one.connection for one in engine.asked] == [0, 0, 1]
        assert engine.asked[1].body == engine.asked[2].body

    def test_asks_no_third_time(self) -> None:
        async def scenario(line: Line) -> None:
            await line.read()
            with pytest.raises(BrokenError):
                await line.read()

        script = [whole(), say_and_close(b""), say_and_close(b"")]
        assert len(self.talk(scenario, *script).asked) == 3

    def test_asks_again_on_a_new_connection(self) -> None:
        """Others that were kept may be as stale."""

        async def scenario(line: Line) -> None:
            first = [asyncio.create_task(line.read()) for _ in range(3)]
            await line.asked(3)
            gate.set()
            await asyncio.gather(*first)
            assert await line.read() == b"two"

        gate = asyncio.Event()
        kept = [scripted.when(gate, whole())] * 3
        engine = self.talk(scenario, *kept, say_and_close(b""), whole(b"two"))
        assert engine.asked[-1].connection == 3

    @pytest.mark.parametrize("said", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n", head()[:-2]])
    def test_does_not_where_a_byte_came_back(self, said: bytes) -> None:
        async def scenario(line: Line) -> None:
            await line.read()
            with pytest.raises(BrokenError):
                await line.read()

        assert len(self.talk(scenario, whole(), say_and_close(said)).asked) == 2

    def test_does_not_where_the_connection_is_new(self) -> None:
        async def scenario(line: Line) -> None:
            with pytest.raises(BrokenError):
                await line.read()

        assert len(self.talk(scenario, say_and_close(b"")).asked) == 1

    def test_does_not_where_the_engine_has_worked_on_it(self) -> None:
        async def scenario(line: Line) -> None:
            gate = asyncio.Event()
            line.engine.script = [whole(), scripted.when(gate, say_and_close(b""))]
            await line.read()
            task = asyncio.create_task(line.read())
            await line.asked(2)
            cast(MovableLoop, asyncio.get_running_loop()).move(1.5)
            gate.set()
            with pytest.raises(BrokenError):
                await task

        assert len(self.talk(scenario).asked) == 2


class UpstreamContract(Talks):
    """Answers of all kinds, and connections that break."""

    def test_a_request_as_it_is_sent(self) -> None:
        async def scenario(line: Line) -> None:
            got = await line.send(b'{"a":1}')
            assert (got.status, await got.read()) == (201, b"yes")
            assert got.headers["X-OTHER"] == "1"
            got.close()
            got.close()

        engine = self.talk(scenario, say(answer(b"yes", 201, x_other="1")))
        (asked,) = engine.asked
        assert (asked.method, asked.path, asked.body) == ("POST", "/v1/x", b'{"a":1}')
        assert (asked.header("x-a"), asked.header("content-length")) == ("b", "7")
        assert asked.header("transfer-encoding") is None

    @pytest.mark.parametrize("tail", ["", "/"])
    def test_a_base_with_and_without_a_slash(self, tail: str) -> None:
        async def scenario(line: Line) -> None:
            endpoint = Endpoint("c", line.engine.url + "/base" + tail, "coder")
            (await line.send(endpoint=endpoint)).close()

        assert self.talk(scenario, whole()).asked[0].path == "/base/v1/x"

    def test_chunks_come_as_they_come(self) -> None:
        async def scenario(line: Line) -> None:
            got = await line.send()
            assert b"".join(await poured(got)) == b"abcdef"
            got.close()

        pieces = [chunk(b"ab"), chunk(b"c"), chunk(b"def"), chunk(b"")]
        self.talk(scenario, say(STREAM_HEAD + b"".join(pieces)))

    def test_a_compressed_body_stays_compressed(self) -> None:
        async def scenario(line: Line) -> None:
            got = await line.send()
            assert await got.read() == b"\x1f\x8bnot really"
            got.close()

        self.talk(scenario, say(answer(b"\x1f\x8bnot really", content_encoding="gzip")))

    def test_a_redirect_is_not_followed(self) -> None:
        async def scenario(line: Line) -> None:
            got = await line.send()
            assert got.status == 307
            got.close()

        assert len(self.talk(scenario, say(answer(b"", 307, location="/other"))).asked) == 1

    def test_cookies_are_not_kept(self) -> None:
        async def scenario(line: Line) -> None:
            for _ in range(2):
                (await line.send()).close()

        engine = self.talk(scenario, whole(set_cookie="a=b"), whole())
        assert engine.asked[1].header("cookie") is None

    def test_nobody_listens(self) -> None:
        async def scenario(line: Line) -> None:
            await line.engine.stop()
            with pytest.raises(UnreachableError):
                await line.send()

        self.talk(scenario)

    @pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[::1]:1"])
    def test_nobody_can_be_reached(self, url: str) -> None:
        async def scenario(line: Line) -> None:
            with pytest.raises(UnreachableError):
                await line.send(endpoint=Endpoint("c", url, "coder"))

        self.talk(scenario)

    @pytest.mark.parametrize(
        "step",
        [
            say_and_reset(),
            say_and_close(b""),
            say_and_reset(b"HTTP/1.1 2"),
            say_and_close(b"SSH-2.0-OpenSSH_9.2\r\n"),
            say_and_close(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n"),
        ],
    )
    def test_it_breaks_before_the_answer(self, step: Step) -> None:
        async def scenario(line: Line) -> None:
            with pytest.raises(BrokenError):
                await line.send()

        self.talk(scenario, step)

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize(
        "step",
        [
            say_and_reset(head(content_length="9") + b"abc"),
            say_and_close(head(content_length="9") + b"abc"),
            say_and_reset(STREAM_HEAD + chunk(b"abc")),
            say_and_close(STREAM_HEAD + chunk(b"abc")),
            say_and_close(STREAM_HEAD + chunk(b"abc") + b"zz\r\n"),
        ],
    )
    def test_it_breaks_within_the_answer(self, step: Step, way: str) -> None:
        async def scenario(line: Line) -> None:
            with pytest.raises(BrokenError):
                await sent_and_read(line, way)

        self.talk(scenario, step)

    @pytest.mark.parametrize("way", WAYS)
    def test_it_breaks_its_encoding_after_the_answer_has_begun(self, way: str) -> None:
        """aiohttp closes such a connection and leaves who reads waiting for ever."""
        gate = asyncio.Event()

        async def step(line: scripted.Line) -> None:
            await line.send(STREAM_HEAD + chunk(b"abc"))
            await gate.wait()
            await line.send(b"zz\r\n")
            await line.gone()

        async def scenario(line: Line) -> None:
            got = await line.send()
            gate.set()
            with pytest.raises(BrokenError):
                await read_by(got, way)
            got.close()

        self.talk(scenario, step)

    def test_they_are_one_family(self) -> None:
        for problem in (UnreachableError, BrokenError, TooSlowError):
            assert issubclass(problem, UpstreamError)

    def test_connections_are_used_again_after_a_whole_answer(self) -> None:
        async def scenario(line: Line) -> None:
            for _ in range(3):
                got = await line.send()
                await got.read()
                got.close()

        assert self.talk(scenario, whole(), whole(), whole()).connections == 1

    def test_connections_are_dropped_by_closing_within_an_answer(self) -> None:
        async def scenario(line: Line) -> None:
            got = await line.send()
            got.close()
            got = await line.send()
            assert await got.read() == b"{}"
            got.close()

        engine = self.talk(scenario, say_and_hang(STREAM_HEAD + chunk(b"abc")), whole(b"{}"))
        assert engine.connections == 2

    def test_connections_are_not_limited_because_slots_are(self) -> None:
        async def scenario(line: Line) -> None:
            line.engine.script = [say_and_hang()] * 110
            tasks = [asyncio.create_task(line.send()) for _ in range(110)]
            await line.asked(110)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        assert self.talk(scenario).connections == 110

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize(("reply", "status", "body"), READABLE)
    def test_what_can_be_read(self, reply: bytes, status: int, body: bytes, way: str) -> None:
        async def scenario(line: Line) -> None:
            got = await line.send()
            read = await WAYS[way](got)
            assert (got.status, read) == (status, body)
            got.close()

        self.talk(scenario, say_and_close(reply))

    def test_a_trailer_is_no_header_of_the_next_answer(self) -> None:
        async def scenario(line: Line) -> None:
            for _ in range(2):
                got = await line.send()
                assert await got.read() == b"abc"
                assert "x-late" not in got.headers
                got.close()

        trailed = STREAM_HEAD + chunk(b"abc") + b"0\r\nx-late: 1\r\n\r\n"
        self.talk(scenario, say(trailed), say(answer(b"abc")))

    @pytest.mark.parametrize("sent", [head(connection="close", content_length="2") + b"{}", OLD])
    def test_a_connection_that_is_not_kept(self, sent: bytes) -> None:
        async def scenario(line: Line) -> None:
            for _ in range(2):
                got = await line.send()
                assert await got.read() == b"{}"
                got.close()

        assert self.talk(scenario, say(sent), say(sent)).connections == 2

    def test_what_is_said_unasked_is_nobody_s_answer(self) -> None:
        async def scenario(line: Line) -> None:
            for _ in range(2):
                got = await line.send()
                assert await got.read() == b"mine"
                got.close()

        other = answer(b"another's")
        engine = self.talk(scenario, say(answer(b"mine") + other), say(answer(b"mine")))
        assert engine.connections == 2

    def test_a_large_body_both_ways(self) -> None:
        big = bytes(range(256)) * 3600

        async def scenario(line: Line) -> None:
            for _ in range(2):
                got = await line.send(big)
                assert await got.read() == big
                got.close()

        engine = self.talk(scenario, say(answer(big)), say(answer(big)))
        assert [asked.body == big for asked in engine.asked] == [True, True]
        assert engine.connections == 1

    @pytest.mark.parametrize(
        ("name", "value"),
        [("x-a", "b\r\nx-c: d"), ("x-a", "b\nx"), ("x-a", "b\0"), ("x-a\r\nx-c", "d")],
    )
    def test_a_header_cannot_be_two(self, name: str, value: str) -> None:
        async def scenario(line: Line) -> None:
            with pytest.raises(ValueError):
                await line.upstream.send(line.endpoint, "/v1/x", {name: value}, b"{}")

        assert self.talk(scenario).asked == []

    def test_leaving_before_the_answer_closes_the_connection(self) -> None:
        async def scenario(line: Line) -> None:
            task = asyncio.create_task(line.send())
            await line.asked(1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await line.left(1)

        self.talk(scenario, say_and_hang())

    def test_leaving_within_the_answer_closes_the_connection(self) -> None:
        async def scenario(line: Line) -> None:
            got = await line.send()
            chunks = pieces_of(got)
            assert await anext(chunks) == b"abc"
            task = asyncio.ensure_future(anext(chunks))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            got.close()
            await chunks.aclose()
            await line.left(1)

        self.talk(scenario, say_and_hang(STREAM_HEAD + chunk(b"abc")))

    @pytest.mark.parametrize("held", [True, False])
    def test_what_taking_raises_is_not_the_engine_s_fault(self, held: bool) -> None:
        class ClientLeftError(ConnectionResetError):
            pass

        def take(piece: bytes) -> bool:
            raise ClientLeftError

        async def step(at: scripted.Line) -> None:
            await at.send(STREAM_HEAD + chunk(b"abc"))
            await go_on.wait()
            await at.send(chunk(b"def"))
            said.set()
            await at.gone()

        async def scenario(line: Line) -> None:
            got = await line.send()
            assert await anext(pieces_of(got)) == b"abc"
            pouring = asyncio.create_task(got.pour(take)) if not held else None
            await asyncio.sleep(0)
            go_on.set()
            await said.wait()
            for _ in range(20):
                await asyncio.sleep(0)
            with pytest.raises(ClientLeftError):
                await (pouring or got.pour(take))
            got.close()
            await line.left(1)

        go_on, said = asyncio.Event(), asyncio.Event()
        self.talk(scenario, step)

    def test_leaving_while_connecting(self) -> None:
        async def scenario(line: Line) -> None:
            for turns in range(12):
                task = asyncio.create_task(line.send())
                for _ in range(turns):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            line.engine.otherwise = whole(b"{}")
            got = await line.send()
            assert await got.read() == b"{}"
            got.close()

        self.talk(scenario, *[whole(b"{}")] * 12)

    def test_ipv6(self) -> None:
        async def scenario(line: Line) -> None:
            server = await asyncio.start_server(v6, "::1", 0)
            port = server.sockets[0].getsockname()[1]
            endpoint = Endpoint("c", f"http://[::1]:{port}", "coder")
            got = await line.send(endpoint=endpoint)
            assert await got.read() == f"[::1]:{port}".encode()
            got.close()
            server.close()

        async def v6(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            text = (await reader.readuntil(b"\r\n\r\n")).decode()
            host = next(x for x in text.split("\r\n") if x.lower().startswith("host:"))
            writer.write(answer(host[5:].strip().encode()))
            writer.close()

        self.talk(scenario)
