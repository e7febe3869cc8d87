"""`zeta simulate`: its report, and what it says of input that is of no use."""

from __future__ import annotations

import csv
import gzip
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.fleets import TWO_SIMULATED
from zeta_router.app.cli import main
from zeta_router.app.dashboard.experiments import read_experiments

TRACE_HEADER = "arrival_s,input_tokens,output_tokens"
SCORES_HEADER = "prompt_id,model,score,output_tokens"
MAPS = ("--map", "coder=A", "--map", "helper=B")


def write_scores(path: Path, *more: str) -> None:
    rows = [f"p{n},{m},{int((n + k) % 3 > 0)},20" for n in range(40) for k, m in enumerate("AB")]
    path.write_text("\n".join([SCORES_HEADER, *rows, *more]) + "\n", encoding="utf-8")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a fleet, a trace of twelve seconds and a quality table, all good."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zeta.yaml").write_text(TWO_SIMULATED, encoding="utf-8")
    with gzip.open(tmp_path / "t.csv.gz", "wt") as file:
        csv.writer(file).writerows([TRACE_HEADER.split(","), *((i / 5, 50, 20) for i in range(60))])
    prompts = [
        {"prompt_id": f"p{n}", "task": "t", "text": "Hi", "input_tokens": 50} for n in range(40)
    ]
    text = "\n".join(json.dumps(row) for row in prompts)
    (tmp_path / "q.prompts.jsonl").write_text(text, encoding="utf-8")
    write_scores(tmp_path / "q.scores.csv")
    return tmp_path


def simulate(monkeypatch: pytest.MonkeyPatch, *flags: str) -> int:
    """Run the command in this process, as the shell would; its exit code."""
    base = ["--fleet", "zeta.yaml", "--trace", "t.csv.gz", "--quality", "q.scores.csv"]
    fast = ["--seeds", "1", "--rate", "1", "--policies", "static,joint", "--processes", "1"]
    monkeypatch.setattr(sys, "argv", ["zeta", "simulate", *base, *fast, *flags])
    with pytest.raises(SystemExit) as end:
        main()
    code = end.value.code
    assert isinstance(code, int)
    return code


