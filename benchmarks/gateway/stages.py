"""Where the processor time of a request goes, stage by stage, in the whole product.

Usage: ``python benchmarks/gateway/stages.py [--model auto] [--per-s 150] [--seconds 8]``;
``--per-s 0`` asks as fast as 64 connections can (``wrk``: `peers.py`).

The gateway runs in this process, under `load.py` and with `engine.py` behind it. The functions of
each stage are wrapped; a stage's time is what its functions took without those of other stages, in
processor time of the loop's thread, so that what else the machine does is left out of it. What no
stage holds is the rest: the event loop, the kernel, aiohttp's server and what lies between.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvloop
from aiohttp import web_protocol
from commands import command_of
from peers import environment, needed
from run import STREAM_PORTS
from subjects import HERE, LOAD_CPU, ROUTER_CPU, pinned, wait_for_answer

from zeta_router.app.config.load import load_file
from zeta_router.app.records import Telemetry
from zeta_router.app.running import running
from zeta_router.gateway import attempt, driver, relay
from zeta_router.gateway.checking import looking
from zeta_router.gateway.lean import connection, pool, target
from zeta_router.router.router import ZetaDynamicRouter

PORT = 18520
STAGES: list[tuple[str, Any, str]] = [
    ("aiohttp: take the request", web_protocol.RequestHandler, "data_received"),
    ("gateway: parse the body", relay, "parse"),
    ("gateway: describe the query (text, features, prefix)", relay, "query_of"),
    ("gateway: write the body anew", relay, "with_model"),
    ("gateway: headers to the engine", relay, "upstream_headers"),
    ("gateway: read the answer", attempt, "read_whole"),
    ("gateway: read the answer", attempt, "is_useless"),
    ("gateway: rename the model", attempt, "rename_whole"),
    ("gateway: headers to the client", attempt, "answer_headers"),
    ("gateway: look at the answer's text", looking.Looking, "_look"),
    ("gateway: driver and tickets", driver.RouterDriver, "arrive"),
    ("gateway: driver and tickets", driver.RouterDriver, "finished"),
    ("gateway: driver and tickets", driver.RouterDriver, "leave"),
    ("lean client: bytes of the request", target.Target, "request"),
    ("lean client: take a connection", pool.Pool, "taken"),
    ("lean client: bytes of the answer", connection.Connection, "buffer_updated"),
    ("telemetry: log and metrics", Telemetry, "on_record"),
]


class Stages:
    """Exclusive processor time by stage."""

    def __init__(self) -> None:
        self.spent_ns: dict[str, int] = defaultdict(int)
        self.calls: dict[str, int] = defaultdict(int)
        self._open: list[int] = []

    def wrapped(self, name: Callable[[Any], str], made: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose time goes to a stage."""
        clock, opened = time.thread_time_ns, self._open

        def timed(*given: Any, **more: Any) -> Any:
            opened.append(0)
            began_ns = clock()
            try:
                return made(*given, **more)
            finally:
                took_ns = clock() - began_ns
                label = name(given)
                self.spent_ns[label] += took_ns - opened.pop()
                self.calls[label] += 1
                if opened:
                    opened[-1] += took_ns

        return timed

    def install(self) -> None:
        """Wrap the functions of all stages."""
        for label, owner, name in STAGES:
            made = getattr(owner, name)
            setattr(owner, name, self.wrapped(lambda given, label=label: label, made))
        handle = ZetaDynamicRouter.handle
        ZetaDynamicRouter.handle = self.wrapped(  # type: ignore[method-assign]
            lambda given: f"router: {type(given[1]).__name__}", handle
        )


async def measured(stages: Stages, config: Path, model: str, per_s: float, seconds: float) -> str:
    """Run the load and tell the split."""
    async with running(load_file(config, dict(os.environ))):
        await asyncio.sleep(1.0)
        found: dict[str, Any] = {}
        for warm in (True, False):
            stages.spent_ns.clear()
            stages.calls.clear()
            began_ns = time.thread_time_ns()
            found = await loaded(model, per_s, 2 if warm else seconds)
        all_ns = time.thread_time_ns() - began_ns
    return told(stages, found, all_ns)


async def loaded(model: str, per_s: float, seconds: float) -> dict[str, Any]:
    """A run of the load: how many were asked, and how many of them failed."""
    command = ["-c", LOAD_CPU, sys.executable, str(HERE / "load.py"), "rate", str(PORT)]
    command += [model, f"{per_s:g}", f"{seconds:g}"]
    if not per_s:
        command = ["-c", LOAD_CPU, needed("wrk"), "-t1", "-c64", f"-d{seconds:.0f}s"]
        command += ["-s", str(HERE / "closed.lua"), f"http://127.0.0.1:{PORT}"]
    load = await asyncio.create_subprocess_exec(
        "taskset", *command, stdout=asyncio.subprocess.PIPE, env={**environment(), "MODEL": model}
    )
    found: dict[str, Any] = json.loads((await load.communicate())[0].rpartition(b"JSON ")[2])
    if not per_s:
        found = {"asked": found["requests"], "failed": found["non_2xx"] + found["errors"]}
    return found


def clock_ns() -> float:
    """What reading the clock costs."""
    began_ns = time.thread_time_ns()
    for _ in range(10_000):
        time.thread_time_ns()
    return (time.thread_time_ns() - began_ns) / 10_000


def told(stages: Stages, found: dict[str, Any], all_ns: int) -> str:
    """The split as a table; what reading the clock took is taken off."""
    each_ns, asked = clock_ns(), found["asked"]
    calls = sum(stages.calls.values())
    whole_us = (all_ns - 2 * calls * each_ns) / asked / 1000
    lines = [
        f"{asked} requests, {found['failed']} failed; {whole_us:.0f} µs of the loop's thread each"
    ]
    rows = {
        label: (spent_ns - stages.calls[label] * each_ns) / asked / 1000
        for label, spent_ns in stages.spent_ns.items()
    }
    rows["rest: loop, kernel, aiohttp's server"] = whole_us - sum(rows.values())
    for label, us in sorted(rows.items(), key=lambda row: -row[1]):
        lines.append(f"{us:8.1f} µs {100 * us / whole_us:5.1f} %  {label}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """As the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="auto")
    parser.add_argument("--per-s", type=float, default=150.0)
    parser.add_argument("--seconds", type=float, default=8.0)
    given = parser.parse_args()
    os.sched_setaffinity(0, {int(ROUTER_CPU)})
    stages = Stages()
    stages.install()
    with tempfile.TemporaryDirectory() as folder:
        own = [sys.executable, str(HERE / "engine.py"), *map(str, STREAM_PORTS)]
        engine = pinned(LOAD_CPU, own, Path(folder) / "engine.log")
        try:
            wait_for_answer(STREAM_PORTS[0], engine, Path(folder) / "engine.log")
            command = command_of("zeta", PORT, STREAM_PORTS, Path(folder))
            config = Path((command or [])[-1])
            gc.collect()
            sys.stdout.write(
                uvloop.run(measured(stages, config, given.model, given.per_s, given.seconds))
            )
        finally:
            engine.terminate()
            engine.wait()


if __name__ == "__main__":
    main()
