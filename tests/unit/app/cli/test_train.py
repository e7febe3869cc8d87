"""`zeta train`: what it prints, what it writes, and how it fails."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from zeta_router.app.cli.train import command
from zeta_router.app.training.generate import made_prompts
from zeta_router.app.training.weights import read_weights
from zeta_router.core.errors import ConfigError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a few labelled prompts of two sources."""
    prompts = [prompt for prompt in made_prompts(1, seed=5) if prompt.lang == "en"][::3]
    (tmp_path / "labels").mkdir()
    with gzip.open(tmp_path / "labels" / "train.jsonl.gz", "wt", encoding="utf-8") as lines:
        for number, prompt in enumerate(prompts):
            row = {"text": prompt.text, "label": prompt.task.value, "lang": prompt.lang}
            lines.write(json.dumps({**row, "source": f"s{number % 2}"}) + "\n")
    return tmp_path


def test_classifier_writes_weights_and_prints_json(data: Path) -> None:
    out = data / "w.npz"
    arguments = ["classifier", "--data", str(data), "--out", str(out), "--json"]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["sections"][0]["title"] == "Held-out training sources"
    assert "holding out s0" in done.stderr
    assert read_weights(out).features


def test_classifier_says_where_its_data_comes_from(tmp_path: Path) -> None:
    arguments = ["classifier", "--data", str(tmp_path), "--out", str(tmp_path / "w.npz")]
    with pytest.raises(ConfigError, match=r"train\.jsonl\.gz: no such file .*public originals"):
        CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert not (tmp_path / "w.npz").exists()


def test_classifier_needs_data() -> None:
    done = CliRunner().invoke(command, ["classifier"], env={"ZETA_DATA": ""})
    assert done.exit_code == 2
    assert "--data" in done.output


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"plain text", "is not a gzip file"),
        (gzip.compress(b"{]\n"), "gz:1: is not JSON"),
        (gzip.compress(b"[1]\n"), "gz:1: is not a JSON object"),
        (gzip.compress(b'{"text": 3}\n'), "gz:1: lacks"),
    ],
)
def test_classifier_names_the_place_of_bad_data(data: Path, content: bytes, told: str) -> None:
    (data / "labels" / "train.jsonl.gz").write_bytes(content)
    with pytest.raises(ConfigError, match=told):
        CliRunner().invoke(command, ["classifier", "--data", str(data)], catch_exceptions=False)


def test_weights_that_cannot_be_written_are_refused_before_the_training(data: Path) -> None:
    (data / "file").write_text("in the way", encoding="utf-8")
    base = ["classifier", "--data", str(data)]
    for more in (["--out"], ["--embedder", "http://127.0.0.1:1", "--embedder-out"]):
        done = CliRunner().invoke(command, [*base, *more, str(data / "file" / "w.npz")])
        assert done.exit_code == 2
        assert "cannot be written" in done.output
        assert "reading" not in done.output


def test_help_says_what_there_is() -> None:
    done = CliRunner().invoke(command, ["--help"])
    assert done.exit_code == 0
    assert "classifier" in done.output
    assert "--history" in done.output


def test_without_a_subcommand_it_retrains_on_a_log_and_needs_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        CliRunner().invoke(command, ["--log", str(tmp_path / "no.db")], catch_exceptions=False)
