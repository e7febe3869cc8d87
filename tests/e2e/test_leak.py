"""A process that really leaks, watched by the real gateway with its clock run faster.

Everything is as in production but for two things: the leak detector's time runs 1,500 times faster
than the clock, and the machine is said to have 100 MB left.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from zeta_router.app.config import load_text
from zeta_router.app.running import RunningGateway, running
from zeta_router.core.condition import Axis, Condition, Finding
from zeta_router.learn.condition.leak import LeakDetector
from zeta_router.monitor.resources import memory

pytestmark = [pytest.mark.matrix, pytest.mark.timeout(180)]

SPEED = 1500.0
LEAK_BYTES_PER_S = 30e6 * SPEED / 3600.0
ENGINE = Path(__file__).parents[1] / "support" / "leaky_engine.py"

CONFIG = """
listen: 127.0.0.1:0
models: {{m: {{tasks: {{simple: 0.7, code: 0.7, reasoning: 0.7}}}}}}
endpoints:
  - {{id: leaky, url: "http://127.0.0.1:{leaky}", model: m, engine: openai, resources: auto}}
  - {{id: sound, url: "http://127.0.0.1:{sound}", model: m, engine: openai, resources: auto}}
policy: joint
log: {{path: "{log}"}}
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start(port: int, bytes_per_s: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(ENGINE), str(port), str(bytes_per_s)]
    return subprocess.Popen(command, stdin=subprocess.PIPE)


def stop(engine: subprocess.Popen[bytes]) -> None:
    assert engine.stdin is not None
    engine.stdin.close()
    engine.wait(timeout=10)


@contextlib.asynccontextmanager
async def watched(leaky: int, sound: int, log: Path) -> AsyncIterator[RunningGateway]:
    config = load_text(
        CONFIG.format(leaky=leaky, sound=sound, log=log), source="zeta.yaml", environ={}
    )
    async with running(config, seed=1) as gateway:
        for state in gateway.driver.router._fleet.endpoints.values():
            state.cognition.memory = LeakDetector(speed=SPEED)
        yield gateway


def finding(gateway: RunningGateway, endpoint_id: str, axis: Axis) -> Finding:
    inside = gateway.driver.router.inside(gateway.driver.clock())
    learned = next(one for one in inside.learned if one.endpoint_id == endpoint_id)
    return next(one for one in learned.findings if one.axis is axis)


async def until(gateway: RunningGateway, condition: Condition) -> Finding:
    """Wait for a condition of the leaky one's memory."""
    while True:
        found = finding(gateway, "leaky", Axis.MEMORY)
        if found.condition is condition:
            return found
        await asyncio.sleep(0.1)


async def served_by(gateway: RunningGateway, count: int) -> Counter[str]:
    """Who answers so many queries, four at a time."""
    places: Counter[str] = Counter()
    body = {"model": "auto", "messages": [{"role": "user", "content": "hello there"}]}
    async with aiohttp.ClientSession() as session:

        async def one() -> None:
            url = f"{gateway.url}/v1/chat/completions"
            async with session.post(url, json=body) as response:
                await response.read()
                assert response.status == 200
                places[response.headers["x-zeta-endpoint"]] += 1

        for _ in range(count // 4):
            await asyncio.gather(*(one() for _ in range(4)))
    return places


def test_a_leak_is_found_drained_and_advised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "left_bytes", lambda: 100e6)
    leaky_port, sound_port = free_port(), free_port()
    engines = [start(leaky_port, LEAK_BYTES_PER_S), start(sound_port, 0.0)]

    async def scenario() -> None:
        async with watched(leaky_port, sound_port, tmp_path / "zeta.db") as gateway:
            before = await served_by(gateway, 40)
            assert set(before) == {"leaky", "sound"}
            found = await until(gateway, Condition.DEGRADED)
            assert found.value is not None
            assert 15e6 < found.value < 60e6
            assert "drain and restart it" in found.text
            assert finding(gateway, "sound", Axis.MEMORY).condition is Condition.HEALTHY
            assert set(await served_by(gateway, 40)) == {"sound"}
            stop(engines[0])
            engines[0] = start(leaky_port, 0.0)
            await until(gateway, Condition.HEALTHY)
            after: Counter[str] = Counter()
            while not after["leaky"]:
                after += await served_by(gateway, 8)

    try:
        asyncio.run(scenario())
    finally:
        for engine in engines:
            stop(engine)
