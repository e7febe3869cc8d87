"""One rendering for all readers, none without readers, and never an old frame for a slow one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping

import aiohttp
import pytest
from aiohttp import web

from support.gateways import on_loopback
from zeta_router.gateway.browser import broadcast
from zeta_router.gateway.browser.broadcast import Broadcast, Mailbox
from zeta_router.gateway.problems import RequestError


class Rendering:
    """Counts ticks and says which it was; the slow kind comes with every fifth."""

    def __init__(self) -> None:
        self.ticks: list[int] = []
        self.fails = False

    async def __call__(self, tick: int) -> Mapping[str, bytes]:
        self.ticks.append(tick)
        if self.fails:
            raise ZeroDivisionError
        events = {"state": b'{"tick":%d}' % tick}
        return events if tick % 5 else {**events, "learned": b"{}"}


@contextlib.asynccontextmanager
async def streaming(
    rendering: Rendering, every_s: float = 0.01
) -> AsyncIterator[tuple[Broadcast, str]]:
    stream = Broadcast(rendering, every_s)
    app = web.Application()

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await stream.handle(request)
        except RequestError as error:
            return error.response()

    app.router.add_get("/stream", handle)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    task = asyncio.create_task(stream.run())
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield stream, f"http://127.0.0.1:{runner.addresses[0][1]}/stream"
    finally:
        stream.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await runner.cleanup()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds that no event tells of."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come true in ten seconds")


async def events(response: aiohttp.ClientResponse, count: int) -> list[tuple[str, str]]:
    """The next events as kind and data."""
    found: list[tuple[str, str]] = []
    kind = ""
    while len(found) < count:
        line = (await response.content.readline()).decode().strip()
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            found.append((kind, line.removeprefix("data: ")))
    return found


def test_the_first_frame_comes_at_once_with_everything() -> None:
    async def scenario() -> None:
        rendering = Rendering()
        async with (
            streaming(rendering, every_s=3600.0) as (_, url),
            aiohttp.ClientSession() as session,
            session.get(url) as got,
        ):
            assert got.content_type == "text/event-stream"
            assert got.headers["cache-control"] == "no-store"
            assert await events(got, 2) == [("state", '{"tick":0}'), ("learned", "{}")]

    on_loopback(scenario, asyncio.new_event_loop)


def test_readers_share_one_rendering() -> None:
    async def scenario() -> None:
        rendering = Rendering()
        async with (
            streaming(rendering, every_s=3600.0) as (stream, url),
            aiohttp.ClientSession() as session,
            session.get(url) as first,
        ):
            told = await events(first, 2)
            async with session.get(url) as second, session.get(url) as third:
                assert await events(second, 2) == told
                assert await events(third, 2) == told
                assert stream.readers == 3
            assert rendering.ticks == [0]

    on_loopback(scenario, asyncio.new_event_loop)


def test_nothing_is_rendered_while_nobody_reads() -> None:
    async def scenario() -> None:
        rendering = Rendering()
        async with streaming(rendering, every_s=0.001) as (stream, url):
            await asyncio.sleep(0.02)
            assert rendering.ticks == []
            async with aiohttp.ClientSession() as session:
                async with session.get(url) as got:
                    await events(got, 3)
                await until(lambda: not stream.readers)
                await asyncio.sleep(0.005)
                seen = len(rendering.ticks)
                await asyncio.sleep(0.02)
                assert len(rendering.ticks) == seen
                async with session.get(url) as again:
                    assert ("learned", "{}") in await events(again, 2), "it begins anew"

    on_loopback(scenario, asyncio.new_event_loop)


def test_a_slow_reader_gets_the_newest_of_each_kind() -> None:
    async def scenario() -> None:
        mailbox = Mailbox()
        for tick in range(1000):
            mailbox.put({"state": b"s%d;" % tick})
            if tick % 5 == 0:
                mailbox.put({"learned": b"l%d;" % tick})
        assert await mailbox.take() in (b"s999;l995;", b"l995;s999;")
        mailbox.put({"state": b"after"})
        assert await mailbox.take() == b"after"

    on_loopback(scenario)


def test_closing_ends_every_stream_and_refuses_new_ones() -> None:
    async def scenario() -> None:
        rendering = Rendering()
        async with (
            streaming(rendering) as (stream, url),
            aiohttp.ClientSession() as session,
        ):
            async with session.get(url) as got:
                await events(got, 2)
                stream.close()
                await asyncio.wait_for(got.content.read(), 5.0)
                assert got.content.at_eof()
            async with session.get(url) as refused:
                assert refused.status == 503

    on_loopback(scenario, asyncio.new_event_loop)


def test_too_many_readers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "MOST_READERS", 2)

    async def scenario() -> None:
        async with (
            streaming(Rendering()) as (_, url),
            aiohttp.ClientSession() as session,
            session.get(url) as first,
            session.get(url) as second,
        ):
            await events(first, 1)
            await events(second, 1)
            async with session.get(url) as third:
                assert third.status == 503
                assert (await third.json())["error"]["code"] == "too_many_readers"

    on_loopback(scenario, asyncio.new_event_loop)


def test_a_bug_in_rendering_costs_its_tick_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        rendering = Rendering()
        async with (
            streaming(rendering) as (_, url),
            aiohttp.ClientSession() as session,
            session.get(url) as got,
        ):
            await events(got, 2)
            rendering.fails = True
            seen = len(rendering.ticks)
            await until(lambda: len(rendering.ticks) >= seen + 2)
            rendering.fails = False
            assert (await events(got, 1))[0][0] == "state"
        assert "a bug in rendering" in caplog.text

    on_loopback(scenario, asyncio.new_event_loop)


def test_a_reader_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "STUCK_S", 0.05)

    class Large(Rendering):
        async def __call__(self, tick: int) -> Mapping[str, bytes]:
            return {"state": b"x" * 4_000_000}

    async def scenario() -> None:
        async with streaming(Large()) as (stream, url):
            port = int(url.rpartition(":")[2].partition("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            writer.write(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n")
            await writer.drain()
            await until(lambda: stream.readers == 1)
            await until(lambda: stream.readers == 0)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            del reader

    on_loopback(scenario, asyncio.new_event_loop)
