"""The router's own memory, watched by the detector that watches the engines'.

A router runs for months. What it would lose in an hour shows in no test; a process that says by
itself that it leaks is found out before it is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import psutil

from zeta_router.app.background import in_background
from zeta_router.learn.condition.leak import SLOPE_BYTES_PER_H, LeakDetector

EVERY_S = 10.0

LEAST_BYTES_PER_H = SLOPE_BYTES_PER_H / 5.0
"""The router is small; an engine may swing by more than that."""


class OwnMemory:
    """What this process' memory does.

    Args:
        clock: Seconds that do not run backwards.
        load: What its memory may follow: the queries on their way.
        resident_bytes: Reads the resident size.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        load: Callable[[], int],
        resident_bytes: Callable[[], float] | None = None,
    ) -> None:
        self.detector = LeakDetector(LEAST_BYTES_PER_H)
        self._clock = clock
        self._load = load
        self._resident_bytes = resident_bytes or _own_bytes

    def look(self) -> None:
        """Take a sample."""
        self.detector.observe(self._clock(), self._resident_bytes(), float(self._load()))

    def trouble(self) -> str | None:
        """What is wrong with it, if anything."""
        if not self.detector.leaking:
            return None
        slope = self.detector.trend.slope_bytes_per_h / 1e6
        return f"the router's own memory grows by {slope:.0f} MB/h at equal load: please report it"


@contextlib.asynccontextmanager
async def looked_after(memory: OwnMemory) -> AsyncIterator[None]:
    """Sample until the end of the block."""

    async def run() -> None:
        while True:
            memory.look()
            await asyncio.sleep(EVERY_S)

    async with in_background(run()):
        yield


def _own_bytes() -> float:
    return float(psutil.Process().memory_info().rss)
