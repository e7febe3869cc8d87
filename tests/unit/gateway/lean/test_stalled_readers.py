"""Clients that ask for endless streams and read nothing: what is held for each is bounded."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import uvloop

from support.gateways import Gateway, gateway, on_loopback, request_bytes
from support.process import environment
from support.scripted import ScriptedEngine
from zeta_router.gateway.lean.bounds import READ_BYTES, Bounds
from zeta_router.gateway.lean.connection import Connection

BODY = b'{"messages":[{"role":"user","content":"Write code"}],"stream":true}'
TESTS = Path(__file__).parents[3]


class Elsewhere(ScriptedEngine):
    """An engine that another process is."""

    async def start(self) -> None:
        """It listens already."""

    async def stop(self) -> None:
        """It is ended by whoever started it."""


@contextlib.contextmanager
def torrent() -> Iterator[int]:
    """The port of an engine that sends without end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "support.torrent_engine"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(PYTHONPATH=str(TESTS)),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait(20)
        process.stdin.close()
        process.stdout.close()


def busy(made: Gateway) -> list[Connection]:
    """Connections that carry an answer."""
    pools = made.upstream._pools.values()
    return [one for pool in pools for one in pool._open if one._answer is not None]


async def stalled(readers: int, port: int) -> tuple[int, int]:
    """Bytes by which the process has grown, and most that the client holds for one answer."""
    loop = asyncio.get_running_loop()
    async with gateway(("c", "coder", Elsewhere(port=port)), slots=readers + 1) as made:
        gc.collect()
        before = psutil.Process(os.getpid()).memory_info().rss
        asking = []
        for _ in range(readers):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", made.port))
            await loop.sock_sendall(client, request_bytes("/v1/chat/completions", BODY))
            asking.append(client)
        calm = 0
        while calm < 100:
            calm = calm + 1 if sum(one._paused for one in busy(made)) == readers else 0
            await asyncio.sleep(0)
        grown = psutil.Process(os.getpid()).memory_info().rss - before
        held = max(one._answer.held_bytes for one in busy(made) if one._answer is not None)
        for client in asking:
            client.close()
        await made.until(lambda: made.idle)
    return grown, held


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_what_is_held_for_one(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    with torrent() as port:
        _, held = on_loopback(lambda: stalled(8, port), loop)
    assert 0 < held <= Bounds().held_bytes + READ_BYTES


@pytest.mark.matrix
@pytest.mark.timeout(300)
def test_two_hundred_take_less_than_twenty_megabytes() -> None:
    with torrent() as port, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(stalled(5, port))  # what is loaded and made once
        grown, held = runner.run(stalled(200, port))
    assert held <= Bounds().held_bytes + READ_BYTES
    assert grown < 20e6, f"{grown / 1e6:.1f} MB"
