"""The routing benchmark as it is run, on a small fleet with small tables of its own."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[3] / "benchmarks" / "routing" / "run.py"
STAND_INS = ("Phi-3.5-mini-instruct", "Qwen2-7B-Instruct", "Qwen2-72B-Instruct", "Another")
TOPICS = {
    "zeroeval_gsm": "gsm8k-test",
    "zeroeval_crux": "cruxeval-o",
    "zeroeval_math-l5": "math-level5",
}
FLEET = """
models:
  small-4b: {tasks: {simple: 0.6, code: 0.4, reasoning: 0.3}, params_b: 4}
  coder-7b: {tasks: {simple: 0.6, code: 0.5, reasoning: 0.4}, params_b: 7}
  reasoner-14b: {tasks: {simple: 0.7, code: 0.6, reasoning: 0.6}, params_b: 14}
endpoints:
  - id: a
    url: "http://127.0.0.1:9"
    model: small-4b
    simulate: {prefill_tokens_per_s: 12000, step_s: 0.008, step_per_seq_s: 0.0003, slots: 4}
  - id: b
    url: "http://127.0.0.1:9"
    model: coder-7b
    simulate: {prefill_tokens_per_s: 8000, step_s: 0.013, step_per_seq_s: 0.0004, slots: 4}
  - id: c
    url: "http://127.0.0.1:9"
    model: reasoner-14b
    simulate: {prefill_tokens_per_s: 4000, step_s: 0.026, step_per_seq_s: 0.0008, slots: 4}
routes: {simple: small-4b, code: coder-7b, reasoning: reasoner-14b}
"""


def write_table(folder: Path, name: str, topic: str) -> None:
    ids = [f"{name}-{n}" for n in range(24)]
    prompts = [
        {"prompt_id": i, "task": topic, "text": "What is 2 + 2?", "input_tokens": 60} for i in ids
    ]
    text = "\n".join(json.dumps(row) for row in prompts)
    (folder / f"{name}.prompts.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    scores = ["prompt_id,model,score,output_tokens"]
    scores += [
        f"{i},{model},{int((n + 3 * k) % 4 < 1 + k)},{40 + n}"
        for n, i in enumerate(ids)
        for k, model in enumerate(STAND_INS)
    ]
    (folder / f"{name}.scores.csv.gz").write_bytes(gzip.compress("\n".join(scores).encode()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder like the benchmark's own: 200 arrivals in 400 s, three tables."""
    folder = tmp_path / "data"
    (folder / "quality").mkdir(parents=True)
    (folder / "traces").mkdir()
    (folder / "fleet.yaml").write_text(FLEET, encoding="utf-8")
    for name, topic in TOPICS.items():
        write_table(folder / "quality", name, topic)
    rows = ["arrival_s,input_tokens,output_tokens", "0,60,40"]
    rows += [f"{1740 + 2 * n},60,40" for n in range(200)]
    for name in ("azure2023_conv", "azure2023_code"):
        packed = gzip.compress("\n".join(rows).encode())
        (folder / "traces" / f"{name}.csv.gz").write_bytes(packed)
    return folder


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(RUN), *map(str, arguments), "--processes", "1"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)


def test_studies_write_figures_tables_and_pictures(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    names = "code,use,scenario-kill"
    done = run("--data", data, "--out", out, "--quick", "--only", names)
    assert done.returncode == 0, done.stderr
    assert "goals met" in done.stdout
    for name in names.split(","):
        assert json.loads((out / f"{name}.json").read_text())["study"] == name
        assert "| --- |" in (out / f"{name}.md").read_text()
    code = (out / "code.md").read_text()
    assert "`joint`, share of the class bound" in code
    assert "over the best baseline at ×3" in code
    kill = json.loads((out / "scenario-kill.json").read_text())
    assert 0 < kill["joint"]["during"] <= 1
    assert kill["joint"]["before"] > 0
    for picture in ("use", "scenario-kill"):
        drawn = (out / "figures" / f"{picture}.svg").read_text()
        assert "joint</text>" in drawn
        assert len(drawn) < 60_000
    assert len((out / "goals.md").read_text().splitlines()) > 5


def test_without_data_it_says_where_to_get_it(tmp_path: Path) -> None:
    done = run("--data", tmp_path, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "fleet.yaml" in done.stderr
    assert "ZeroEval" in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_unknown_study_is_refused(tmp_path: Path) -> None:
    done = run("--data", tmp_path, "--out", tmp_path, "--only", "chat,chess")
    assert done.returncode == 2
    assert "'chess'" in done.stderr
    assert "scenario-flash" in done.stderr
