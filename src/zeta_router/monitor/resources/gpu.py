"""Local NVIDIA GPUs through NVML, if `nvidia-ml-py` is installed and there is a driver.

An engine's GPUs are those on which one of its processes holds memory. Inside a container NVML tells
process numbers of the host, or none: then nothing matches and nothing is claimed.
"""

from __future__ import annotations

import importlib
from collections.abc import Set as AbstractSet
from typing import Any

from zeta_router.core.signal import Signal
from zeta_router.monitor.engines.reading import ratio
from zeta_router.monitor.resources.usage import Resources


class Nvml:
    """The GPUs of this machine."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def read(self, pids: AbstractSet[int], at_s: float) -> Resources:
        """The GPUs that these processes hold memory on; nothing where there is none."""
        try:
            mine = self._devices_of(pids)
            if not mine:
                return Resources()
            return self._over([device for device, _ in mine], [held for _, held in mine], at_s)
        except self._library.NVMLError as error:
            failed = Signal(None, at_s, f"NVML: {error}")
            return Resources(gpu_ratio=failed, gpu_memory_bytes=failed, gpu_memory_ratio=failed)

    def _devices_of(self, pids: AbstractSet[int]) -> list[tuple[Any, float | None]]:
        """Each device that one of the processes is on, with the bytes that they hold there."""
        found = []
        for index in range(self._library.nvmlDeviceGetCount()):
            device = self._library.nvmlDeviceGetHandleByIndex(index)
            running = self._library.nvmlDeviceGetComputeRunningProcesses(device)
            held = [process.usedGpuMemory for process in running if process.pid in pids]
            if held:
                total = None if None in held else float(sum(held))
                found.append((device, total))
        return found

    def _over(self, devices: list[Any], held: list[float | None], at_s: float) -> Resources:
        busy = [float(self._library.nvmlDeviceGetUtilizationRates(one).gpu) for one in devices]
        memory = [self._library.nvmlDeviceGetMemoryInfo(one) for one in devices]
        used, total = sum(one.used for one in memory), sum(one.total for one in memory)
        known = [value for value in held if value is not None]
        complete = len(known) == len(held)
        return Resources(
            gpu_ratio=ratio(sum(busy) / len(busy) / 100.0, "NVML utilisation").at(at_s),
            gpu_memory_bytes=Signal(sum(known), at_s, "NVML memory of its processes")
            if complete
            else Signal(None, at_s, "NVML does not tell memory by process"),
            gpu_memory_ratio=ratio(used / total if total else None, "NVML memory").at(at_s),
        )


def load() -> Nvml | None:
    """NVML, or None where the library or the driver is missing; both are quite normal."""
    try:
        library = importlib.import_module("pynvml")
    except ImportError:
        return None
    try:
        library.nvmlInit()
    except library.NVMLError:
        return None
    return Nvml(library)