def test_the_report_has_every_section(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flags = ["--slo-ttft", "0.05", "--slo-tpot", "0.02", "--report", "out.html"]
    flags += ["--trace", "poisson:rate=20", "--minutes", "0.5"]
    assert simulate(monkeypatch, *MAPS, *flags) == 0
    (record,) = read_experiments(here / "zeta.db")["experiments"]
    assert record["policies"] == ["static", "joint"]
    assert [row["policy"] for row in record["rows"]] == ["static", "joint"]
    assert record["report"] == str(here / "out.html")
    page = (here / "out.html").read_text(encoding="utf-8")
    assert "<dt>TTFT within</dt><dd>0.05 s</dd>" in page
    assert "joint over time" in page
    found = re.search(r'id="figures">(.*?)</script>', page)
    assert found is not None
    figures = json.loads(found.group(1))
    titles = [figure["layout"]["title"]["text"] for figure in figures]
    for title in (
        "quality-goodput",
        "share of arrivals within the SLO",
        "TTFT",
        "TPOT",
        "shed, by reason",
        "what became of the arrivals",
        "held in the router",
        "use per endpoint",
        "prices",
    ):
        assert title in titles, title
    assert {trace["name"] for trace in figures[titles.index("prices")]["data"]} == {
        "c (coder)",
        "h (helper)",
    }
    assert "Plotly" in page  # it carries what draws it
    assert not re.search(r'<(script|link|img)[^>]+(src|href)="?http', page)


def test_the_summary_fits_a_terminal_of_80_columns(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(monkeypatch, *MAPS, "--seeds", "2", "--slo-ttft", "2") == 0
    told = capsys.readouterr()
    assert told.out == ""
    lines = told.err.splitlines()
    table = lines[next(i for i, line in enumerate(lines) if "certified" in line) :]
    assert all(len(line.rstrip()) <= 80 for line in table)
    (joint,) = [line for line in table if "joint" in line]
    assert re.fullmatch(r" *1  joint +0\.\d{3} ± 0\.\d{3}(  +\d\.\d{3}){5} *", joint)
    assert "…" not in told.err


def test_what_is_named_twice_is_played_once(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that counts twice would bring an interval of no width, or make one narrower."""
    flags = ["--rate", "1,1.0", "--policies", "joint, joint", "--json", "out.json"]
    assert simulate(monkeypatch, *MAPS, *flags) == 0
    assert len(json.loads((here / "out.json").read_bytes())["rows"]) == 1
    assert " ± 0" not in capsys.readouterr().err


def test_the_results_say_what_was_asked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flags = ["--task-of", "t=code", "--feedback", "0.5:20", "--json", "out.json"]
    assert simulate(monkeypatch, *MAPS, *flags) == 0
    asked = json.loads((here / "out.json").read_bytes())["asked"]
    assert asked["task_of"] == {"t": "code"}
    assert asked["feedback"] == {"share": 0.5, "delay_s": 20.0}


def test_finished_runs_are_found_again(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(monkeypatch, *MAPS, "--resume", "runs", "--json", "a.json") == 0
    assert "0/3" in capsys.readouterr().err
    assert simulate(monkeypatch, *MAPS, "--resume", "runs", "--json", "b.json") == 0
    assert "3/3 found in the cache" in capsys.readouterr().err
    assert (here / "a.json").read_bytes() == (here / "b.json").read_bytes()


def trace(*rows: str) -> Callable[[Path], object]:
    return lambda here: (here / "t.csv.gz").write_text("\n".join([TRACE_HEADER, *rows]) + "\n")


def score(row: str) -> Callable[[Path], object]:
    return lambda here: write_scores(here / "q.scores.csv", row)


def fleet(old: str, new: str) -> Callable[[Path], object]:
    return lambda here: (here / "zeta.yaml").write_text(TWO_SIMULATED.replace(old, new))


def gone(name: str) -> Callable[[Path], object]:
    return lambda here: (here / name).unlink()


@pytest.mark.parametrize(
    ("spoil", "flags", "said"),
    [
        (trace("0.0,5,5", "0.1,many,5"), MAPS, ["t.csv.gz:3", "'many'"]),
        (trace("0.0,5,5", "0.1,5"), MAPS, ["t.csv.gz:3", "2 fields"]),
        (trace("0.0,5,5", "-1,5,5"), MAPS, ["t.csv.gz:3", "'-1'"]),
        (trace("0.0,5,5", "nan,5,5"), MAPS, ["t.csv.gz:3", "'nan'"]),
        (trace("7,5,5", "5,5,5"), MAPS, ["t.csv.gz:3"]),
        (trace(), MAPS, ["t.csv.gz"]),
        (lambda here: (here / "t.csv.gz").write_bytes(b""), MAPS, ["t.csv.gz"]),
        (lambda here: (here / "t.csv.gz").write_bytes(b"\x1f\x8b\x08"), MAPS, ["t.csv.gz"]),
        (lambda here: (here / "t.csv.gz").write_text("a,b\n1,2\n"), MAPS, ["t.csv.gz"]),
        (gone("t.csv.gz"), MAPS, ["t.csv.gz", "No such file"]),
        (score("p1,C,1.5,20"), MAPS, ["q.scores.csv:82", "1.5", "[0, 1]"]),
        (score("p1,C,-0.1,20"), MAPS, ["q.scores.csv:82", "-0.1"]),
        (score("p1,C,good,20"), MAPS, ["q.scores.csv:82", "'good'"]),
        (score("p99,A,1,20"), MAPS, ["q.scores.csv:82", "'p99'"]),
        (score("p1,A,1,20"), MAPS, ["q.scores.csv:82", "second time"]),
        (gone("q.scores.csv"), MAPS, ["q.scores.csv", "No such file"]),
        (gone("q.prompts.jsonl"), MAPS, ["q.scores.csv", "q.prompts.jsonl"]),
        (
            lambda here: (here / "q.prompts.jsonl").write_text('{"prompt_id": "p0"}\n'),
            MAPS,
            ["q.prompts.jsonl:1"],
        ),
        (gone("zeta.yaml"), MAPS, ["zeta.yaml"]),
        (fleet("rotes", "routes"), ("--map", "coder=A"), ["'helper' is mapped to nothing"]),
        (fleet("rotes", "routes"), ("--map", "coder=A", "--map", "helper="), ["helper="]),
        (fleet("rotes", "routes"), (*MAPS, "--map", "huge=B"), ["no model 'huge'", "coder"]),
        (
            fleet("simple: 0.6", "embedding: 0.6"),
            (*MAPS, "--task-of", "t=reasoning"),
            ["no model of the fleet can do reasoning"],
        ),
        (fleet(", slots: 8}", "}"), MAPS, ["zeta.yaml", "slots"]),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], object],
    flags: tuple[str, ...],
    said: list[str],
) -> None:
    spoil(here)
    assert simulate(monkeypatch, *flags) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    for words in said:
        assert words in shown.err
    assert "Traceback" not in shown.err
