"""Remote machines: Prometheus node_exporter for CPU and memory, DCGM exporter for GPUs.

Both speak of a whole machine. For an engine that has the machine to itself that is the same thing;
for several engines on one machine every one of them is shown the machine's load, which the source
of the signal says.
"""

from __future__ import annotations

import math

from zeta_router.core.signal import Signal
from zeta_router.monitor.client import EngineClient, Line
from zeta_router.monitor.engines.exposition import Page
from zeta_router.monitor.engines.protocol import Ask, Conversation, Reply
from zeta_router.monitor.engines.reading import ratio
from zeta_router.monitor.resources.usage import CpuMean, Resources

SCRAPE = Ask("/metrics", every_s=4.0, patience=2.0)
"""Exporters walk all of `/proc` or ask the driver: not every second."""

CPU = "node_cpu_seconds_total"
AVAILABLE = "node_memory_MemAvailable_bytes"
TOTAL = "node_memory_MemTotal_bytes"
IDLE_MODES = frozenset({"idle", "iowait"})

GPU_UTIL = "DCGM_FI_DEV_GPU_UTIL"
FB_USED = "DCGM_FI_DEV_FB_USED"
FB_FREE = "DCGM_FI_DEV_FB_FREE"
MIB = 1024.0 * 1024.0


class NodeExporter:
    """CPU and memory of a machine."""

    def __init__(self, client: EngineClient, url: str) -> None:
        self._line = Line(client, _without_metrics(url))
        self._mean = CpuMean()

    async def read(self) -> Resources:
        """The machine's load; absent signals say why."""
        page = Page(await self._line.hold(_scrape()), (CPU, AVAILABLE, TOTAL))
        return Resources(
            cpu_ratio=self._cpu(page),
            memory_left_bytes=page.size(AVAILABLE),
            host_memory_ratio=_host_memory(page),
        )

    def _cpu(self, page: Page) -> Signal:
        series = page.series(CPU)
        busy_s = sum(value for labels, value in series if labels.get("mode") not in IDLE_MODES)
        cores = {labels.get("cpu") for labels, _ in series}
        if not series or not math.isfinite(busy_s):
            return page.count(CPU) if not series else Signal(None, page.at_s, f"{CPU}: unreadable")
        self._mean.add(page.at_s, busy_s)
        used = self._mean.ratio(len(cores))
        source = f"node_exporter {CPU}, whole machine"
        return Signal(used, page.at_s, source if used is not None else f"{source}: one reading yet")


class DcgmExporter:
    """The GPUs of a machine."""

    def __init__(self, client: EngineClient, url: str) -> None:
        self._line = Line(client, _without_metrics(url))

    async def read(self) -> Resources:
        """Utilisation and memory over all its GPUs; absent signals say why."""
        page = Page(await self._line.hold(_scrape()), (GPU_UTIL, FB_USED, FB_FREE))
        util, used, free = page.count(GPU_UTIL), page.count(FB_USED), page.count(FB_FREE)
        gpus = len(page.series(GPU_UTIL))
        return Resources(
            gpu_ratio=_share(util, 100.0 * gpus),
            gpu_memory_bytes=_times(used, MIB),
            gpu_memory_ratio=_part_of(used, free),
        )


def _scrape() -> Conversation[Reply]:
    (reply,) = yield (SCRAPE,)
    return reply


def _without_metrics(url: str) -> str:
    return url.strip().rstrip("/").removesuffix("/metrics")


def _host_memory(page: Page) -> Signal:
    available, total = page.size(AVAILABLE), page.size(TOTAL)
    if available.value is None or total.value is None:
        return available if available.value is None else total
    used = 1.0 - available.value / total.value
    return ratio(used, "node_exporter MemAvailable of MemTotal").at(page.at_s)


def _share(part: Signal, whole: float) -> Signal:
    if part.value is None or whole <= 0:
        return part
    return ratio(part.value / whole, part.source).at(part.observed_at_s)


def _times(signal: Signal, factor: float) -> Signal:
    if signal.value is None:
        return signal
    return Signal(signal.value * factor, signal.observed_at_s, signal.source)


def _part_of(used: Signal, free: Signal) -> Signal:
    if used.value is None or free.value is None:
        return used if used.value is None else free
    whole = used.value + free.value
    share = used.value / whole if whole > 0 else None
    return ratio(share, f"{used.source} of used and free").at(used.observed_at_s)
