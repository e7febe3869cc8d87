"""Everything at once: engines that fail in every way under clients that leave at any moment."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable

import pytest
import uvloop

from support.gateways import Gateway, MovableLoop, gateway, on_loopback
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
    say_and_close,
    say_and_hang,
    say_and_reset,
    spoken,
    stream,
    whole,
)
from zeta_router.core.fleet import Limits

CLIENTS = 60
FIRST = STREAM_HEAD + chunk(event(delta("a")))
STEPS: list[Step] = [
    whole(),
    whole(),
    stream(spoken("a", "b")),
    stream(spoken("a", "b"), pieces=5),
    whole({}, 500),
    whole({}, 503),
    whole({}, 400),
    say_and_reset(),
    say_and_reset(FIRST),
    say_and_close(FIRST),
    say_and_close(head(content_length="99") + b"{"),
    say_and_close(answer(b"{}") * 2),
    say_and_close(b"garbage\r\n\r\n"),
]


class Mood:
    """An engine's script, drawn anew for each request."""

    def __init__(self, seed: int, gate: asyncio.Event) -> None:
        self._random = random.Random(seed)
        self._gate = gate

    async def __call__(self, line: Line) -> None:
        if self._random.random() < 0.3:
            await self._gate.wait()
        await self._random.choice(STEPS)(line)


async def client(made: Gateway, draws: random.Random) -> str:
    """One request, left early or read to its end; what became of it."""
    reader, writer = await made.begin(stream=draws.random() < 0.5)
    patience = draws.choice([0, 1, 5, 30, None, None, None])
    try:
        if patience is not None:
            for _ in range(patience):
                await asyncio.sleep(0)
            return "left"
        said = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", said.lower())
        if length is not None:
            await reader.readexactly(int(length[1]))
        else:
            await reader.readuntil(b"0\r\n\r\n")
        return said[9:12].decode()
    finally:
        writer.close()


@pytest.mark.parametrize("loop", [MovableLoop, uvloop.new_event_loop])
@pytest.mark.parametrize("seed", range(3))
def test_everybody_who_stays_is_answered_and_nothing_is_kept(
    seed: int, loop: Callable[[], asyncio.AbstractEventLoop], caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        gate = asyncio.Event()
        engines = [ScriptedEngine(otherwise=Mood(seed * 10 + n, gate)) for n in range(3)]
        specs = [(f"c{n}", "coder", engine) for n, engine in enumerate(engines)]
        limits = Limits(queue=20, max_wait_s=1.0)
        async with gateway(*specs, limits=limits, policy="least_requests") as made:
            draws = random.Random(seed)
            tasks = []
            for _ in range(CLIENTS):
                tasks.append(asyncio.create_task(client(made, draws)))
                for _ in range(draws.choice([0, 3, 10])):
                    await asyncio.sleep(0)
            gate.set()
            ends = await asyncio.gather(*tasks)
            assert len(ends) == CLIENTS
            assert set(ends) <= {"left", "200", "400", "429", "502", "503"}
            assert ends.count("200") > 5
            await made.until(lambda: made.idle)
            assert made.driver.router.open_cases == 0
            assert sum(len(engine.asked) for engine in engines) < 2 * CLIENTS + 30

    on_loopback(scenario, loop)
    assert "bug" not in caplog.text


def test_a_hundred_clients_that_all_leave() -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(otherwise=say_and_hang(FIRST))
        async with gateway(("c", "coder", engine), slots=8, limits=Limits(200, 30.0)) as made:
            writers = [(await made.begin(stream=True))[1] for _ in range(100)]
            await made.until(lambda: made.driver.waiting_handlers == 100)
            assert sum(made.in_flight().values()) == 8
            for writer in writers:
                writer.close()
            await made.until(lambda: made.idle)
            await made.until(lambda: engine.left == len(engine.asked))
            assert len(made.outcomes) == 100

    on_loopback(scenario)
