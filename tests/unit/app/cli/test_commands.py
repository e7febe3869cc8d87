"""The command line, run in its own process as users run it: what it prints and how it exits."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.fleets import TWO_SIMULATED

ZETA = [sys.executable, "-m", "zeta_router"]


def zeta(*arguments: str, folder: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run `zeta` to its end in a folder."""
    return subprocess.run(
        [*ZETA, *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a good zeta.yaml."""
    (tmp_path / "zeta.yaml").write_text(TWO_SIMULATED, encoding="utf-8")
    return tmp_path


def test_help_lists_every_command(tmp_path: Path) -> None:
    done = zeta("--help", folder=tmp_path)
    assert done.returncode == 0
    for name in (
        "serve",
        "init",
        "check",
        "route",
        "classify",
        "simulate",
        "emulate",
        "calibrate",
        "ab",
        "replay",
        "train",
        "bench",
    ):
        assert f"  {name} " in done.stdout


def test_check_says_what_is_good_and_what_is_wrong(here: Path) -> None:
    assert zeta("check", folder=here).returncode == 0
    told = json.loads(zeta("check", "--json", folder=here).stdout)
    assert told["ok"] is True
    (here / "zeta.yaml").write_text(TWO_SIMULATED.replace("routes:", "rotes:"), encoding="utf-8")
    bad = zeta("check", folder=here)
    assert bad.returncode == 2
    assert "zeta.yaml:14" in bad.stderr
    assert "routes" in bad.stderr
    (error,) = json.loads(zeta("check", "--json", folder=here).stdout)["errors"]
    assert (error["path"], error["line"]) == ("rotes", 14)


def test_check_refuses_what_serve_refuses(here: Path) -> None:
    """An address that others can reach needs keys, or a word that it is meant."""
    (here / "zeta.yaml").write_text(f"listen: 0.0.0.0:9188\n{TWO_SIMULATED}", encoding="utf-8")
    bad = zeta("check", folder=here)
    assert bad.returncode == 2
    assert "there are no keys" in bad.stderr
    assert "is good" not in bad.stdout + bad.stderr
    told = json.loads(zeta("check", "--json", folder=here).stdout)
    assert (told["ok"], told["errors"][0]["path"]) == (False, "listen")
    meant = f"listen: 0.0.0.0:9188\ngateway: {{without_keys: true}}\n{TWO_SIMULATED}"
    (here / "zeta.yaml").write_text(meant, encoding="utf-8")
    assert zeta("check", folder=here).returncode == 0


def test_route_decides_from_a_file_alone(here: Path) -> None:
    text = "Write a Python function that merges two sorted lists"
    done = zeta("route", text, "--config", "zeta.yaml", "--json", folder=here)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["decisions"][0]["endpoint"] == "c"
    plain = zeta("route", text, "--config", "zeta.yaml", folder=here)
    assert "coder" in plain.stdout


def test_classify_rows_and_the_row_that_is_none(tmp_path: Path) -> None:
    rows = '{"text": "What is the capital of France?", "id": 7}\n\n'
    rows += '{"text": "Write a Python function that adds two numbers."}\n'
    done = zeta("classify", "--jsonl", folder=tmp_path, stdin=rows)
    out = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["task"] for row in out] == ["simple", "code"]
    assert out[0]["id"] == 7
    assert sum(out[0]["posterior"].values()) == pytest.approx(1.0, abs=1e-3)
    assert sum(out[0]["topics"].values()) == pytest.approx(1.0, abs=1e-3)
    bad = zeta("classify", "--jsonl", folder=tmp_path, stdin='{"txt": 1}\n')
    assert bad.returncode == 2
    assert "line 1" in bad.stderr


def test_init_without_engines_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "zeta.yaml").write_text("precious", encoding="utf-8")
    refused = zeta("init", folder=tmp_path)
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert (tmp_path / "zeta.yaml").read_text(encoding="utf-8") == "precious"


def tables(folder: Path) -> list[str]:
    """A small trace and quality table, and the flags that name them."""
    with gzip.open(folder / "t.csv.gz", "wt") as file:
        csv.writer(file).writerows(
            [("arrival_s", "input_tokens", "output_tokens"), *((i / 5, 50, 20) for i in range(60))]
        )
    with gzip.open(folder / "q.prompts.jsonl.gz", "wt") as file:
        for number in range(40):
            row = {"prompt_id": f"p{number}", "task": "t", "text": "Hi", "input_tokens": 50}
            file.write(json.dumps(row) + "\n")
    with gzip.open(folder / "q.scores.csv.gz", "wt") as file:
        rows = [
            (f"p{n}", m, int((n + k) % 3 > 0), 20) for n in range(40) for k, m in enumerate("AB")
        ]
        csv.writer(file).writerows([("prompt_id", "model", "score", "output_tokens"), *rows])
    return ["--fleet", "zeta.yaml", "--trace", "t.csv.gz", "--quality", "q.scores.csv.gz"]


def test_simulate_writes_rows_and_bounds(here: Path) -> None:
    flags = [
        *tables(here),
        "--map",
        "coder=A",
        "--map",
        "helper=B",
        "--seeds",
        "1",
        "--rate",
        "1,2",
    ]
    flags += ["--policies", "static,joint", "--slo-ttft", "2", "--json", "out.json"]
    done = zeta("simulate", *flags, "--processes", "1", folder=here)
    assert done.returncode == 0, done.stderr
    out = json.loads((here / "out.json").read_text(encoding="utf-8"))
    assert {(row["policy"], row["rate"]) for row in out["rows"]} == {
        ("static", 1.0),
        ("static", 2.0),
        ("joint", 1.0),
        ("joint", 2.0),
    }
    assert all(row["arrivals"] == 60 for row in out["rows"])
    assert all(0 < row["quality_goodput"] <= 1 for row in out["rows"])
    assert {"class_bound", "oracle_bound", "certified_bound"} <= set(out["bounds"][0])


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--map", "coder=A"], "helper"),
        (["--map", "coder=A", "--map", "helper=Nobody"], "Nobody"),
        (["--map", "coder=A", "--map", "helper=B", "--policies", "jont"], "joint"),
        (["--map", "coder=A", "--map", "helper=B", "--rate", "fast"], "fast"),
        (["--map", "coder"], "NAME=VALUE"),
        (["--map", "coder=A", "--map", "helper=B", "--task-of", "t=poetry"], "poetry"),
    ],
)
def test_simulate_names_what_it_cannot_use(here: Path, flags: list[str], said: str) -> None:
    done = zeta("simulate", *tables(here), *flags, folder=here)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_malformed_trace_row_is_named_with_file_and_line(here: Path) -> None:
    flags = [*tables(here), "--map", "coder=A", "--map", "helper=B"]
    with gzip.open(here / "t.csv.gz", "wt") as file:
        file.write("arrival_s,input_tokens,output_tokens\n0.0,5,5\n0.1,many,5\n")
    done = zeta("simulate", *flags, folder=here)
    assert done.returncode == 2
    assert "t.csv.gz" in done.stderr
    assert "3" in done.stderr
    assert "many" in done.stderr
