"""`zeta calibrate` as users run it: an engine that is emulated in real time, and engines that fail.

The machine that runs this may be busy, and the emulated engine with it: so steps are long, and the
figures have to be right within a factor only. That they come back within 3 % is tested in virtual
time (`tests/unit/app/calibrate`).
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from support.virtual_engine import Emulated, virtually
from zeta_router.app.calibrate.measuring import Measured, Measuring
from zeta_router.app.calibrate.target import Target
from zeta_router.app.cli import calibrate as calibrate_command
from zeta_router.app.cli.sources import load
from zeta_router.sim.engine.emulate import EmulateOptions, serve
from zeta_router.sim.engine.spec import EngineSpec

SPEC = EngineSpec(prefill_tokens_per_s=1500, step_s=0.03, step_per_seq_s=0.01, slots=2)

FLEET = """
models:
  tiny: {{tasks: {{simple: 0.7}}, params_b: 4}}
endpoints:
  - id: t
    url: "http://127.0.0.1:8000"
    model: tiny
    {line}
routes: {{simple: tiny}}
"""


def calibrate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `zeta calibrate` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "zeta_router", "calibrate", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={"PATH": "", "KEY": ""},
    )


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    """Address of an emulated engine."""
    ready = threading.Event()
    ports: list[int] = []
    loop = asyncio.new_event_loop()

    def listening(port: int) -> None:
        ports.append(port)
        ready.set()

    async def run() -> None:
        await serve(EmulateOptions("tiny", SPEC), "127.0.0.1", 0, listening)

    task = loop.create_task(run())

    def main() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            loop.close()

    thread = threading.Thread(target=main)
    thread.start()
    assert ready.wait(30)
    yield f"http://127.0.0.1:{ports[0]}"
    loop.call_soon_threadsafe(task.cancel)
    thread.join(30)


def test_an_engine_over_http_is_measured_in_real_time(engine: str) -> None:
    done = calibrate(engine, "--budget-s", "5", "--slots", "2")
    assert done.returncode in {0, 1}, done.stderr  # 1 where the machine is too busy to be steady
    told = yaml.safe_load(done.stdout)["simulate"]
    assert told["slots"] == 2
    full_s = told["step_s"] + 2 * told["step_per_seq_s"]
    assert 0.5 < full_s / SPEC.step_time_s(2) < 2.0
    assert 0.3 < told["prefill_tokens_per_s"] / SPEC.prefill_tokens_per_s < 2.0
    assert "vllm, tiny, 2 slots" in done.stderr


def printed(monkeypatch: pytest.MonkeyPatch, *flags: str, broken: bool = False) -> Result:
    """What the command prints about an engine measured in virtual time."""

    async def measured(*args: object, **flags: object) -> tuple[Target, Measured]:
        return Target("http://127.0.0.1:8000", "vllm", "tiny", 2), result

    async def main() -> Measured:
        clock = asyncio.get_running_loop().time
        return await Measuring(Emulated(SPEC).ask, clock, budget_s=30.0, slots=2).run()

    result = virtually(main())
    if broken:
        result.stable = False
        result.held_out = []
    monkeypatch.setattr(calibrate_command, "_measure", measured)
    return CliRunner().invoke(calibrate_command.command, ["http://127.0.0.1:8000", *flags])


def test_it_prints_what_zeta_yaml_takes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = printed(monkeypatch)
    assert done.exit_code == 0
    line = done.stdout.splitlines()[-1]
    assert line.startswith("simulate: {prefill_tokens_per_s: ")
    (tmp_path / "zeta.yaml").write_text(FLEET.format(line=line), encoding="utf-8")
    (endpoint,) = load(tmp_path / "zeta.yaml").fleet.endpoints
    assert endpoint.simulate is not None
    assert endpoint.simulate.prefill_tokens_per_s == pytest.approx(1500, rel=0.03)
    assert endpoint.simulate.step_s + 2 * endpoint.simulate.step_per_seq_s == pytest.approx(
        0.05, rel=0.03
    )
    assert endpoint.simulate.slots == 2
    assert re.search(r"# off on \d+ held-out answers: TTFT \d+% \(p50\)", done.stdout)


def test_the_json_has_the_same_and_the_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(printed(monkeypatch, "--json").stdout)
    assert told["simulate"]["slots"] == 2
    assert told["slots_from"] == "told"
    assert told["errors"]["held_out"] is True
    assert told["errors"]["ttft"]["p90"] < 0.1
    assert told["base_ttft_s"] == pytest.approx(0.04, rel=0.05)
    assert told["failed"] == 0


def test_what_should_not_be_relied_on_ends_with_1_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = printed(monkeypatch, broken=True)
    assert done.exit_code == 1
    assert "simulate: {" in done.stdout
    assert "did not settle" in done.stderr
    assert "no time was left" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["http://127.0.0.1:9"], "nothing listens"),
        (["127.0.0.1:9"], "no address"),
        (["http://127.0.0.1:9", "--key-env", "KEY"], "the environment has no KEY"),
        (["http://127.0.0.1:9", "--budget-s", "900"], "85"),
    ],
)
def test_what_cannot_be_measured_ends_with_2_and_a_reason(arguments: list[str], said: str) -> None:
    done = calibrate(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
