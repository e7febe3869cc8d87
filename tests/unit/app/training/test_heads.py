"""Heads for embedders: they learn what the classifier does not know, and survive a file."""

from dataclasses import replace

import numpy as np
import pytest

from zeta_router.app.training.heads import fit_head, head_logits, read_head, write_head
from zeta_router.app.training.network import softmax
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import GENERATIVE_TASKS
from zeta_router.learn.task.embedded import refined
from zeta_router.learn.task.protocol import DEFAULT_COSTS, estimate_of


@pytest.fixture(scope="module")
def trained():
    """Posteriors that know nothing, and vectors that tell; nearly parallel, as real ones are."""
    rng = np.random.default_rng(3)
    tasks = rng.integers(0, 3, 600)
    posteriors = rng.dirichlet((4.0, 4.0, 4.0), 600).astype(np.float32)
    signal = np.eye(3, 16)[tasks] * 0.2 + rng.normal(0, 0.05, (600, 16))
    vectors = (signal + 1.0).astype(np.float32)
    sources = np.array([f"s{number % 6}" for number in range(600)])
    head = fit_head(posteriors[:400], vectors[:400], tasks[:400], sources[:400], "some-model")
    return head, posteriors[400:], vectors[400:], tasks[400:]


def test_a_head_tells_what_the_classifier_could_not(trained):
    head, posteriors, vectors, tasks = trained
    before = (posteriors.argmax(axis=1) == tasks).mean()
    after = (head_logits(head, posteriors, vectors).argmax(axis=1) == tasks).mean()
    assert before < 0.5
    assert after > 0.9


def test_training_and_serving_compute_the_same(trained):
    head, posteriors, vectors, _ = trained
    many = softmax(head_logits(head, posteriors, vectors))
    for row in range(5):
        known = estimate_of(tuple(map(float, posteriors[row])), DEFAULT_COSTS)
        one = refined(known, vectors[row].tolist(), head, DEFAULT_COSTS)
        assert one is not None
        for number, task in enumerate(GENERATIVE_TASKS):
            assert one.probability(task) == pytest.approx(many[row, number], abs=1e-4)


def test_what_was_written_comes_back(trained, tmp_path):
    head = trained[0]
    write_head(head, tmp_path / "new" / "h.npz")
    read = read_head(tmp_path / "new" / "h.npz")
    assert (read.model, read.trust, read.features) == (head.model, head.trust, head.features)
    np.testing.assert_array_equal(read.matrix, head.matrix)
    np.testing.assert_array_equal(read.bias, head.bias)


def test_other_files_are_refused_with_a_way_out(trained, tmp_path):
    file = tmp_path / "h.npz"
    with pytest.raises(ConfigError, match=r"no such file.*--embedder"):
        read_head(file)
    file.write_bytes(b"not an archive")
    with pytest.raises(ConfigError, match="does not hold an embedder's head"):
        read_head(file)
    np.savez(file, bias=np.zeros(3))
    with pytest.raises(ConfigError, match="does not hold an embedder's head"):
        read_head(file)
    write_head(replace(trained[0], matrix=np.zeros((4, 2), np.float32)), file)
    with pytest.raises(ConfigError, match="do not fit"):
        read_head(file)
    write_head(replace(trained[0], features="0" * 16), file)
    with pytest.raises(ConfigError, match="another version"):
        read_head(file)
