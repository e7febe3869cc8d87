"""Thousands that leave at random moments: no connection, task, slot or descriptor stays behind."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from support.bodies import poured
from support.gateways import gateway, on_loopback
from support.scripted import (
    STREAM_HEAD,
    Line,
    ScriptedEngine,
    Step,
    answer,
    chunk,
    delta,
    event,
    head,
    say,
    say_and_close,
    say_and_hang,
    say_and_reset,
    spoken,
    stream,
    whole,
)
from zeta_router.core.fleet import Endpoint, Limits
from zeta_router.gateway.lean.client import LeanUpstream
from zeta_router.gateway.upstream import UpstreamError

SHORT, LONG = 500, 10_000
AT_ONCE = 32
FIRST = STREAM_HEAD + chunk(event(delta("a")))
STEPS: list[Step] = [
    whole(),
    stream(spoken("a", "b", "c")),
    stream(spoken("a", "b"), pieces=7),
    say(answer(b"x" * 200_000)),
    say_and_hang(),
    say_and_hang(head(content_length="9") + b"a"),
    say_and_hang(FIRST),
    say_and_close(FIRST),
    say_and_close(b""),
    say_and_reset(),
]


class Moods:
    """An engine's script, drawn anew for each request."""

    def __init__(self, seed: int) -> None:
        self._draws = random.Random(seed)

    async def __call__(self, line: Line) -> None:
        line.engine.asked.clear()
        for _ in range(self._draws.choice((0, 0, 1, 5))):
            await asyncio.sleep(0)
        await self._draws.choice(STEPS)(line)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def until(condition: Callable[[], bool]) -> None:
    """Let everything run until a condition holds."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("this will not come true")


async def _asked(upstream: LeanUpstream, endpoint: Endpoint, way: int) -> None:
    with contextlib.suppress(UpstreamError):
        got = await upstream.send(endpoint, "/v1/x", {}, b"{}" * (20_000 if way == 2 else 1))
        try:
            if way:
                await poured(got)
            else:
                await got.read()
        finally:
            got.close()


async def _aborted(upstream: LeanUpstream, endpoint: Endpoint, draws: random.Random) -> None:
    task = asyncio.create_task(_asked(upstream, endpoint, draws.randrange(3)))
    for _ in range(draws.choice((0, 1, 2, 3, 5, 8, 13, 21, 60))):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _aborts(count: int) -> None:
    engine = ScriptedEngine(otherwise=Moods(1))
    await engine.start()
    endpoint = Endpoint("c", engine.url, "coder")
    async with LeanUpstream() as upstream:
        draws = random.Random(2)
        for _ in range(count // AT_ONCE):
            await asyncio.gather(*(_aborted(upstream, endpoint, draws) for _ in range(AT_ONCE)))
            await until(lambda: upstream.open == upstream.idle)
    assert upstream.open == 0
    await until(lambda: engine.closed == engine.connections)
    await engine.stop()


async def _left(port: int, request: bytes, draws: random.Random) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request[: draws.choice((5, 200, len(request), len(request), len(request)))])
    for _ in range(draws.choice((0, 3, 8, 21, 60, 200))):
        await asyncio.sleep(0)
    writer.transport.abort()


async def _leaving(count: int) -> None:
    engines = [ScriptedEngine(otherwise=Moods(n)) for n in range(3)]
    specs = [(f"c{n}", "coder", engine) for n, engine in enumerate(engines)]
    draws = random.Random(3)
    limits = Limits(queue=20, max_wait_s=5.0)
    async with gateway(*specs, slots=8, limits=limits, policy="least_requests") as made:
        bodies = [_request(made.port, stream=stream_) for stream_ in (False, True)]
        for _ in range(count // AT_ONCE):
            await asyncio.gather(
                *(_left(made.port, draws.choice(bodies), draws) for _ in range(AT_ONCE))
            )
            made.records.clear()
        await until(lambda: made.idle)
        await until(lambda: made.upstream.open == made.upstream.idle)
        assert made.driver.waiting_handlers == made.driver.router.open_cases == 0


def _request(port: int, *, stream: bool) -> bytes:
    body = b'{"messages":[{"role":"user","content":"Write code"}],"stream":%s}' % (
        b"true" if stream else b"false"
    )
    lines = f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
    return (lines + f"content-length: {len(body)}\r\n\r\n").encode() + body


async def _traceless(scenario: Callable[[int], Awaitable[None]], count: int) -> None:
    """Run a scenario after a short one, which opens what a loop opens once."""
    await scenario(AT_ONCE)
    before, tasks = descriptors(), len(asyncio.all_tasks())
    await scenario(count)
    await until(lambda: len(asyncio.all_tasks()) == tasks)
    await until(lambda: descriptors() <= before)


LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


SCENARIOS = {"of the client": _aborts, "of the gateway": _leaving}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("aborts", SCENARIOS)
def test_aborts(aborts: str, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    on_loopback(lambda: _traceless(SCENARIOS[aborts], SHORT), loop)


@pytest.mark.matrix
@pytest.mark.timeout(900)
@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("aborts", SCENARIOS)
def test_ten_thousand_aborts(aborts: str, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(_traceless(SCENARIOS[aborts], LONG))
