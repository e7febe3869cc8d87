"""The whole product at most of what it can do, for long, while engines stop, die and come back.

Usage: ``python benchmarks/gateway/soak.py [--minutes 30] [--share .8] [--json FILE]``; a day is
``--minutes 1440``. Prints a line per part of the run; exit 1 where a request was lost or something
is left in flight.

Nine of ten requests want a whole answer, one a stream of 20 chunks; one in fifty leaves at a moment
of its own. What the gateway can do is measured first, as many clients as there are slots asking
without a pause; then `--share` of that is sent steadily. In every minute one engine is stopped for
5 s, in the next one killed for 5 s.

A request is *lost* when it got no answer or an error of the gateway (500 and above, but for 503 as
a refusal), *cut* when its stream ended without its last event after its engine died, *refused* with
429 or 503.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from load import request
from subjects import HERE, LOAD_CPU, Subject, pinned, start, wait_for_answer

from zeta_router.learn.condition.leak import LeakDetector, theil_sen

PORTS = [18541, 18542, 18543]
PORT = 18540
PARTS = 10
DAY_MINUTES = 1440.0
CLIENTS = 48
CAPACITY_S = 10.0
STREAMS, LEAVES = 0.1, 0.02
FAULT_EVERY_S, FAULT_S = 60.0, 5.0


@dataclass
class Part:
    """What came of the requests of one part of the run."""

    fates: Counter[str] = field(default_factory=Counter)
    took_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    def line(self) -> str:
        """For people."""
        took = sorted(self.took_s) or [0.0]
        at = {q: 1000 * took[min(len(took) - 1, int(q * len(took)))] for q in (0.5, 0.99)}
        counts = " ".join(f"{name} {self.fates[name]}" for name in ("ok", *_FATES))
        return (
            f"{counts}  whole answers p50 {at[0.5]:.0f} ms p99 {at[0.99]:.0f} ms  "
            f"RSS {min(self.memory_mb or [0]):.0f} MB"
        )


_FATES = ("refused", "left", "cut", "lost")


class Engines:
    """Three engines that can be stopped and killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.processes = [self._start(port) for port in PORTS]

    def _start(self, port: int) -> subprocess.Popen[bytes]:
        log = self._folder / f"engine-{port}.log"
        process = pinned(LOAD_CPU, [sys.executable, str(HERE / "engine.py"), str(port)], log)
        wait_for_answer(port, process, log)
        return process

    async def harm(self, number: int) -> None:
        """Stop or kill one for a while."""
        place, kills = number % len(PORTS), number % 2 == 1
        process = self.processes[place]
        os.kill(process.pid, signal.SIGKILL if kills else signal.SIGSTOP)
        await asyncio.sleep(FAULT_S)
        if kills:
            process.wait()
            self.processes[place] = await asyncio.to_thread(self._start, PORTS[place])
        else:
            os.kill(process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """End them."""
        for process in self.processes:
            process.kill()
            process.wait()


class Soak:
    """The load, and what came of it."""

    def __init__(self, session: aiohttp.ClientSession, seed: int) -> None:
        self._session = session
        self._draws = random.Random(seed)
        self.part = Part()

    async def one(self) -> None:
        """One request, to its end or to the client's."""
        streams = self._draws.random() < STREAMS
        patience_s = None
        if self._draws.random() < LEAVES:
            patience_s = self._draws.uniform(0.0, 0.5 if streams else 0.02)
        body = request(PORT, "auto", chunks=20 if streams else 0).partition(b"\r\n\r\n")[2]
        began_s, part = time.perf_counter(), self.part
        try:
            async with asyncio.timeout(patience_s):
                fate = await self._asked(body, streams)
        except TimeoutError:
            fate = "left" if patience_s is not None else "lost"
        except aiohttp.ClientError:
            fate = "lost"
        part.fates[fate] += 1
        if fate == "ok" and not streams:
            part.took_s.append(time.perf_counter() - began_s)

    async def _asked(self, body: bytes, streams: bool) -> str:
        headers = {"content-type": "application/json"}
        url = f"http://127.0.0.1:{PORT}/v1/chat/completions"
        async with self._session.post(url, data=body, headers=headers) as answer:
            said = await answer.read()
            if answer.status in (429, 503):
                return "refused"
            if answer.status != 200:
                return "lost"
            return "ok" if not streams or b"[DONE]" in said else "cut"

    async def capacity_per_s(self) -> float:
        """Requests a second with many clients that ask without a pause."""
        until_s = time.perf_counter() + CAPACITY_S

        async def ask_on() -> None:
            while time.perf_counter() < until_s:
                await self.one()

        await asyncio.gather(*(ask_on() for _ in range(CLIENTS)))
        done, self.part = sum(self.part.fates.values()), Part()
        return done / CAPACITY_S

    async def steady(self, per_s: float, seconds: float) -> None:
        """Requests at a steady rate."""
        began_s, running = time.perf_counter(), set[asyncio.Task[None]]()
        for number in range(int(per_s * seconds)):
            await asyncio.sleep(max(0.0, began_s + number / per_s - time.perf_counter()))
            task = asyncio.create_task(self.one())
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)


