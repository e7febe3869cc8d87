import asyncio
from dataclasses import dataclass

import pytest

from zeta_router.core.fleet import Endpoint
from zeta_router.core.signal import Signal
from zeta_router.monitor.engines.protocol import Reply
from zeta_router.monitor.resources.processes import NotMeasurable, Usage
from zeta_router.monitor.resources.usage import Resources
from zeta_router.monitor.resources.watch import ResourceWatch, local_port


@dataclass
class Places:
    local: bool = True
    node_exporter: str | None = None
    dcgm: str | None = None


class FakeClient:
    def __init__(self):
        self.now_s = 0.0
        self.asked = []

    def clock(self):
        return self.now_s

    async def fetch(self, base_url, ask, api_key):
        self.asked.append(base_url)
        used = self.now_s * 0.5
        page = f'node_cpu_seconds_total{{cpu="0",mode="user"}} {used}\nDCGM_FI_DEV_GPU_UTIL 30\n'
        return Reply(self.now_s, 200, page.encode())


class FakeProcesses:
    """Uses half a core of two; which process it is can be changed."""

    def __init__(self):
        self.source = "engine (pid 1)"
        self.asked = []
        self.problem = None

    def usage(self, port, now_s):
        self.asked.append(port)
        if self.problem:
            raise NotMeasurable(self.problem)
        return Usage(now_s * 0.5, 1e9, 2, self.source, frozenset({1}))


def watching(client=None, places=None, processes=None, **more):
    processes = processes or FakeProcesses()
    places = places or Places()
    return ResourceWatch(client or FakeClient(), lambda _: places, processes, **more), processes


LOCAL = Endpoint("e", "http://127.0.0.1:8000", "m")
REMOTE = Endpoint("r", "http://10.0.0.7:8000", "m")


def read_over_ten_seconds(watch, client, endpoint):
    for second in range(0, 11, 5):
        client.now_s = float(second)
        found = asyncio.run(watch.read(endpoint))
    return found


def test_a_local_engine_is_measured_by_its_process():
    client = FakeClient()
    watch, processes = watching(client)
    found = read_over_ten_seconds(watch, client, LOCAL)
    assert found.cpu_ratio == Signal(0.25, 10.0, "engine (pid 1) over 2 cores")
    assert found.rss_bytes == Signal(1e9, 10.0, "engine (pid 1)")
    assert set(processes.asked) == {8000}


def test_the_first_look_has_memory_but_no_mean_yet():
    watch, _ = watching()
    found = asyncio.run(watch.read(LOCAL))
    assert found.rss_bytes.value == 1e9
    assert found.cpu_ratio.value is None
    assert "one reading yet" in found.cpu_ratio.source


def test_a_new_process_starts_a_new_mean():
    client = FakeClient()
    watch, processes = watching(client)
    read_over_ten_seconds(watch, client, LOCAL)
    processes.source = "engine (pid 2)"
    client.now_s = 11.0
    assert asyncio.run(watch.read(LOCAL)).cpu_ratio.value is None


def test_what_cannot_be_measured_is_absent_with_the_reason():
    watch, processes = watching()
    processes.problem = "no process that we may see listens on port 8000"
    found = asyncio.run(watch.read(LOCAL))
    assert found.cpu_ratio.value is None
    assert found.rss_bytes.source == processes.problem


def test_a_remote_engine_is_not_looked_for_among_local_processes():
    watch, processes = watching()
    assert asyncio.run(watch.read(REMOTE)) == Resources()
    assert processes.asked == []


def test_nothing_is_measured_where_nothing_is_wanted():
    watch, processes = watching(places=Places(local=False))
    assert asyncio.run(watch.read(LOCAL)) == Resources()
    nowhere = ResourceWatch(FakeClient(), lambda _: None, processes)
    assert asyncio.run(nowhere.read(LOCAL)) == Resources()
    assert processes.asked == []


def test_exporters_measure_remote_machines():
    client = FakeClient()
    places = Places(False, node_exporter="http://10.0.0.7:9100", dcgm="http://10.0.0.7:9400")
    watch, _ = watching(client, places)
    found = read_over_ten_seconds(watch, client, REMOTE)
    assert found.cpu_ratio.value == pytest.approx(0.5)
    assert found.gpu_ratio.value == pytest.approx(0.3)
    assert set(client.asked) == {"http://10.0.0.7:9100", "http://10.0.0.7:9400"}


def test_endpoints_on_one_machine_share_its_exporter():
    client = FakeClient()
    watch, _ = watching(client, Places(False, node_exporter="http://10.0.0.7:9100"))
    for name in "abc":
        asyncio.run(watch.read(Endpoint(name, "http://10.0.0.7:1", "m")))
    assert len(client.asked) == 1


def test_gpus_of_the_process_join_its_cpu_and_memory():
    class Nvml:
        def read(self, pids, at_s):
            return Resources(gpu_ratio=Signal(0.9, at_s, f"pids {sorted(pids)}"))

    watch, _ = watching(nvml=Nvml())
    found = asyncio.run(watch.read(LOCAL))
    assert found.gpu_ratio.source == "pids [1]"
    assert found.rss_bytes.value == 1e9


def test_local_processes_are_read_one_at_a_time():
    class Counting(FakeProcesses):
        inside = 0
        most = 0

        def usage(self, port, now_s):
            self.inside += 1
            self.most = max(self.most, self.inside)
            found = super().usage(port, now_s)
            self.inside -= 1
            return found

    async def all_at_once(watch):
        await asyncio.gather(*(watch.read(LOCAL) for _ in range(20)))

    watch, processes = watching(processes=Counting())
    asyncio.run(all_at_once(watch))
    assert processes.most == 1
    assert len(processes.asked) == 20


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("http://127.0.0.1:8000", 8000),
        ("http://localhost:1234/v1", 1234),
        ("http://[::1]:9", 9),
        ("http://127.8.9.1", 80),
        ("https://localhost", 443),
        ("http://10.0.0.7:8000", None),
        ("http://engine.example:8000", None),
        ("http://127.0.0.1:99999", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_which_addresses_are_this_machine(url, port):
    assert local_port(url) == port
