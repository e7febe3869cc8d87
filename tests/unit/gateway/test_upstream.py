"""aiohttp's client for engines."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from support.gateways import gateway, on_loopback
from support.scripted import ScriptedEngine, say_and_hang, whole
from support.upstream_contract import Line, RaceContract, SilenceContract, UpstreamContract, silence
from zeta_router.core.fleet import Limits
from zeta_router.gateway.upstream import AiohttpUpstream, Upstream, new_session


class TestAiohttpUpstream(UpstreamContract, SilenceContract, RaceContract):
    @contextlib.asynccontextmanager
    async def making(self) -> AsyncIterator[Upstream]:
        async with new_session() as session:
            yield AiohttpUpstream(session)

    def test_connections_do_not_gather_callbacks_over_their_life(self) -> None:
        async def scenario(line: Line) -> None:
            line.engine.script = [whole(), whole(), whole()]
            held = []
            for _ in range(3):
                got = await line.send()
                await got.read()
                held.append(got)
                got.close()
            closed = [getattr(one, "_closed", None) for one in held]
            assert all(c is None or not (c._callbacks or []) for c in closed)

        self.talk(scenario)


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
