"""What three open dashboards cost the gateway: processor time, and delay of relayed chunks.

Usage: ``python benchmarks/bench_dashboard.py [--rounds N] [--json]``. Exit 1 when a gate is broken.

The gateway, endpoints and streams are those of `bench_scraped_stream.py`: 20 endpoints, four
streams of a chunk every 5 ms. A third process reads three streams of frames and decodes them, as
tabs do: in every other window the gateway's `/zeta/stream`, else frames of the same size from the
endpoints, which costs the machine as much and the gateway nothing. Told are medians over pairs of
windows, with the interval that holds the median of such pairs in 95 % of runs; a gate is broken
only when the whole interval is above it, because on a shared machine single pairs are noise.

What does not depend on neighbours is told beside it: the processor time of a frame of 20 endpoints,
and of the longest piece of it between which the relay has its turn. While a frame takes less than a
hundredth of a second of every second, fewer than one chunk in a hundred can meet one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import numpy as np
import psutil
from aiohttp import web
from bench_scraped_stream import EVERY_S, STREAMS, TASKS, engines, gateway, stream

from zeta_router.app.dashboard.frames import LEARNED_EVERY, Frames
from zeta_router.core.fleet import Endpoint, FleetConfig, Model
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Query, Slo, Task, certain
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.router.commands import Dispatch, Emit
from zeta_router.router.events import Arrived, Finished, FirstToken
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.telemetry.lately import Lately

CPU_SHARE = 0.03
FRAME_MS = 10.0
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


def frames_after(queries: int) -> Frames:
    """Frames over a router with 20 endpoints and so many answers behind it."""
    tasks = (Task.SIMPLE, Task.CODE, Task.REASONING)
    models = {f"m{n}": Model(f"m{n}", dict.fromkeys(tasks, 0.5), 7.0) for n in range(4)}
    endpoints = [Endpoint(f"e{n}", "http://127.0.0.1:9", f"m{n % 4}", slots=8) for n in range(20)]
    config = FleetConfig(models, tuple(endpoints), {Task.CODE: "m1"}, {}, "joint")
    router, lately = ZetaDynamicRouter(config, RuleClassifier()), Lately(lambda: config.routes)
    now_s = 0.0
    for n in range(queries):
        now_s += 0.1
        query = Query(str(n), now_s, task=certain(tasks[n % 3]), prompt_tokens=50, slo=Slo(2.0))
        commands = router.handle(Arrived(now_s, query))
        if any(isinstance(each, Dispatch) for each in commands):
            commands += router.handle(FirstToken(now_s + 0.02, query.id, 1))
            answer = Outcome(Status.OK, True, 0.02, 0.09, output_tokens=50)
            commands += router.handle(Finished(now_s + 0.09, query.id, 1, answer))
        for each in commands:
            if isinstance(each, Emit):
                lately.on_record(each.record)
    summary = dict.fromkeys(("decision_id", "task", "reason", "endpoint", "model"), "x" * 20)
    return Frames(router, lately, lambda: now_s, lambda limit: [summary] * limit, lambda id_: None)


def pieces(frames: Frames, ticks: int = 100) -> dict[str, float]:
    """Processor time of a second's frame and of its longest piece, medians in milliseconds."""
    totals, longest = [], []
    for tick in range(ticks):
        rendering, took = frames.render(tick), [0.0]
        with contextlib.suppress(StopIteration):
            while True:
                began_s = time.thread_time()
                try:
                    rendering.send(None)
                finally:
                    took.append((time.thread_time() - began_s) * 1e3)
        totals.append(sum(took))
        longest.append(max(took))
    return {
        "mean": round(float(np.mean(totals)), 2),
        "median": round(float(np.median(totals)), 2),
        "with_learned": round(float(np.median(totals[::LEARNED_EVERY])), 2),
        "longest_piece": round(float(np.median(longest)), 2),
    }


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
        "frame_ms": pieces(frames_after(2000)),
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
    noisy = told["cpu_share"]["from"] > CPU_SHARE or told["p99_ms"]["from"] > ADDED_P99_MS
    if noisy or told["frame_ms"]["mean"] > FRAME_MS:
        sys.exit(1)


if __name__ == "__main__":
    main()
