import asyncio

import pytest

from zeta_router.monitor.engines.protocol import Reply
from zeta_router.monitor.resources.exporters import DcgmExporter, NodeExporter


class FakeClient:
    """Serves one page per scrape, ten seconds apart."""

    def __init__(self, *pages):
        self.pages = list(pages)
        self.now_s = 0.0
        self.asked = []

    def clock(self):
        return self.now_s

    async def fetch(self, base_url, ask, api_key):
        self.asked.append(base_url + ask.path)
        page = self.pages.pop(0)
        if isinstance(page, Reply):
            return page
        return Reply(self.now_s, 200, page.encode())


def node(idle, user, iowait=0.0, available=6e9, total=8e9):
    lines = []
    for cpu in (0, 1):
        for mode, seconds in (("idle", idle), ("user", user), ("iowait", iowait)):
            lines.append(f'node_cpu_seconds_total{{cpu="{cpu}",mode="{mode}"}} {seconds}')
    lines += [f"node_memory_MemAvailable_bytes {available}", f"node_memory_MemTotal_bytes {total}"]
    return "\n".join(lines) + "\n"


def read_twice(*pages):
    client = FakeClient(*pages)
    exporter = NodeExporter(client, "http://host:9100/metrics")
    first = asyncio.run(exporter.read())
    client.now_s = 10.0
    return first, asyncio.run(exporter.read())


class TestNodeExporter:
    def test_cpu_is_what_was_not_idle_over_all_cores(self):
        first, second = read_twice(node(100, 50), node(107.5, 52.5))
        assert first.cpu_ratio.value is None
        assert "one reading yet" in first.cpu_ratio.source
        assert second.cpu_ratio.value == pytest.approx(0.25)
        assert "whole machine" in second.cpu_ratio.source

    def test_waiting_for_a_disk_is_not_work(self):
        _, second = read_twice(node(100, 50, iowait=0), node(100, 50, iowait=10))
        assert second.cpu_ratio.value == pytest.approx(0.0)

    @pytest.mark.parametrize("odd", [("+Inf", "-Inf"), ("1e308", "1e308"), ("NaN", "1")])
    def test_what_cannot_be_summed_is_absent(self, odd):
        page = "".join(
            f'node_cpu_seconds_total{{cpu="{cpu}",mode="user"}} {seconds}\n'
            for cpu, seconds in enumerate(odd)
        )
        _, second = read_twice(page, page)
        assert second.cpu_ratio.value is None
        assert second.cpu_ratio.source == "node_cpu_seconds_total: unreadable"

    def test_a_rebooted_machine_starts_anew(self):
        _, second = read_twice(node(100, 50), node(1, 1))
        assert second.cpu_ratio.value is None

    def test_memory_is_what_is_not_available(self):
        first, _ = read_twice(node(1, 1), node(2, 2))
        assert first.host_memory_ratio.value == pytest.approx(0.25)

    @pytest.mark.parametrize(
        "page",
        [
            "",
            "other 1\n",
            "node_memory_MemTotal_bytes 8e9\n",
            "node_memory_MemAvailable_bytes 1\nnode_memory_MemTotal_bytes 0\n",
            "node_memory_MemAvailable_bytes 9e9\nnode_memory_MemTotal_bytes 8e9\n",
            'node_cpu_seconds_total{cpu="0",mode="user"} NaN\n',
            "<html>",
            Reply(0.0, 500),
            Reply(0.0, problem="refused"),
        ],
    )
    def test_what_it_does_not_tell_is_absent(self, page):
        first, second = read_twice(page, page)
        for reading in (first, second):
            assert reading.cpu_ratio.value is None
            assert reading.host_memory_ratio.value is None
            assert reading.cpu_ratio.source
        assert first.rss_bytes is None

    def test_the_address_may_be_given_with_its_path(self):
        client = FakeClient(node(1, 1))
        asyncio.run(NodeExporter(client, "http://host:9100/metrics").read())
        assert client.asked == ["http://host:9100/metrics"]

    def test_is_scraped_less_often_than_engines_are_polled(self):
        client = FakeClient(node(1, 1), node(2, 2))
        exporter = NodeExporter(client, "http://host:9100")
        for second in range(5):
            client.now_s = float(second)
            asyncio.run(exporter.read())
        assert len(client.asked) == 2


DCGM = """
DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="a"} 90
DCGM_FI_DEV_GPU_UTIL{gpu="1",UUID="b"} 10
DCGM_FI_DEV_FB_USED{gpu="0",UUID="a"} 30720
DCGM_FI_DEV_FB_USED{gpu="1",UUID="b"} 10240
DCGM_FI_DEV_FB_FREE{gpu="0",UUID="a"} 10240
DCGM_FI_DEV_FB_FREE{gpu="1",UUID="b"} 30720
"""


def read_dcgm(page):
    return asyncio.run(DcgmExporter(FakeClient(page), "http://host:9400").read())


class TestDcgmExporter:
    def test_reads_all_gpus_of_the_machine(self):
        read = read_dcgm(DCGM)
        assert read.gpu_ratio.value == pytest.approx(0.5)
        assert read.gpu_memory_bytes.value == 40 * 1024**3
        assert read.gpu_memory_ratio.value == pytest.approx(0.5)
        assert read.cpu_ratio is None

    def test_an_idle_empty_gpu_is_a_reading_of_zero(self):
        read = read_dcgm(
            "DCGM_FI_DEV_GPU_UTIL 0\nDCGM_FI_DEV_FB_USED 0\nDCGM_FI_DEV_FB_FREE 81920\n"
        )
        assert (read.gpu_ratio.value, read.gpu_memory_ratio.value) == (0.0, 0.0)

    @pytest.mark.parametrize(
        "page",
        [
            "",
            "DCGM_FI_DEV_GPU_TEMP 40\n",
            "DCGM_FI_DEV_GPU_UTIL NaN\nDCGM_FI_DEV_FB_USED -1\nDCGM_FI_DEV_FB_FREE x\n",
            "DCGM_FI_DEV_GPU_UTIL 420\n",
            Reply(0.0, 404),
        ],
    )
    def test_what_it_does_not_tell_is_absent(self, page):
        read = read_dcgm(page)
        for signal in (read.gpu_ratio, read.gpu_memory_bytes, read.gpu_memory_ratio):
            assert signal.value is None
            assert signal.source
