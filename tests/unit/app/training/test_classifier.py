"""Training end to end on a handful of made prompts, and the figures of the report."""

import gzip
import json

import numpy as np
import pytest

from zeta_router.app.training.classifier import run
from zeta_router.app.training.corpus import labelled
from zeta_router.app.training.generate import Prompt, made_prompts
from zeta_router.app.training.network import Dials, fit, fit_temperature, softmax
from zeta_router.app.training.report import section
from zeta_router.app.training.score import by_length, score
from zeta_router.app.training.weights import read_weights
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Operation, Task
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.learn.task.protocol import TaskCosts
from zeta_router.learn.task.trained import TrainedClassifier

EVEN = TaskCosts(1.0, 1.0, 1.0)


def write_labels(path, prompts):
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        for number, (prompt, source) in enumerate(prompts):
            row = {"text": prompt.text, "label": prompt.task.value, "source": source}
            lines.write(json.dumps({"id": number, "lang": prompt.lang, **row}) + "\n")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    prompts = [prompt for prompt in made_prompts(1, seed=9) if prompt.lang in ("en", "de", "zh")]
    write_labels(
        folder / "labels" / "train.jsonl.gz",
        [(prompt, f"source-{number % 2}") for number, prompt in enumerate(prompts)],
    )
    write_labels(folder / "labels" / "dev.jsonl.gz", [(prompt, "dev") for prompt in prompts[::5]])
    said: list[str] = []
    report = run(folder, folder / "w.npz", said.append)
    return report, read_weights(folder / "w.npz"), said


def test_a_run_writes_weights_that_classify(trained):
    _, weights, _ = trained
    classifier = TrainedClassifier(weights)
    found = classifier.estimate(extract(Ask("Write a Java class")), Operation.CHAT)
    assert found.task is Task.CODE


def test_a_run_holds_out_every_source_and_says_so(trained):
    report, _, said = trained
    assert [line for line in said if line.startswith("holding out")] == [
        "holding out source-0",
        "holding out source-1",
    ]
    held_out, dev = report.sections
    assert set(held_out.sources) == {"source-0", "source-1"}
    assert dev.total.accuracy > 0.9
    assert set(dev.flips) >= {"5 % typos", "please", "hi,"}


def test_the_report_has_its_tables(trained):
    report, _, _ = trained
    text = report.markdown()
    assert "### Held-out training sources" in text
    assert "| 5 % typos |" in text
    assert report.as_json()["sections"][0]["total"]["n"] > 0


def test_missing_labels_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"train\.jsonl\.gz"):
        run(tmp_path, tmp_path / "w.npz", lambda _: None)


def test_a_bad_row_is_named(tmp_path):
    path = tmp_path / "train.jsonl.gz"
    with gzip.open(path, "wt") as lines:
        lines.write('{"text": "a", "label": "poetry", "source": "s", "lang": "en"}\n')
    with pytest.raises(ConfigError, match=r"gz:1: lacks a known label"):
        labelled(path)


def test_a_network_learns_what_can_be_learned():
    rng = np.random.default_rng(1)
    features = rng.normal(size=(600, 4)).astype(np.float32)
    tasks = np.where(features[:, 0] * features[:, 1] > 0, 1, 2).astype(np.int64)
    network = fit(
        features, tasks, np.ones(600, np.float32), Dials(hidden=16, epochs=150, rate=1e-2), seed=1
    )
    assert (network.logits(features).argmax(axis=1) == tasks).mean() > 0.9


def test_the_temperature_undoes_overconfidence():
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(4000, 3)).astype(np.float32)
    masses = softmax(logits)
    tasks = np.array([rng.choice(3, p=row / row.sum()) for row in masses.astype(float)])
    assert fit_temperature(logits * 3, tasks) == pytest.approx(3.0, rel=0.15)


def test_scores_by_hand():
    truth = np.array([0, 0, 1, 2])
    posteriors = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.6, 0.2, 0.2]])
    found = score(truth, posteriors.astype(np.float32), EVEN)
    assert found.accuracy == 0.5
    assert found.hard_called_simple == 0.5
    assert found.simple_called_hard == 0.5
    assert found.macro_f1 == pytest.approx((0.5 + 2 / 3 + 0.0) / 3)


def test_length_bands_hold_as_many_simple_as_hard():
    prompts = [Prompt("x" * 50, Task.SIMPLE, "s", "en")] * 30
    prompts += [Prompt("x" * 60, Task.CODE, "s", "en")] * 50
    (rows,) = by_length(prompts).values()
    assert len(rows) == 60
    assert sum(prompts[row].task is Task.SIMPLE for row in rows) == 30


def test_a_section_leaves_out_languages_with_few_rows():
    prompts = [Prompt("x", Task.SIMPLE, "s", "en")] * 30 + [Prompt("x", Task.CODE, "s", "de")] * 3
    part = section("t", prompts, np.tile([[0.6, 0.2, 0.2]], (33, 1)).astype(np.float32))
    assert set(part.languages) == {"en"}
