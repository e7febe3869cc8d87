"""`zeta ab`: flags, the simulated test end to end, and what is printed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from zeta_router.app.ab.design import Design
from zeta_router.app.ab.session import Progress
from zeta_router.app.cli.ab import command
from zeta_router.app.cli.ab_options import length_s
from zeta_router.app.cli.pairs import pairs_of
from zeta_router.app.config import ClassifierSettings
from zeta_router.app.dashboard.experiments import read_experiments
from zeta_router.core.errors import ConfigError
from zeta_router.learn.task.protocol import TaskClassifier
from zeta_router.learn.task.rules import RuleClassifier

FLEET = """
models:
  small: {tasks: {simple: 0.5, reasoning: 0.3}, params_b: 4}
  large: {tasks: {simple: 0.8, reasoning: 0.8}, params_b: 14}
endpoints:
  - {id: a, url: "http://127.0.0.1:9", model: small, slots: 8,
     simulate: {prefill_tokens_per_s: 9000, step_s: 0.004, step_per_seq_s: 0.0005, slots: 8}}
  - {id: b, url: "http://127.0.0.1:9", model: large, slots: 8,
     simulate: {prefill_tokens_per_s: 9000, step_s: 0.004, step_per_seq_s: 0.0005, slots: 8}}
routes: {simple: small, reasoning: small}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    prompts, scores = [], ["prompt_id,model,score,output_tokens"]
    for i in range(40):
        prompts.append({"prompt_id": f"p{i}", "task": "sums", "text": "2 + 2?", "input_tokens": 20})
        scores += [f"p{i},Tiny,{int(i % 4 == 0)},20", f"p{i},Big,{int(i % 4 != 3)},20"]
    text = "\n".join(json.dumps(row) for row in prompts)
    (tmp_path / "quiz.prompts.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "quiz.scores.csv.gz").write_bytes(gzip.compress("\n".join(scores).encode()))
    (tmp_path / "zeta.yaml").write_text(FLEET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


SIMULATED = (
    "--simulated", "--quality", "quiz.scores.csv.gz", "--map", "small=Tiny", "--map", "large=Big",
    "--task-of", "sums=simple", "--slo-ttft", "2", "--trace", "poisson:rate=5", "--block", "20s",
)  # fmt: skip


def test_a_simulated_test_stops_says_who_won_and_keeps_its_result(folder: Path) -> None:
    done = CliRunner().invoke(command, ["static", "quality_only", *SIMULATED, "--minutes", "10"])
    assert done.exit_code == 0, done.output
    assert "quality_only is better than static" in done.output
    assert "stopped by itself" in done.output
    (kept,) = (folder / "zeta-ab").glob("static-quality_only-*.json")
    told = json.loads(kept.read_text())
    assert told["verdict"] == "b_better"
    assert told["difference"]["low"] > 0
    assert told["simulated"] is True
    assert len(told["blocks"]) == 2 * told["pairs"]
    (record,) = read_experiments(folder / "zeta.db")["experiments"]
    assert (record["kind"], record["a"], record["b"]) == ("ab", "static", "quality_only")
    assert record["difference"] == told["difference"]
    assert len(record["blocks"]) == len(told["blocks"])
    assert record["json"] == str(folder / kept)


def test_exit_1_when_the_second_is_worse(folder: Path) -> None:
    flags = ["quality_only", "static", *SIMULATED, "--minutes", "10", "--json"]
    done = CliRunner().invoke(command, flags)
    assert done.exit_code == 1
    assert json.loads(done.stdout)["verdict"] == "a_better"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["static", "jiont", "--simulated"], "no policy 'jiont'"),
        (["static", "joint", "--simulated"], "outcomes of real prompts"),
        (["static", "joint", *SIMULATED, "--minutes", "0.5"], "do not hold a pair"),
        (["static", "joint", *SIMULATED, "--alpha", "1.5"], "not between 0 and 1"),
        (["static", "joint", *SIMULATED, "--task-of", "sums=poetry"], "'poetry' is no task"),
        (["static", "joint", *SIMULATED, "--task-of", "summs=code"], "has the topic 'summs'"),
    ],
)
def test_input_of_no_use_is_named(folder: Path, flags: list[str], said: str) -> None:
    done = CliRunner().invoke(command, flags)
    assert isinstance(done.exception, ConfigError)
    assert said in str(done.exception)


def test_an_interrupted_test_is_no_verdict(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted(design: Design, *_: object) -> Progress:
        return Progress(design, interrupted=True)

    monkeypatch.setattr("zeta_router.app.cli.ab._serve", interrupted)
    done = CliRunner().invoke(command, ["static", "joint"])
    assert done.exit_code == 130
    assert "(after 0 pairs of blocks; interrupted)" in " ".join(done.output.split())
    (kept,) = (folder / "zeta-ab").glob("*.json")
    assert json.loads(kept.read_text())["interrupted"] is True


def test_a_simulated_test_reads_with_the_classifier_of_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a live test does, and `zeta simulate`."""
    asked = []

    def chosen(settings: ClassifierSettings) -> TaskClassifier:
        asked.append(settings)
        return RuleClassifier()

    monkeypatch.setattr("zeta_router.app.cli.ab_options.classifier_of", chosen)
    (folder / "zeta.yaml").write_text(FLEET + "classifier: {hard_swapped: 7}\n", encoding="utf-8")
    done = CliRunner().invoke(command, ["static", "static", *SIMULATED, "--minutes", "1"])
    assert done.exit_code == 0, done.output
    assert [each.costs.hard_swapped for each in asked] == [7.0]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--simulated", "--embedded"], "leave out --embedded"),
        (["--simulated", "--max-tokens", "20"], "are for live tests"),
        (["--simulated", "--tell-lengths"], "are for live tests"),
        (["--simulated", "--trace", "peak:rate=2"], "a peak is for live tests"),
        (["--task-of", "sums=code"], "is for --simulated"),
        (["--map", "small=Tiny"], "need --quality"),
        (["--tell-lengths"], "need --quality"),
    ],
)
def test_flags_that_would_do_nothing_are_refused(folder: Path, flags: list[str], said: str) -> None:
    done = CliRunner().invoke(command, ["static", "joint", *flags])
    assert done.exit_code == 2
    assert said in done.output


def test_lengths_of_time() -> None:
    assert [length_s("--block", text) for text in ("90", "90s", "1.5m", "2h")] == [
        90.0,
        90.0,
        90.0,
        7200.0,
    ]
    with pytest.raises(ConfigError, match="no length of time"):
        length_s("--block", "soon")
    with pytest.raises(ConfigError, match="NAME=VALUE"):
        pairs_of("--map", ("small",))
