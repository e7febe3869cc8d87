"""How soon an engine is free once its client has left, in every phase of an answer.

Usage: ``python benchmarks/gateway/disconnect.py [--times N] [--subject zeta]``.

The engine runs in this process and holds every answer at the phase that is measured; a client
asks, waits until the engine has come so far, and closes its connection. Shown is the time from
there to the moment at which the engine sees its own connection closed.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httptools
import uvloop
from commands import command_of
from engine import MODELS, WHOLE
from load import request
from subjects import ROUTER_CPU, pinned

PORT, ENGINE_PORTS = 18540, [18541, 18542, 18543]
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
_CHUNK = b"%x\r\n%s\r\n" % (len(_EVENT), _EVENT)
PHASES: dict[str, tuple[int, bytes]] = {
    "before the headers": (0, b""),
    "within the headers": (0, b"HTTP/1.1 200 OK\r\ncontent-"),
    "within a body": (0, b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{"),
    "before the first token": (1, _HEAD),
    "in the middle of a stream": (1, _HEAD + _CHUNK * 3),
}
"""Whether a stream is asked for, and what the engine says before it falls silent."""

LIMIT_S = 20.0


class Engine(asyncio.Protocol):
    """A connection of an engine that stops where `says` does."""

    says: bytes | None = None
    reached: asyncio.Event
    closed: asyncio.Event

    def connection_made(self, transport: Any) -> None:
        """See asyncio."""
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
        self.holds = False

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Answer up to the phase."""
        if self.parser.get_method() == b"GET":
            self.transport.write(MODELS)
        elif Engine.says is None:
            self.transport.write(WHOLE)
        else:
            self.holds = True
            self.transport.write(Engine.says)
            Engine.reached.set()

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio."""
        if self.holds:
            Engine.closed.set()


async def answered() -> None:
    """Wait until the gateway answers."""
    began_s = time.perf_counter()
    while time.perf_counter() - began_s < 60.0:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.write(request(PORT, "m"))
        said = await reader.readuntil(b"\r\n")
        writer.close()
        if b" 200 " in said:
            return
        await asyncio.sleep(0.1)
    raise SystemExit("the gateway does not answer")


async def once(stream: bool) -> float:
    """Ask, leave, and tell how long the engine did not know it, in ms."""
    Engine.reached, Engine.closed = asyncio.Event(), asyncio.Event()
    _, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(request(PORT, "m", chunks=5 if stream else 0))
    async with asyncio.timeout(LIMIT_S):
        await Engine.reached.wait()
    await asyncio.sleep(0.02)  # let the gateway take what the engine has said
    began_ns = time.perf_counter_ns()
    writer.transport.abort()
    async with asyncio.timeout(LIMIT_S):
        await Engine.closed.wait()
    return (time.perf_counter_ns() - began_ns) / 1e6


async def measured(subject: str, times: int, folder: Path) -> None:
    """All phases."""
    loop = asyncio.get_running_loop()
    for port in ENGINE_PORTS:
        await loop.create_server(Engine, "127.0.0.1", port)
    command = command_of(subject, PORT, ENGINE_PORTS, folder)
    if command is None:
        raise SystemExit(f"{subject} is not installed")
    gateway = pinned(ROUTER_CPU, command, folder / "gateway.log")
    try:
        await answered()
        for phase, (stream, says) in PHASES.items():
            Engine.says = says
            took_ms = [await once(bool(stream)) for _ in range(times)]
            Engine.says = None
            await answered()
            median, most = statistics.median(took_ms), max(took_ms)
            sys.stdout.write(f"{phase:28} median {median:6.2f} ms, most {most:6.2f} ms\n")
    finally:
        gateway.terminate()
        gateway.wait()


def main() -> None:
    """As the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--subject", default="zeta")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        uvloop.run(measured(given.subject, given.times, Path(folder)))


if __name__ == "__main__":
    main()
