"""A request leaves nothing that only the garbage collector can free: its body may be megabytes."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from support.gateways import gateway, on_loopback
from support.scripted import (
    STREAM_HEAD,
    ScriptedEngine,
    Step,
    chunk,
    delta,
    event,
    say_and_close,
    say_and_hang,
    say_and_reset,
    spoken,
    stream,
    whole,
)
from zeta_router.core.fleet import Limits
from zeta_router.gateway.exchange import Exchange

CASES: dict[str, tuple[dict[str, Any], Step]] = {
    "an answer": ({}, whole()),
    "a stream": ({"stream": True}, stream(spoken("a", "b"))),
    "a refusal": ({}, whole({}, 400)),
    "an engine that fails": ({}, whole({}, 500)),
    "an engine that resets": ({}, say_and_reset()),
    "a stream that breaks": (
        {"stream": True},
        say_and_close(STREAM_HEAD + chunk(event(delta("a")))),
    ),
}


def exchanges() -> int:
    return sum(isinstance(one, Exchange) for one in gc.get_objects())


@pytest.mark.parametrize("case", CASES)
def test_without_the_collector(case: str) -> None:
    more, step = CASES[case]

    async def scenario() -> None:
        one, other = ScriptedEngine(otherwise=step), ScriptedEngine(otherwise=step)
        limits = Limits(queue=10, max_wait_s=5.0, attempts=2)
        async with gateway(("c", "coder", one), ("d", "coder", other), limits=limits) as made:
            gc.collect()
            gc.disable()
            try:
                for _ in range(2):
                    await made.chat(**more)
                await made.until(lambda: made.idle)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                assert exchanges() == 0
            finally:
                gc.enable()

    on_loopback(scenario)


def test_without_the_collector_when_the_client_leaves() -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(otherwise=say_and_hang())
        async with gateway(("c", "coder", engine)) as made:
            gc.collect()
            gc.disable()
            try:
                _, writer = await made.begin()
                await made.until(lambda: engine.asked)
                writer.close()
                await made.until(lambda: engine.left == 1)
                await made.until(lambda: made.idle)
                for _ in range(5):
                    await asyncio.sleep(0)
                assert exchanges() == 0
            finally:
                gc.enable()

    on_loopback(scenario)
