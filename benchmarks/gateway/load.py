"""Load at a steady rate, and many streams at once; what came of it goes out as JSON.

Usage: ``python benchmarks/gateway/load.py rate PORT MODEL PER_S SECONDS``
       ``python benchmarks/gateway/load.py streams PORT MODEL STREAMS CHUNKS``

Every prompt is another one. Latency counts from the moment at which a request was due, so a router
that falls behind cannot hide it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import sys
import time
from typing import Any

import httptools
import uvloop

WORDS = ("alpha", "river", "stone", "python", "table", "engine", "green", "matrix", "orbit")
MOST_OPEN = 1000
"""Unanswered requests at which a steady rate is given up."""

_STAMP = re.compile(rb'"t":(\d+)')
_HEADER = os.environ.get("HEADER", "")
_draws = random.Random(time.time_ns())
_serial = _draws.randrange(1 << 40)


def request(port: int, model: str, *, chunks: int = 0) -> bytes:
    """A request of about 1 kB."""
    global _serial
    _serial += 1
    text = f"Question {_serial}: " + " ".join(_draws.choices(WORDS, k=120))
    body: dict[str, Any] = {"model": model, "max_tokens": 64}
    body["messages"] = [
        {"role": "system", "content": "You are helpful."},
        {"role": "user", "content": text},
    ]
    if chunks:
        body |= {"stream": True, "user": f"n{chunks}"}
    raw = json.dumps(body, separators=(",", ":")).encode()
    lines = f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
    lines += f"{_HEADER}\r\n" if _HEADER else ""
    return (
        f"{lines}content-type: application/json\r\ncontent-length: {len(raw)}\r\n\r\n".encode()
        + raw
    )


class Client(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, done: Any) -> None:
        self.done = done
        self.parser = httptools.HttpResponseParser(self)
        self.began_ns = self.first_ns = 0
        self.delays_ns: list[int] = []

    def connection_made(self, transport: Any) -> None:
        """See asyncio."""
        self.transport = transport

    def ask(self, data: bytes, due_ns: int) -> None:
        """Send a request that was due then."""
        self.began_ns, self.first_ns = due_ns, 0
        self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        now_ns = time.monotonic_ns()
        self.first_ns = self.first_ns or now_ns
        for found in _STAMP.finditer(data):
            stamp = int(found[1])
            if stamp:
                self.delays_ns.append(now_ns - stamp)
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        """See llhttp."""
        self.done(self, self.parser.get_status_code())

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio."""
        self.done(self, 0)


def spread(values_ns: list[int]) -> dict[str, float]:
    """Percentiles in ms."""
    ordered = sorted(values_ns) or [0]
    at = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
    return {n: ordered[min(len(ordered) - 1, int(q * len(ordered)))] / 1e6 for n, q in at.items()}


async def rate(port: int, model: str, per_s: float, seconds: float) -> dict[str, Any]:
    """Requests at a steady rate."""
    loop = asyncio.get_running_loop()
    latencies: list[int] = []
    failed = 0
    free: list[Client] = []

    def done(client: Client, status: int) -> None:
        nonlocal failed
        if status == 200:
            latencies.append(time.monotonic_ns() - client.began_ns)
            free.append(client)
        elif status:
            failed += 1
            free.append(client)
        elif client in free:  # closed for having been idle for long
            free.remove(client)

    for _ in range(32):
        _, client = await loop.create_connection(lambda: Client(done), "127.0.0.1", port)
        free.append(client)
    began_ns, count, asked = time.monotonic_ns(), int(per_s * seconds), 0
    for number in range(count):
        due_ns = began_ns + int(number / per_s * 1e9)
        wait_s = (due_ns - time.monotonic_ns()) / 1e9
        if wait_s > 0 or number % 8 == 0:
            await asyncio.sleep(max(0.0, wait_s))
        if not free:
            _, client = await loop.create_connection(lambda: Client(done), "127.0.0.1", port)
            free.append(client)
        free.pop().ask(request(port, model), due_ns)
        asked += 1
        if asked - len(latencies) - failed > MOST_OPEN:
            break  # it cannot keep up: more would only be the queue's length
    await asyncio.sleep(0.5)
    return {"asked": asked, "failed": count - len(latencies), **spread(latencies)}


async def streams(port: int, model: str, many: int, chunks: int) -> dict[str, Any]:
    """Streams at once, begun over one period of the engine's pace."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    firsts: list[int] = []
    delays: list[int] = []
    ends: list[int] = []

    def done(client: Client, status: int) -> None:
        ends.append(status)
        if status == 200:
            firsts.append(client.first_ns - client.began_ns)
            delays.extend(client.delays_ns)
        if len(ends) == many:
            over.set()

    began_s = loop.time()
    for number in range(many):
        _, client = await loop.create_connection(lambda: Client(done), "127.0.0.1", port)
        client.ask(request(port, model, chunks=chunks), time.monotonic_ns())
        await asyncio.sleep(max(0.0, began_s + 0.005 * (number + 1) - loop.time()))
    async with asyncio.timeout(chunks * 0.02 * 10 + 20):
        await over.wait()
    got = {"first_" + name: value for name, value in spread(firsts).items()}
    return {"ended": ends.count(200), "chunks": len(delays), **got, **spread(delays)}


def main() -> None:
    """As the command line says."""
    kind, port, model, first, second = sys.argv[1:6]
    if kind == "rate":
        found = uvloop.run(rate(int(port), model, float(first), float(second)))
    else:
        found = uvloop.run(streams(int(port), model, int(first), int(second)))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
