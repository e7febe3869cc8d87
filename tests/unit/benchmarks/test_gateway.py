"""The parts of the gateway benchmark as they are run: engine, bare gateway, load; and the table."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.observed import free_port
from support.process import environment

FOLDER = Path(__file__).parents[3] / "benchmarks" / "gateway"


@contextmanager
def script(name: str, *given: str) -> Iterator[None]:
    """A script of the benchmark, until the end of the block."""
    process = subprocess.Popen([sys.executable, str(FOLDER / name), *given], env=environment())
    try:
        yield
    finally:
        process.kill()
        process.wait(20)


def told(name: str, *given: str) -> Any:
    """What a script writes as JSON."""
    command = [sys.executable, str(FOLDER / name), *given]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


@pytest.mark.parametrize("client", ["lean", "aiohttp"])
def test_load_through_a_bare_gateway(client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    from subjects import wait_for_answer  # type: ignore[import-not-found]

    engine, gateway = free_port(), free_port()
    with ExitStack() as stack:
        stack.enter_context(script("engine.py", str(engine)))
        stack.enter_context(script("bare.py", client, str(gateway), str(engine)))
        wait_for_answer(engine, None, FOLDER)
        wait_for_answer(gateway, None, FOLDER)
        asked = told("load.py", "rate", str(gateway), "m", "100", "0.5")
        assert (asked["asked"], asked["failed"]) == (50, 0)
        assert 0 < asked["p50"] <= asked["p99"]
        streamed = told("load.py", "streams", str(gateway), "m", "3", "4")
        assert (streamed["ended"], streamed["chunks"]) == (3, 12)
        assert streamed["first_p50"] > 0


def test_the_table_marks_who_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    from shown import COLUMNS, medians, table  # type: ignore[import-not-found]

    rate = {"p50": 1.0, "p99": 2.0}
    closed = {"per_s": 5.0, "us": 1.0, "failed": 0, "others_ratio": 0.5}
    start = [{"started_s": 0.1, "idle_mb": 9.0}]
    plain = {
        name: {
            "start": start,
            "rate 200": [rate],
            "rate 1000": [rate],
            "pinned": [closed, {**closed, "failed": failed}, {**closed, "failed": failed}],
        }
        for name, failed in (("direct", 0), ("one", 3))
    }
    lines = table(
        medians(plain), {"direct": {"streams": {"first_p50": 0.0, "p50": 0.0, "us": 0.0}}}
    )
    head, rule, direct, one = lines.splitlines()
    assert head.count("|") == rule.count("|") == one.count("|") == len(COLUMNS) + 1
    assert "*" in one
    assert "*" not in direct
