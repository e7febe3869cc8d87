"""`zeta doctor` as people run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.told_gateway import told_gateway

ZETA = [sys.executable, "-m", "zeta_router"]

LOST = """
listen: 127.0.0.1:0
models:
  coder: {tasks: {code: 0.8, simple: 0.6, reasoning: 0.4}, params_b: 7}
endpoints:
  - {id: c, url: "http://127.0.0.1:9", model: coder, engine: llamacpp}
"""


def doctor(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ZETA, "doctor", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "zeta.yaml").write_text(LOST, encoding="utf-8")
    return tmp_path


def test_a_finding_has_its_line_its_reason_and_its_mend(here: Path) -> None:
    done = doctor(here)
    assert done.returncode == 1, done.stderr
    assert "zeta.yaml:6" in done.stdout
    assert "connection refused" in done.stdout
    assert "mend     start `llama-server -m MODEL.gguf --metrics`" in done.stdout
    told: dict[str, Any] = json.loads(doctor(here, "--json").stdout)
    assert {each["code"] for each in told["findings"]} == {"unreachable", "no_capable_model"}
    assert all(each["mend"] and each["why"] for each in told["findings"])


def test_a_file_that_cannot_be_used_is_a_finding_per_problem(here: Path) -> None:
    (here / "zeta.yaml").write_text(LOST + "policy: jont\nroutes: {code: codr}\n")
    done = doctor(here, "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)["findings"]
    assert {each["place"] for each in found} == {"policy", "routes.code"}
    assert {each["where"] for each in found} == {"zeta.yaml:7", "zeta.yaml:8"}
    assert any("joint" in each["mend"] for each in found)


def test_what_it_cannot_do(here: Path, tmp_path: Path) -> None:
    assert doctor(here, "--config", "none.yaml").returncode == 2
    gone = doctor(here, "--url", "127.0.0.1:9")
    assert gone.returncode == 2
    assert "no gateway answers" in gone.stderr


def test_a_gateway_s_own_fleet_is_looked_at_where_no_file_is(tmp_path: Path) -> None:
    with told_gateway() as told:
        done = doctor(tmp_path, "--url", told.url, "--json")
    found = json.loads(done.stdout)
    assert found["endpoints"] == 2
    codes = {each["code"] for each in found["findings"]}
    assert codes == {"unreachable", "other_version"}


def test_a_gateway_that_wants_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with told_gateway() as told:
        told.key = "secret"
        refused = doctor(tmp_path, "--url", told.url)
        assert refused.returncode == 2
        assert "ZETA_KEY" in refused.stderr
        (tmp_path / "zeta.yaml").write_text(LOST.replace("127.0.0.1:0", told.url[7:]))
        locked = json.loads(doctor(tmp_path, "--json").stdout)
        assert "gateway_locked" in {each["code"] for each in locked["findings"]}
        assert "port_taken" not in {each["code"] for each in locked["findings"]}
        monkeypatch.setenv("ZETA_KEY", "secret")
        assert doctor(tmp_path, "--url", told.url).returncode == 1


def test_a_running_gateway_is_looked_at_too(here: Path) -> None:
    with told_gateway() as told:
        told.pages["/health"]["log_trouble"] = "the disk is full"
        done = doctor(here, "--url", told.url, "--json")
    codes = {each["code"] for each in json.loads(done.stdout)["findings"]}
    assert {"log_trouble", "not_in_force", "unreachable"} <= codes
