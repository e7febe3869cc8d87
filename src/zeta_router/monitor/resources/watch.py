"""Which measurement belongs to which endpoint."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from zeta_router.core.fleet import Endpoint
from zeta_router.core.signal import Signal
from zeta_router.monitor.client import EngineClient
from zeta_router.monitor.resources import gpu, memory
from zeta_router.monitor.resources.exporters import DcgmExporter, NodeExporter
from zeta_router.monitor.resources.processes import LocalProcesses, NotMeasurable, Usage
from zeta_router.monitor.resources.usage import CpuMean, Resources

_PORTS = {"http": 80, "https": 443}


class Places(Protocol):
    """Where an endpoint's machine is measured, as configured under ``resources``."""

    @property
    def local(self) -> bool:
        """Whether to look for the process behind the endpoint's port."""

    @property
    def node_exporter(self) -> str | None:
        """URL of a node_exporter, or None."""

    @property
    def dcgm(self) -> str | None:
        """URL of a DCGM exporter, or None."""


class Processes(Protocol):
    """Reads the process behind a local port; blocks."""

    def usage(self, port: int, now_s: float) -> Usage:
        """What it uses, or `NotMeasurable`."""


class ResourceWatch:
    """Measures endpoints.

    Args:
        client: Fetches from exporters; its clock dates the readings.
        places_of: Where an endpoint is measured, by its id; None measures nothing.
        processes: Reads local processes.
        nvml: Reads local GPUs; None where there are none.
    """

    def __init__(
        self,
        client: EngineClient,
        places_of: Callable[[str], Places | None],
        processes: Processes | None = None,
        nvml: gpu.Nvml | None = None,
    ) -> None:
        self._client = client
        self._places_of = places_of
        self._processes = processes or LocalProcesses()
        self._nvml = nvml
        self._one_at_a_time = asyncio.Lock()
        self._means: dict[int, tuple[str, CpuMean]] = {}
        self._node_exporters: dict[str, NodeExporter] = {}
        self._dcgm_exporters: dict[str, DcgmExporter] = {}
        self._latest: dict[str, Resources] = {}

    def latest(self, endpoint_id: str) -> Resources | None:
        """What was read last; None before. GPUs are only here: a poll's sample has no room."""
        return self._latest.get(endpoint_id)

    async def read(self, endpoint: Endpoint) -> Resources:
        """What is known of the endpoint's machine; never raises."""
        found = self._latest[endpoint.id] = await self._read(endpoint)
        return found

    async def _read(self, endpoint: Endpoint) -> Resources:
        places = self._places_of(endpoint.id)
        found = Resources()
        if places is None:
            return found
        if places.local and (port := local_port(endpoint.url)) is not None:
            found = await self._local(port)
        if (url := places.node_exporter) is not None:
            exporter = self._node_exporters.get(url) or NodeExporter(self._client, url)
            found = found.or_else(await self._node_exporters.setdefault(url, exporter).read())
        if (url := places.dcgm) is not None:
            gpus = self._dcgm_exporters.get(url) or DcgmExporter(self._client, url)
            found = found.or_else(await self._dcgm_exporters.setdefault(url, gpus).read())
        return found

    async def _local(self, port: int) -> Resources:
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._look, port)

    def _look(self, port: int) -> Resources:
        at_s = self._client.clock()
        try:
            usage = self._processes.usage(port, at_s)
        except NotMeasurable as reason:
            self._means.pop(port, None)
            unknown = Signal(None, at_s, str(reason))
            return Resources(cpu_ratio=unknown, rss_bytes=unknown)
        own = Resources(
            cpu_ratio=self._cpu(port, usage, at_s),
            rss_bytes=Signal(usage.rss_bytes, at_s, usage.source),
            memory_left_bytes=Signal(memory.left_bytes(), at_s, memory.SOURCE),
        )
        return own.or_else(self._nvml.read(usage.pids, at_s)) if self._nvml else own

    def _cpu(self, port: int, usage: Usage, at_s: float) -> Signal:
        known = self._means.get(port)
        if known is None or known[0] != usage.source:
            known = self._means[port] = (usage.source, CpuMean())
        mean = known[1]
        mean.add(at_s, usage.cpu_s)
        used = mean.ratio(usage.cores)
        told = f"{usage.source} over {usage.cores} cores"
        return Signal(used, at_s, told if used is not None else f"{told}: one reading yet")


def local_port(url: str) -> int | None:
    """The port of an address on this machine; None for another machine or no port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        here = host == "localhost" or ipaddress.ip_address(host).is_loopback
        return (parts.port or _PORTS.get(parts.scheme)) if here else None
    except ValueError:
        return None
