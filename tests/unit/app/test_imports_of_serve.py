"""What a gateway that answers has imported: each module more is memory, and time before it answers.

Names, not times: those depend on the machine (`benchmarks/gateway/run.py` shows them).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SERVE = """
import asyncio, os, sys
from pathlib import Path
from zeta_router.app.cli.root import zeta
from zeta_router.app.config.load import load_file
from zeta_router.app.cli import serve
from zeta_router.app.running import running
from zeta_router.gateway.upstream import new_session

async def main(file):
    async with running(load_file(file, {}), seed=1) as gateway, new_session() as session:
        for path in ("/health", "/v1/models"):
            async with session.get(gateway.url + path) as answer:
                await answer.read()
                assert answer.status in (200, 503), answer.status

asyncio.run(main(Path(sys.argv[1])))
print(*sorted(sys.modules))
"""

CONFIG = """
listen: 127.0.0.1:0
models: {m: {tasks: {simple: 0.8}}}
endpoints: [{id: e, url: "http://127.0.0.1:9", model: m, engine: openai, slots: 2, resources: none}]
log: {path: FOLDER/zeta.db}
"""


def imported(folder: Path) -> frozenset[str]:
    """The modules of a process that has served."""
    file = folder / "zeta.yaml"
    file.write_text(CONFIG.replace("FOLDER", str(folder)))
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return frozenset(done.stdout.split())


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    return imported(tmp_path_factory.mktemp("serve"))


@pytest.mark.parametrize(
    "name",
    [
        "rich",
        "plotly",
        "sklearn",
        "scipy",
        "opentelemetry",
        "multiprocessing",
        "xml",
        "zeta_router.sim",
        "zeta_router.app.ab",
        "zeta_router.app.bench",
        "zeta_router.app.calibrate",
        "zeta_router.app.doctor",
        "zeta_router.app.embedded",
        "zeta_router.app.top",
        "zeta_router.app.training.classifier",
        "zeta_router.app.training.corpus",
        "zeta_router.app.training.dataset",
        "zeta_router.app.training.topic_fit",
        "zeta_router.monitor.discover",
        "zeta_router.telemetry.reference",
        "zeta_router.policy.reference",
    ],
)
def test_what_serving_does_not_need_is_not_imported(name: str, modules: frozenset[str]) -> None:
    there = sorted(m for m in modules if m == name or m.startswith(f"{name}."))
    assert not there


def test_no_other_command_is_imported(modules: frozenset[str]) -> None:
    commands = {"init", "check", "route", "classify", "simulate", "forecast", "calibrate"}
    commands |= {"emulate", "ab", "replay", "train", "top", "doctor", "bench", "completion", "key"}
    assert not {f"zeta_router.app.cli.{name}" for name in commands} & modules
    assert "zeta_router.app.cli.serve" in modules


def test_the_modules_stay_few(modules: frozenset[str]) -> None:
    """861 where this was written: 344 of ours, 86 of numpy, 54 of aiohttp."""
    assert len(modules) <= 950