async def soaked(
    subject: Subject, engines: Engines, minutes: float, share: float
) -> dict[str, Any]:
    """Everything that was found."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        soak = Soak(session, seed=1)
        per_s = share * await soak.capacity_per_s()
        sys.stdout.write(f"{per_s:.0f} requests a second for {minutes:g} minutes\n")
        detector = LeakDetector(speed=DAY_MINUTES / minutes)
        sizes: list[tuple[float, float]] = []
        parts: list[Part] = []
        watching = asyncio.create_task(_watched(subject, soak, detector, sizes))
        harming = asyncio.create_task(_harmed(engines))
        for number in range(PARTS):
            soak.part = Part()
            parts.append(soak.part)
            await soak.steady(per_s, 60.0 * minutes / PARTS)
            sys.stdout.write(f"{number + 1:2}/{PARTS}  {parts[-1].line()}\n")
            sys.stdout.flush()
        for task in (watching, harming):
            task.cancel()
        await asyncio.gather(watching, harming, return_exceptions=True)
        left = await _left(session)
    later = [size for size in sizes if size[0] > 0.3 * 60.0 * minutes]
    slope = 3600.0 * theil_sen([at for at, _ in later], [size for _, size in later])
    fates: Counter[str] = sum((part.fates for part in parts), Counter())
    return {
        "per_s": per_s,
        "minutes": minutes,
        **{name: fates[name] for name in ("ok", *_FATES)},
        "in_flight_at_the_end": left,
        "slope_mb_per_h": slope,
        "leaking": detector.leaking,
    }


async def _watched(
    subject: Subject, soak: Soak, detector: LeakDetector, sizes: list[tuple[float, float]]
) -> None:
    began_s = time.perf_counter()
    while True:
        size_mb = await asyncio.to_thread(subject.memory_mb)
        at_s = time.perf_counter() - began_s
        soak.part.memory_mb.append(size_mb)
        sizes.append((at_s, size_mb))
        detector.observe(at_s, size_mb * 1e6)
        await asyncio.sleep(5.0)


async def _harmed(engines: Engines) -> None:
    number = 0
    while True:
        await asyncio.sleep(FAULT_EVERY_S - FAULT_S)
        await engines.harm(number)
        number += 1


async def _left(session: aiohttp.ClientSession) -> int:
    """Queries that the gateway holds or thinks are being served, when nobody asks any more."""
    await asyncio.sleep(2.0)
    async with session.get(f"http://127.0.0.1:{PORT}/zeta/fleet") as answer:
        fleet = await answer.json()
    return sum(each["in_flight"] for each in fleet["endpoints"]) + sum(fleet["queued"].values())


def main() -> int:
    """As the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--share", type=float, default=0.8)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    os.sched_setaffinity(0, {int(LOAD_CPU)})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engines = Engines(folder)
        try:
            subject = start("zeta", PORT, PORTS, folder)
            if subject is None:
                return 1
            try:
                found = uvloop.run(soaked(subject, engines, given.minutes, given.share))
            finally:
                subject.stop()
        finally:
            engines.stop()
    if given.json is not None:
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write("".join(f"{key}: {value}\n" for key, value in found.items()))
    return 1 if found["lost"] or found["in_flight_at_the_end"] else 0


if __name__ == "__main__":
    sys.exit(main())
