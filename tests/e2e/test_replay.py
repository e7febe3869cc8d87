"""A log that a real gateway wrote over emulated engines, replayed by `zeta replay`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from e2e.test_live_bench import FLEET, bench, emulated, finished
from support.asking import ask
from support.process import ZETA, configured, eventually


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replayed")
    with emulated(folder) as url:
        fleet = FLEET.replace("URL", url).replace("max_wait_s: 0.5", "max_wait_s: 30")
        with configured(folder / "gateway", fleet) as zeta:
            assert eventually(lambda: ask(f"{zeta.url}/ready").status == 200)
            told = finished(bench(zeta.url, "--trace", "poisson:rate=8", "--minutes", "0.15"))
            assert told["answered"] > 50
        return next((folder / "gateway").glob("*.db"))


def test_a_gateways_log_is_replayed(log: Path) -> None:
    done = subprocess.run(
        [*ZETA, "replay", str(log), "--policy", "least_requests", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    told = json.loads(done.stdout)
    assert told["log"]["answered"] > 50
    assert set(told["engines"]) == {"c"}
    fitted = told["engines"]["c"]
    assert 0.0015 < fitted["step_s"] + fitted["step_per_seq_s"] < 0.004
    assert set(told["policies"]) == {told["log"]["policy"], "least_requests"}
    assert {each["name"] for each in told["validation"]["compared"]} == {"ttft", "e2e"}
    for each in told["validation"]["compared"]:
        assert each["replayed_p50_s"] == pytest.approx(each["logged_p50_s"], rel=0.35)
