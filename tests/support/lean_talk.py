"""Scenarios of the lean client alone, on a loop whose clock can be moved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

from support.gateways import MovableLoop, on_loopback
from support.scripted import ScriptedEngine, Step
from support.upstream_contract import Line
from zeta_router.gateway.lean.bounds import Bounds
from zeta_router.gateway.lean.client import LeanUpstream

Scenario = Callable[[Line, LeanUpstream], Awaitable[None]]


def talk(scenario: Scenario, *script: Step, bounds: Bounds | None = None) -> ScriptedEngine:
    """Run a scenario; nothing may be left of it at its end."""
    engine = ScriptedEngine(list(script))

    async def main() -> None:
        await engine.start()
        try:
            async with LeanUpstream(bounds or Bounds()) as upstream:
                await scenario(Line(upstream, engine), upstream)
            assert (upstream.open, upstream.idle) == (0, 0)
            assert len(asyncio.all_tasks()) <= 1 + len(engine._tasks)
        finally:
            await engine.stop()

    on_loopback(main)
    return engine


async def asked(line: Line, body: bytes = b"{}") -> bytes:
    got = await line.send(body)
    try:
        return await got.read()
    finally:
        got.close()


def move(seconds: float) -> None:
    cast(MovableLoop, asyncio.get_running_loop()).move(seconds)


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
