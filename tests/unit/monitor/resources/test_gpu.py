import sys
from types import SimpleNamespace

import pytest

from zeta_router.monitor.resources import gpu
from zeta_router.monitor.resources.gpu import Nvml
from zeta_router.monitor.resources.usage import Resources

GIB = 1024**3


class FakeNvml:
    """NVML with devices of (utilisation, used, total, {pid: bytes})."""

    class NVMLError(Exception):
        pass

    def __init__(self, *devices, broken=False):
        self.devices = devices
        self.broken = broken

    def nvmlInit(self):  # noqa: N802
        if self.broken:
            raise self.NVMLError("Driver Not Loaded")

    def nvmlDeviceGetCount(self):  # noqa: N802
        if self.broken:
            raise self.NVMLError("Unknown Error")
        return len(self.devices)

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return self.devices[index]

    def nvmlDeviceGetComputeRunningProcesses(self, device):  # noqa: N802
        return [SimpleNamespace(pid=p, usedGpuMemory=held) for p, held in device[3].items()]

    def nvmlDeviceGetUtilizationRates(self, device):  # noqa: N802
        return SimpleNamespace(gpu=device[0], memory=0)

    def nvmlDeviceGetMemoryInfo(self, device):  # noqa: N802
        return SimpleNamespace(used=device[1], total=device[2], free=device[2] - device[1])


MINE = (80, 60 * GIB, 80 * GIB, {7: 50 * GIB, 99: 10 * GIB})
ALSO_MINE = (40, 20 * GIB, 80 * GIB, {8: 20 * GIB})
OTHERS = (100, 79 * GIB, 80 * GIB, {99: 79 * GIB})


def read(*devices, pids=frozenset({7, 8})):
    return Nvml(FakeNvml(*devices)).read(pids, 3.0)


def test_only_the_gpus_that_it_is_on_count():
    found = read(MINE, OTHERS, ALSO_MINE)
    assert found.gpu_ratio.value == pytest.approx(0.6)
    assert found.gpu_memory_bytes.value == 70 * GIB
    assert found.gpu_memory_ratio.value == pytest.approx(0.5)
    assert found.gpu_ratio.observed_at_s == 3.0


def test_an_engine_on_no_gpu_has_no_gpu_signals():
    assert read(OTHERS) == Resources()
    assert read() == Resources()


def test_memory_by_process_may_not_be_told():
    found = read((80, 60 * GIB, 80 * GIB, {7: None}))
    assert found.gpu_memory_bytes.value is None
    assert "by process" in found.gpu_memory_bytes.source
    assert found.gpu_ratio.value == pytest.approx(0.8)


def test_a_driver_that_fails_is_absent_with_its_reason():
    found = Nvml(FakeNvml(MINE, broken=True)).read({7}, 3.0)
    assert found.gpu_ratio.value is None
    assert found.gpu_ratio.source == "NVML: Unknown Error"


class TestLoading:
    def test_without_the_library(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pynvml", None)
        assert gpu.load() is None

    def test_without_a_driver(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(broken=True))
        assert gpu.load() is None

    def test_with_both(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(MINE))
        assert gpu.load().read({7}, 0.0).gpu_ratio.value == pytest.approx(0.8)
