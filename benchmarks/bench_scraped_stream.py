"""How much later a stream's chunks come while `/metrics` is being scraped.

Usage: ``python benchmarks/bench_scraped_stream.py [--rounds N] [--json]``. Exit 1 when a gate is
broken.

A real gateway, in a process of its own, over 20 endpoints that this process plays: each answers
with a chunk every 5 ms that says when it was sent. Four clients stream through the gateway and note
how old each chunk is. A third process fetches a page ten times a second, 50 times as often as
Prometheus would: in every other window of a second the gateway's `/metrics`, else a page of the
same size from the endpoints, which costs the machine as much and the gateway nothing. Told are the
medians over pairs of windows, so that a neighbour who takes the processor for a moment spoils a
pair and not the run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import numpy as np
from aiohttp import web

ADDED_P99_MS = 5.0
"""Most that scraping may add to the 99th percentile of a window's delays."""

ENDPOINTS, STREAMS, EVERY_S, WINDOW_S, SCRAPES_PER_S = 20, 4, 0.005, 1.0, 10.0
MODELS = ("m-4b", "m-7b", "m-14b", "m-32b")
TASKS = ("simple", "code", "reasoning")

SCRAPER = """
import sys, time, urllib.request
url, every_s = sys.argv[1], float(sys.argv[2])
lines = took = count = 0
try:
    while True:
        start = time.monotonic()
        body = urllib.request.urlopen(url).read()
        took += time.monotonic() - start; count += 1; lines = body.count(b"\\n")
        time.sleep(max(0.0, every_s - (time.monotonic() - start)))
except KeyboardInterrupt:
    print(lines, took / max(count, 1))
"""


async def answer(request: web.Request) -> web.StreamResponse:
    """As many chunks as asked for, each with the time at which it was sent."""
    body = await request.json()
    chunks = int(body["max_tokens"])
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    start_s = monotonic()
    for number in range(chunks):
        await asyncio.sleep(max(0.0, start_s + number * EVERY_S - monotonic()))
        delta = {"index": 0, "delta": {"content": f"@{monotonic():.6f}@ "}, "finish_reason": None}
        chunk = {"object": "chat.completion.chunk", "model": "m", "choices": [delta]}
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    await response.write(b"data: " + json.dumps({"model": "m", "choices": [end]}).encode())
    await response.write(b"\n\ndata: [DONE]\n\n")
    return response


@contextlib.asynccontextmanager
async def engines() -> AsyncIterator[list[str]]:
    """Addresses of all endpoints, played by one application."""

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": m} for m in MODELS]})

    async def decoy(request: web.Request) -> web.Response:
        return web.Response(body=(b"x" * 99 + b"\n") * 1400)

    app = web.Application()
    app.add_routes([web.post("/v1/chat/completions", answer), web.get("/v1/models", models)])
    app.add_routes([web.get("/decoy", decoy)])
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
    await runner.setup()
    try:
        for _ in range(ENDPOINTS):
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield [f"http://127.0.0.1:{address[1]}" for address in runner.addresses]
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def gateway(urls: list[str]) -> AsyncIterator[str]:
    """`zeta serve` over these endpoints."""
    models = {name: {"tasks": dict.fromkeys(TASKS, 0.5)} for name in MODELS}
    endpoints = [
        {
            "id": f"e{n}",
            "url": url,
            "model": MODELS[n % len(MODELS)],
            "engine": "openai",
            "slots": 8,
        }
        for n, url in enumerate(urls)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "zeta.yaml"
        config = {"models": models, "endpoints": endpoints, "policy": "least_requests"}
        path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "zeta_router", "serve"),
            *("--config", str(path), "--listen", "127.0.0.1:0"),
            cwd=folder,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None  # noqa: S101 - asked for above
        said = b""
        while not (found := re.search(rb"listening on (http://\S+)", said)):
            line = await process.stderr.readline()
            if not line:
                sys.exit(said.decode())
            said += line
        try:
            yield found.group(1).decode()
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def stream(session: aiohttp.ClientSession, url: str, chunks: int, task: str) -> list[float]:
    """How old each chunk of an answer was when it came, in seconds."""
    body = {
        "model": f"auto:{task}",
        "stream": True,
        "max_tokens": chunks,
        "messages": [{"role": "user", "content": "Go on."}],
    }
    ages = []
    async with session.post(f"{url}/v1/chat/completions", json=body) as response:
        async for chunk in response.content.iter_any():
            now_s = monotonic()
            ages += [now_s - float(sent) for sent in re.findall(rb"@([\d.]+)@", chunk)]
    return ages


async def window(session: aiohttp.ClientSession, url: str, page: str) -> tuple[list[float], str]:
    """Ages of the chunks of one window in which `page` is fetched, and what the fetcher said."""
    fetcher = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SCRAPER, page, str(1 / SCRAPES_PER_S)),
        stdout=asyncio.subprocess.PIPE,
    )
    await asyncio.sleep(0.3)  # its imports
    streams = [
        stream(session, url, int(WINDOW_S / EVERY_S), TASKS[n % len(TASKS)]) for n in range(STREAMS)
    ]
    ages = [age for part in await asyncio.gather(*streams) for age in part]
    fetcher.send_signal(signal.SIGINT)
    return ages, (await fetcher.communicate())[0].decode()


async def measure(rounds: int) -> dict[str, Any]:
    """The figures."""
    windows: list[list[float]] = []
    said = ""
    async with contextlib.AsyncExitStack() as stack:
        urls = await stack.enter_async_context(engines())
        url = await stack.enter_async_context(gateway(urls))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        await asyncio.gather(*(stream(session, url, 2, TASKS[n % 3]) for n in range(200)))
        for number in range(2 * rounds):
            page = f"{url}/metrics" if number % 2 == 1 else f"{urls[0]}/decoy"
            ages, said = await window(session, url, page)
            windows.append(ages)
    lines, scrape_s = said.split()
    told_ms: dict[str, Any] = {"lines": int(lines), "scrape_ms": round(float(scrape_s) * 1e3, 2)}
    told_ms["cores"], told_ms["load"] = os.cpu_count(), round(os.getloadavg()[0], 1)
    for share in (50, 99):
        delays = np.array([np.percentile(ages, share) * 1e3 for ages in windows])
        told_ms[f"p{share}_ms"] = {
            "not_scraped": round(float(np.median(delays[::2])), 2),
            "scraped": round(float(np.median(delays[1::2])), 2),
            "added": round(float(np.median(delays[1::2] - delays[::2])), 2),
        }
    told_ms["chunks"] = sum(map(len, windows))
    return told_ms


def main() -> None:
    """Measure, print, and fail where a gate is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10, help="windows of each kind")
    parser.add_argument("--json", action="store_true")
    flags = parser.parse_args()
    told = asyncio.run(measure(flags.rounds))
    print(json.dumps(told) if flags.json else json.dumps(told, indent=1))  # noqa: T201
    if told["p99_ms"]["added"] > ADDED_P99_MS:
        sys.exit(1)


if __name__ == "__main__":
    main()
