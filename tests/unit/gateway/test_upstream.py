"""The client for engines: answers, and the three ways in which there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from support import scripted
from support.gateways import MovableLoop, gateway, on_loopback
from support.scripted import (
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
from zeta_router.core.fleet import Endpoint, Limits
from zeta_router.gateway.upstream import (
    IDLE_TIMEOUT_S,
    AiohttpUpstream,
    Answer,
    BrokenError,
    TooSlowError,
    UnreachableError,
    UpstreamError,
    new_session,
)

Scenario = Callable[["Line"], Awaitable[None]]


class Line:
    """A client and an engine to talk to."""

    def __init__(self, upstream: AiohttpUpstream, engine: ScriptedEngine) -> None:
        self.upstream, self.engine = upstream, engine
        self.endpoint = Endpoint("c", engine.url, "coder")

    async def asked(self, count: int) -> None:
        """Wait until the engine has been asked so often."""
        enough = asyncio.Event()

        def look() -> None:
            if len(self.engine.asked) >= count:
                enough.set()

        self.engine.on_change = look
        look()
        await enough.wait()

    async def send(self, body: bytes = b"{}", endpoint: Endpoint | None = None) -> Answer:
        headers = {"content-type": "application/json", "x-a": "b"}
        return await self.upstream.send(endpoint or self.endpoint, "/v1/x", headers, body)


def talk(scenario: Scenario, *script: Step) -> ScriptedEngine:
    """Run a scenario against an engine."""
    engine = ScriptedEngine(list(script))

    async def main() -> None:
        await engine.start()
        try:
            async with new_session() as session:
                await scenario(Line(AiohttpUpstream(session), engine))
        finally:
            await engine.stop()

    on_loopback(main)
    return engine


async def collected(answer_: Answer) -> list[bytes]:
    return [piece async for piece in answer_.chunks()]


async def read_by(answer_: Answer, way: str) -> None:
    """Read the body to its end."""
    await (answer_.read() if way == "read" else collected(answer_))


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


def test_a_request_as_it_is_sent() -> None:
    async def scenario(line: Line) -> None:
        got = await line.send(b'{"a":1}')
        assert (got.status, await got.read()) == (201, b"yes")
        assert got.headers["X-OTHER"] == "1"
        got.close()
        got.close()

    engine = talk(scenario, say(answer(b"yes", 201, x_other="1")))
    (asked,) = engine.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/v1/x", b'{"a":1}')
    assert (asked.header("x-a"), asked.header("content-length")) == ("b", "7")
    assert asked.header("transfer-encoding") is None


@pytest.mark.parametrize("tail", ["", "/"])
def test_a_base_with_and_without_a_slash(tail: str) -> None:
    async def scenario(line: Line) -> None:
        endpoint = Endpoint("c", line.engine.url + "/base" + tail, "coder")
        (await line.send(endpoint=endpoint)).close()

    assert talk(scenario, whole()).asked[0].path == "/base/v1/x"


def test_chunks_come_as_they_come() -> None:
    async def scenario(line: Line) -> None:
        got = await line.send()
        assert b"".join(await collected(got)) == b"abcdef"
        got.close()

    pieces = [chunk(b"ab"), chunk(b"c"), chunk(b"def"), chunk(b"")]
    talk(scenario, say(STREAM_HEAD + b"".join(pieces)))


def test_a_compressed_body_stays_compressed() -> None:
    async def scenario(line: Line) -> None:
        got = await line.send()
        assert await got.read() == b"\x1f\x8bnot really"
        got.close()

    talk(scenario, say(answer(b"\x1f\x8bnot really", content_encoding="gzip")))


def test_a_redirect_is_not_followed() -> None:
    async def scenario(line: Line) -> None:
        got = await line.send()
        assert got.status == 307
        got.close()

    assert len(talk(scenario, say(answer(b"", 307, location="/other"))).asked) == 1


def test_cookies_are_not_kept() -> None:
    async def scenario(line: Line) -> None:
        for _ in range(2):
            (await line.send()).close()

    engine = talk(scenario, whole(set_cookie="a=b"), whole())
    assert engine.asked[1].header("cookie") is None


class TestProblems:
    def test_nobody_listens(self) -> None:
        async def scenario(line: Line) -> None:
            await line.engine.stop()
            with pytest.raises(UnreachableError):
                await line.send()

        talk(scenario)

    @pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[::1]:1"])
    def test_nobody_can_be_reached(self, url: str) -> None:
        async def scenario(line: Line) -> None:
            with pytest.raises(UnreachableError):
                await line.send(endpoint=Endpoint("c", url, "coder"))

        talk(scenario)

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

        talk(scenario, step)

    @pytest.mark.parametrize("way", ["read", "chunks"])
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

        talk(scenario, step)

    @pytest.mark.parametrize("way", ["read", "chunks"])
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

        talk(scenario, step)

    @pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200"])
    def test_it_stays_silent_before_the_answer(self, said: bytes) -> None:
        async def scenario(line: Line) -> None:
            sending = asyncio.create_task(line.send())
            await line.asked(1)
            await silence(sending)
            with pytest.raises(TooSlowError):
                await sending

        talk(scenario, say_and_hang(said))

    @pytest.mark.parametrize("way", ["read", "chunks"])
    def test_it_falls_silent_within_the_answer(self, way: str) -> None:
        async def scenario(line: Line) -> None:
            got = await line.send()
            reading = asyncio.create_task(read_by(got, way))
            await silence(reading)
            with pytest.raises(TooSlowError):
                await reading
            got.close()

        talk(scenario, say_and_hang(STREAM_HEAD + chunk(b"abc")))

    def test_they_are_one_family(self) -> None:
        for problem in (UnreachableError, BrokenError, TooSlowError):
            assert issubclass(problem, UpstreamError)


class TestConnections:
    def test_are_used_again_after_a_whole_answer(self) -> None:
        async def scenario(line: Line) -> None:
            for _ in range(3):
                got = await line.send()
                await got.read()
                got.close()

        assert talk(scenario, whole(), whole(), whole()).connections == 1

    def test_are_dropped_by_closing_within_an_answer(self) -> None:
        async def scenario(line: Line) -> None:
            got = await line.send()
            got.close()
            got = await line.send()
            assert await got.read() == b"{}"
            got.close()

        engine = talk(scenario, say_and_hang(STREAM_HEAD + chunk(b"abc")), whole(b"{}"))
        assert engine.connections == 2

    def test_do_not_gather_callbacks_over_their_life(self) -> None:
        async def scenario(line: Line) -> None:
            gate = asyncio.Event()
            line.engine.script = [whole(), whole(), whole()]
            held = []
            for _ in range(3):
                got = await line.send()
                await got.read()
                held.append(got)
                got.close()
            assert not gate.is_set()
            closed = [getattr(one, "_closed", None) for one in held]
            assert all(c is None or not (c._callbacks or []) for c in closed)

        talk(scenario)

    def test_are_not_limited_because_slots_are(self) -> None:
        async def scenario(line: Line) -> None:
            line.engine.script = [say_and_hang()] * 110
            tasks = [asyncio.create_task(line.send()) for _ in range(110)]
            await line.asked(110)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        assert talk(scenario).connections == 110


def test_a_silent_engine_is_504_for_the_client() -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(otherwise=say_and_hang())
        async with gateway(("c", "coder", engine), limits=Limits(attempts=1)) as made:
            task = asyncio.create_task(made.chat())
            await made.until(lambda: engine.asked)
            await silence(task)
            got = await task
            assert (got.status, got.headers["x-zeta-reason"]) == (504, "upstream_timeout")

    on_loopback(scenario)
