"""`zeta replay` as it is called: tables, warnings, JSON and the report."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from zeta_router.app.cli import replay as module
from zeta_router.app.cli.replay import command, warnings_of
from zeta_router.app.cli.replay_report import write_replay_report
from zeta_router.core.errors import ConfigError

_TIMES = {
    "goodput": 0.9, "ttft_p50_s": 0.1, "ttft_p99_s": 1.0, "e2e_p50_s": 2.0, "e2e_p99_s": 9.0,
    "tpot_p99_s": 0.05, "shed_ratio": 0.01,
    "distributions": {"percents": [50, 99], "ttft_s": [0.1, 1.0], "tpot_s": None},
}  # fmt: skip
_SPAN = {"mean": 0.61, "low": 0.55, "high": 0.67}
RESULT: dict[str, Any] = {
    "log": {"queries": 900, "seconds": 300.0, "policy": "joint", "answered": 890, "judged": 400},
    "engines": {
        "a": {
            "prefill_tokens_per_s": 9000.0, "step_s": 0.01, "step_per_seq_s": 0.001, "slots": 8,
            "overhead_s": 0.002, "requests": 300, "ttft_error": 0.05, "tpot_error": None,
            "e2e_error": 0.02,
        }
    },
    "validation": {"is_valid": True, "compared": [], "problems": []},
    "policies": {
        "joint": {
            "quality": {
                "dr": _SPAN, "snips": _SPAN, "ess": 400.0, "judged": 400, "coverage": 1.0,
                "refusal": None, "refusal_text": "",
            },
            "latency": {"is_validated": True, **_TIMES},
        },
        "static": {
            "quality": {
                "dr": None, "snips": None, "ess": 12.0, "judged": 400, "coverage": 0.3,
                "refusal": "no_overlap", "refusal_text": "the log hardly ever chose that",
            },
            "latency": {"is_validated": True, **_TIMES},
        },
    },
    "notes": ["a <note>"],
}  # fmt: skip


def invalid() -> dict[str, Any]:
    result = copy.deepcopy(RESULT)
    result["validation"] |= {"is_valid": False, "problems": ["ttft p50: replayed 3 s, logged 1 s"]}
    for told in result["policies"].values():
        told["latency"]["is_validated"] = False
    return result


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the study answers, without a study."""
    box: dict[str, Any] = {"result": RESULT}
    monkeypatch.setattr(module, "read_traffic", lambda log, fleet: None)
    monkeypatch.setattr(module, "study", lambda traffic, policies, tell: box["result"])
    return box


def test_a_valid_replay_is_told_without_a_warning(told: dict[str, Any]) -> None:
    done = CliRunner().invoke(command, ["x.db", "--policy", "static"])
    assert done.exit_code == 0
    assert "agrees with the log" in done.output
    assert "!" not in done.output
    assert "refused: the log hardly ever chose that" in done.output
    assert list(warnings_of(RESULT)) == []


def test_a_replay_that_is_not_validated_says_so_at_every_latency(told: dict[str, Any]) -> None:
    told["result"] = invalid()
    done = CliRunner().invoke(command, ["x.db", "--policy", "static"])
    assert done.exit_code == 1
    assert "NOT VALIDATED" in done.output
    assert "ttft p50: replayed 3 s, logged 1 s" in done.output
    latencies = done.output.split("latency, simulated")[1]
    for line in latencies.splitlines():
        if line.startswith(("joint", "static")):
            assert line.count("!") == 7


def test_no_figure_is_cut_on_a_terminal_of_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = invalid()
    result["policies"]["shortest_expected"] = result["policies"].pop("static")
    quality = result["policies"]["joint"]["quality"] | {"ess": 1053.0, "judged": 1054}
    result["policies"]["least_requests"] = {**result["policies"]["joint"], "quality": quality}
    monkeypatch.setattr(module, "wide_enough", lambda *_: 80)
    module._show(result)
    told = capsys.readouterr().out
    assert "…" not in told
    assert told.count("0.550–0.670") == 4  # two estimates of two policies
    assert all(len(line) <= 80 for line in told.splitlines())
    lines = told.split("latency, simulated")[1].splitlines()
    assert sum(line.count("0.05 s!") for line in lines) == 3


def test_the_report_is_one_file_and_says_the_same(tmp_path: Path) -> None:
    write_replay_report(invalid(), tmp_path / "r.html", script="/* plotly */")
    text = (tmp_path / "r.html").read_text()
    assert "not validated" in text
    assert "a &lt;note&gt;" in text
    assert "the log hardly ever chose that" in text


def test_a_log_that_is_none_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, [str(tmp_path / "none.db"), "--policy", "static"])
    assert isinstance(done.exception, ConfigError)
    assert "no such file" in str(done.exception)
