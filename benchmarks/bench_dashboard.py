"""What three open dashboards cost the gateway: processor time, and delay of relayed chunks.

Usage: ``python benchmarks/bench_dashboard.py [--rounds N] [--json]``. Exit 1 when a gate is broken.

The gateway, endpoints and streams are those of `bench_scraped_stream.py`: 20 endpoints, four
streams of a chunk every 5 ms. A third process reads three streams of frames and decodes them, as
tabs do: in every other window the gateway's `/zeta/stream`, else frames of the same size from the
endpoints, which costs the machine as much and the gateway nothing. Told are medians over pairs of
windows, with the interval that holds the median of such pairs in 95 % of runs; a gate is broken
only when the whole interval is above it, because on a shared machine single pairs are noise.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import numpy as np
import psutil
from aiohttp import web
from bench_scraped_stream import EVERY_S, STREAMS, TASKS, engines, gateway, stream

CPU_SHARE = 0.03
ADDED_P99_MS = 1.0
TABS, WINDOW_S, WARM_UP_S = 3, 4.0, 1.5

READER = """
import asyncio, json, sys
import aiohttp
async def read(session, url, told):
    async with session.get(url) as response:
        async for line in response.content:
            if line.startswith(b"data:"):
                json.loads(line[5:])
                told[0] += len(line); told[1] += 1
async def main():
    told = [0, 0]
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=timeout, read_bufsize=1 << 22) as session:
        reading = [read(session, sys.argv[1], told) for _ in range(int(sys.argv[2]))]
        tasks = [asyncio.create_task(each) for each in reading]
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        for task in tasks: task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    print(*told)
asyncio.run(main())
"""


@contextlib.asynccontextmanager
async def decoy(size: int) -> AsyncIterator[str]:
    """Frames of a size, one a second, from a server that is not the gateway."""

    async def frames(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        while True:
            await response.write(b'data: "' + b"x" * size + b'"\n\n')
            await asyncio.sleep(1.0)

    app = web.Application()
    app.add_routes([web.get("/stream", frames)])
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/stream"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def tabs(url: str, told: list[int]) -> AsyncIterator[None]:
    """Three readers of a stream in a process of their own; `told` gets bytes and frames."""
    reader = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", READER, url, str(TABS)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    await asyncio.sleep(WARM_UP_S)
    yield
    told[:] = [int(each) for each in (await reader.communicate(b"\n"))[0].split()]


async def window(
    session: aiohttp.ClientSession, url: str, frames: str, process: psutil.Process
) -> dict[str, Any]:
    """Ages of the chunks of one window, and the gateway's processor time in it."""
    told: list[int] = []
    async with tabs(frames, told):
        before = process.cpu_times()
        began = asyncio.get_running_loop().time()
        chunks = int(WINDOW_S / EVERY_S)
        streams = [stream(session, url, chunks, TASKS[n % 3]) for n in range(STREAMS)]
        ages = [age for part in await asyncio.gather(*streams) for age in part]
        after = process.cpu_times()
        wall_s = asyncio.get_running_loop().time() - began
    used_s = after.user + after.system - before.user - before.system
    return {
        "cpu": used_s / wall_s,
        **{f"p{share}": float(np.percentile(ages, share)) * 1e3 for share in (50, 99)},
        "bytes": told[0] / max(1, told[1]),
        "chunks": len(ages),
    }


def added(windows: list[dict[str, Any]], name: str, digits: int) -> dict[str, float]:
    """Median without and with tabs, and of the difference with its interval."""
    without, with_tabs = (np.array([each[name] for each in windows[n::2]]) for n in (0, 1))
    differences = np.sort(with_tabs - without)
    count = len(differences)
    rank = max(0, int(np.floor(count / 2 - 0.98 * np.sqrt(count))) - 1)
    values = {
        "without": np.median(without),
        "with": np.median(with_tabs),
        "added": np.median(differences),
        "from": differences[rank],
        "to": differences[count - 1 - rank],
    }
    return {key: round(float(value), digits) for key, value in values.items()}


async def measure(rounds: int) -> dict[str, Any]:
    """The figures."""
    windows: list[dict[str, Any]] = []
    async with contextlib.AsyncExitStack() as stack:
        urls = await stack.enter_async_context(engines())
        url = await stack.enter_async_context(gateway(urls))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        (process,) = psutil.Process().children()
        await asyncio.gather(*(stream(session, url, 2, TASKS[n % 3]) for n in range(300)))
        async with session.get(f"{url}/zeta/stream") as response:
            size = max([len(await response.content.readuntil(b"\n")) for _ in range(5)])
        elsewhere = await stack.enter_async_context(decoy(size))
        for number in range(2 * rounds):
            frames = f"{url}/zeta/stream" if number % 2 else elsewhere
            windows.append(await window(session, url, frames, process))
    return {
        "tabs": TABS,
        "frame_bytes": round(float(np.median([each["bytes"] for each in windows[1::2]]))),
        "cpu_share": added(windows, "cpu", 4),
        "p50_ms": added(windows, "p50", 2),
        "p99_ms": added(windows, "p99", 2),
        "chunks": sum(each["chunks"] for each in windows),
        "rounds": rounds,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Measure, print, and fail where a gate is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="windows of each kind")
    parser.add_argument("--json", action="store_true")
    flags = parser.parse_args()
    told = asyncio.run(measure(flags.rounds))
    print(json.dumps(told) if flags.json else json.dumps(told, indent=1))  # noqa: T201
    if told["cpu_share"]["from"] > CPU_SHARE or told["p99_ms"]["from"] > ADDED_P99_MS:
        sys.exit(1)


if __name__ == "__main__":
    main()
