"""`make observe` as a person runs it: the embedded fleet, a real Prometheus, load, Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from support.asking import ask
from support.observed import OBSERVE, Prometheus, free_port
from support.process import eventually

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


class Observing:
    """observe/run.py as a child, with what it says."""

    def __init__(self, folder: Path) -> None:
        self.prometheus = Prometheus(f"http://127.0.0.1:{free_port()}")
        self.gateway = f"http://127.0.0.1:{free_port()}"
        flags = ["--load", "1", "--listen", self.gateway.removeprefix("http://")]
        flags += ["--prometheus", self.prometheus.url.removeprefix("http://")]
        self._said = folder / "said"
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, str(OBSERVE / "run.py"), *flags],
                stdout=subprocess.DEVNULL,
                stderr=said,
                env={**os.environ, "TMPDIR": str(folder)},
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self._said.read_text(encoding="utf-8")

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def test_it_starts_is_fed_and_leaves_nothing(tmp_path: Path) -> None:
    watch = Observing(tmp_path)
    family: list[psutil.Process] = []
    try:
        ready = lambda: "ready; Ctrl-C" in watch.said or watch.process.poll() is not None  # noqa: E731
        assert eventually(ready, 300.0), watch.said
        assert watch.process.poll() is None, watch.said
        assert re.search(rf"Prometheus +{watch.prometheus.url}/graph", watch.said)
        assert ask(f"{watch.gateway}/ready").status == 200
        assert eventually(lambda: watch.prometheus.query('up{job="zeta"} == 1') != [], 30.0)
        answered = 'sum(zeta_requests_total{outcome="ok"}) > 0'
        assert eventually(lambda: watch.prometheus.query(answered) != [], 150.0)
        assert eventually(lambda: watch.prometheus.query("endpoint:zeta_busy:ratio") != [], 60.0), (
            "no rule was evaluated"
        )
        cpu = watch.prometheus.query("zeta_endpoint_cpu_ratio")
        assert len(cpu) == 4, "each embedded engine shows its process"
        family = watch.family()
        assert len(family) >= 7  # the gateway, four engines, Prometheus, the load
    finally:
        watch.process.send_signal(signal.SIGINT)
        pause = threading.Timer(0.2, watch.process.send_signal, (signal.SIGINT,))
        pause.start()  # impatient: Ctrl-C twice
        code = watch.process.wait(timeout=90)
        pause.cancel()
    assert code == 0, watch.said
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    assert [path.name for path in tmp_path.iterdir()] == ["said"], "its folder is gone, too"


def test_killed_it_takes_its_children_along(tmp_path: Path) -> None:
    watch = Observing(tmp_path)
    assert eventually(lambda: len(watch.family()) >= 1, 30.0), watch.said
    family = watch.family()
    watch.process.kill()
    watch.process.wait(timeout=30)
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
