"""Bars on terminals only; completion of names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.terminal import Terminal
from zeta_router.app.cli.progress import working

ZETA = [sys.executable, "-m", "zeta_router"]
FLEET = """
models:
  coder: {tasks: {code: 0.8}}
endpoints:
  - {id: first, url: "http://127.0.0.1:9", model: coder}
  - {id: second, url: "http://127.0.0.1:10", model: coder}
"""


def test_lines_are_said_where_no_bar_is(capsys: pytest.CaptureFixture[str]) -> None:
    with working("counting", 3) as shown:
        assert not shown.shows_bar
        shown.begin("one")
        shown.at(2, 3, "two")
        shown.say("half way")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "half way\n"


@pytest.mark.parametrize("json", [[], ["--json"]])
def test_a_terminal_gets_a_bar_but_not_beside_json(json: list[str]) -> None:
    with Terminal("forecast", "poisson:rate=20", "--minutes", "60", *json) as screen:
        drawn = screen.rest()
        assert screen.process.wait(timeout=60) == 0
    assert ("forecasting 5 s ahead" in drawn) == (not json)


def completed(folder: Path, *words: str) -> list[str]:
    env = {
        **os.environ,
        "_ZETA_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("zeta", *words)),
        "COMP_CWORD": str(len(words)),
    }
    program = "from zeta_router.app.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return [line.partition(",")[2] for line in done.stdout.split()]


def test_names_are_completed(tmp_path: Path) -> None:
    (tmp_path / "zeta.yaml").write_text(FLEET, encoding="utf-8")
    assert completed(tmp_path, "do") == ["doctor"]
    assert completed(tmp_path, "replay", "x.db", "--policy", "jo") == ["joint"]
    assert "static,joint" in completed(tmp_path, "simulate", "--policies", "static,jo")
    assert completed(tmp_path, "emulate", "--endpoint", "se") == ["second"]
    assert completed(tmp_path, "route", "--model", "co") == ["coder"]
    (tmp_path / "zeta.yaml").write_text("broken: [", encoding="utf-8")
    assert completed(tmp_path, "emulate", "--endpoint", "se") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(shell: str) -> None:
    done = subprocess.run(
        [*ZETA, "completion", shell], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0
    assert "_ZETA_COMPLETE" in done.stdout
    assert "zeta" in done.stdout
    if shell == "bash":  # as a shell takes it in
        subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=True, timeout=60)
