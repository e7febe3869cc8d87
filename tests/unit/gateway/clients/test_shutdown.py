"""Shutting down while a request is still coming: it is served to its end, and nothing after it."""

from __future__ import annotations

import asyncio
import json

import pytest
import uvloop

from support.gateways import MovableLoop, gateway, on_loopback, request_bytes
from support.scripted import ScriptedEngine, whole

PATH = "/v1/chat/completions"
BODY = json.dumps({"messages": [{"role": "user", "content": "a" * 5000}]}).encode()


@pytest.mark.parametrize("loop", [MovableLoop, uvloop.new_event_loop])
@pytest.mark.parametrize("pieces", [1, 3])
def test_the_rest_of_a_body_is_waited_for(pieces: int, loop: type[MovableLoop]) -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(otherwise=whole())
        async with gateway(("c", "coder", engine)) as made:
            reader, writer = await made.connect()
            data = request_bytes(PATH, BODY)
            writer.write(data[:-3000])
            await made.until(lambda: made.runner.server.connections)
            for _ in range(50):
                await asyncio.sleep(0)
            made.runner.server.pre_shutdown()
            rest = data[-3000:]
            for at in range(0, 3000, 3000 // pieces):
                writer.write(rest[at : at + 3000 // pieces])
                await asyncio.sleep(0)
            writer.write(data)
            answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 200")
            assert answer.count(b"HTTP/1.1") == 1
            assert len(engine.asked) == 1
            writer.close()

    on_loopback(scenario, loop)
