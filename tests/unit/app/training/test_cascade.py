"""Classifier and embedder trained together, with an embedder that knows the answers."""

import gzip
import json

import numpy as np
import pytest

from support.embedding_server import embedding_server, vectors
from zeta_router.app.training.cascade import BELOW, Cascade, EmbedderOptions, sampled
from zeta_router.app.training.classifier import run
from zeta_router.app.training.generate import made_prompts
from zeta_router.app.training.heads import read_head
from zeta_router.core.errors import BugError
from zeta_router.core.query import GENERATIVE_TASKS
from zeta_router.learn.task.ask import excerpt

PROMPTS = [prompt for prompt in made_prompts(1, seed=5) if prompt.lang == "en"]
TASK_OF = {excerpt(prompt.text): prompt.task for prompt in PROMPTS}


def knowing(text):
    """A vector that tells the task of a prompt, and of others nothing."""
    return [1.0, *(float(TASK_OF.get(text) is task) for task in GENERATIVE_TASKS)]


def quiet(line):
    """Progress that nobody reads."""


@pytest.fixture
def data(tmp_path):
    (tmp_path / "labels").mkdir()
    for name in ("train", "dev"):
        with gzip.open(tmp_path / "labels" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
            for number, prompt in enumerate(PROMPTS):
                row = {"text": prompt.text, "label": prompt.task.value, "lang": prompt.lang}
                lines.write(json.dumps({**row, "source": f"s{number % 3}"}) + "\n")
    return tmp_path


def test_a_run_with_an_embedder_writes_its_head_and_reports_on_both(data):
    with embedding_server(vectors(knowing)) as url:
        options = EmbedderOptions(url, data / "head.npz", "second", sample=200)
        report = run(data, data / "w.npz", quiet, options)
    head = read_head(data / "head.npz")
    assert (head.model, head.dimensions) == ("second", 4)
    alone, together = report.sections[1:]
    assert alone.title == "Development set"
    assert together.title.startswith("Development set, embedder asked for ")
    assert together.total.accuracy >= alone.total.accuracy


def test_uncertain_prompts_are_sampled_first():
    tops = np.array([0.99, 0.5, 0.95, 0.6, 0.97], np.float32)
    posteriors = np.stack((tops, 1 - tops, np.zeros(5, np.float32)), axis=1)
    assert sampled(posteriors, 2, seed=1) == [1, 3]
    assert set(sampled(posteriors, 4, seed=1)) > {1, 3}
    assert sampled(posteriors, 9, seed=1) == [0, 1, 2, 3, 4]
    assert BELOW == 0.9


def test_the_certain_are_not_embedded(tmp_path):
    certain = np.tile(np.array([[0.98, 0.01, 0.01]], np.float32), (len(PROMPTS), 1))
    with embedding_server(vectors(knowing)) as url:
        cascade = Cascade(EmbedderOptions(url, tmp_path / "h.npz", sample=100), quiet)
        cascade.train(PROMPTS, certain, seed=1)
    found = cascade.scored("set", PROMPTS, certain)  # nobody listens any more
    assert found.title == "set, embedder asked for 0.0%"


def test_scoring_before_training_is_a_bug(tmp_path):
    cascade = Cascade(EmbedderOptions("http://127.0.0.1:9", tmp_path / "h.npz"), quiet)
    with pytest.raises(BugError, match="before it is trained"):
        cascade.scored("set", PROMPTS, np.full((len(PROMPTS), 3), 1 / 3, np.float32))
