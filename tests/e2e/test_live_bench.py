"""`zeta bench` at a real gateway over an emulated engine, each a process of its own."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.asking import ask
from support.process import ZETA, Zeta, configured, eventually

FLEET = """
models:
  coder: {tasks: {code: 0.8, simple: 0.6, reasoning: 0.5}, params_b: 7}
endpoints:
  - id: c
    url: "URL"
    model: coder
    engine: vllm
    slots: 4
    simulate: {prefill_tokens_per_s: 80000, step_s: 0.002, step_per_seq_s: 0.0001, slots: 4}
routes: {code: coder, simple: coder, reasoning: coder}
limits: {max_wait_s: 0.5}
"""
"""Four slots and 2.4 ms a token: about 11 answers of 150 tokens a second."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zeta]:
    folder = tmp_path_factory.mktemp("bench")
    with emulated(folder) as url, configured(folder / "gateway", FLEET.replace("URL", url)) as zeta:
        assert eventually(lambda: ask(f"{zeta.url}/ready").status == 200)
        yield zeta


@contextlib.contextmanager
def emulated(folder: Path) -> Iterator[str]:
    """`zeta emulate` on a free port; its address."""
    (folder / "fleet.yaml").write_text(FLEET.replace("URL", "http://127.0.0.1:9"))
    flags = ["--fleet", "fleet.yaml", "--endpoint", "c", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        [*ZETA, "emulate", *flags], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "emulating coder on http" in line, line
        yield line.split()[-1]
    finally:
        process.terminate()
        process.communicate(timeout=30)


def bench(url: str, *flags: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*ZETA, "bench", url, *flags, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = process.communicate(timeout=60)
    told: dict[str, Any] = json.loads(out)
    return told


def test_an_overload_is_answered_or_refused_and_nothing_is_lost(gateway: Zeta) -> None:
    process = bench(gateway.url, "--trace", "poisson:rate=40", "--minutes", "0.05")
    told = finished(process)
    assert process.returncode == 0
    assert told["arrivals"] == told["scheduled"] > 60
    assert told["lost"] == told["errors"] == 0
    assert told["answered"] + told["refused"] == told["arrivals"]
    assert told["answered"] > 0
    assert told["refused"] > 0
    assert told["refused_with_retry_after"] == told["refused"]
    assert told["by_model"] == {"coder": told["answered"]}
    assert told["by_endpoint"] == {"c": told["answered"]}
    assert told["ttft_p99_s"] > 0
    assert told["output_tokens"] > told["answered"]


def test_ctrl_c_reports_what_was_done_and_leaves_nothing_behind(gateway: Zeta) -> None:
    def in_flight() -> int:
        (endpoint,) = ask(f"{gateway.url}/zeta/fleet").json["endpoints"]
        return int(endpoint["in_flight"])

    assert eventually(lambda: in_flight() == 0)
    process = bench(gateway.url, "--trace", "poisson:rate=20", "--minutes", "5")
    assert eventually(lambda: in_flight() > 0)
    process.send_signal(signal.SIGINT)
    told = finished(process)
    assert process.returncode == 130
    assert 0 < told["arrivals"] < told["scheduled"]
    assert told["lost"] == 0
    assert told["stopped"] > 0
    assert eventually(lambda: in_flight() == 0)
