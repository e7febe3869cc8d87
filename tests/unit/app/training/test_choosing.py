"""The classifier that zeta.yaml asks for: its weights, its costs, and what is wrong with them."""

from dataclasses import replace

import numpy as np
import pytest

from support.fleets import fleet
from zeta_router.app.config import ClassifierSettings
from zeta_router.app.training.choosing import classifier_of, second_opinion_settings
from zeta_router.app.training.heads import write_head
from zeta_router.app.training.weights import shipped_weights, write_weights
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Operation, Task
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.learn.task.embedded import EmbedderHead
from zeta_router.learn.task.protocol import TaskCosts
from zeta_router.learn.task.trained import features_digest


def task_of(settings: ClassifierSettings, text: str) -> Task:
    return classifier_of(settings).estimate(extract(Ask(text)), Operation.CHAT).task


def test_costs_decide():
    assert task_of(ClassifierSettings(), "Is it far?") is Task.SIMPLE
    careful = ClassifierSettings(costs=TaskCosts(hard_called_simple=1e6))
    assert task_of(careful, "Is it far?") is not Task.SIMPLE


def test_weights_come_from_the_file_that_is_named(tmp_path):
    file = tmp_path / "w.npz"
    weights = shipped_weights()
    write_weights(replace(weights, out=-weights.out, inner=-weights.inner), file)
    named = ClassifierSettings(weights=str(file))
    assert task_of(named, "What is the capital of France?") is not Task.SIMPLE


def test_a_missing_file_is_named():
    with pytest.raises(ConfigError, match=r"absent\.npz"):
        classifier_of(ClassifierSettings(weights="absent.npz"))


def test_weights_of_another_version_are_refused_with_a_way_out(tmp_path):
    file = tmp_path / "w.npz"
    write_weights(replace(shipped_weights(), features="0" * 16), file)
    with pytest.raises(ConfigError, match=r"w\.npz.*train it again with this version"):
        classifier_of(ClassifierSettings(weights=str(file)))


HEAD = EmbedderHead(np.zeros((4, 3), np.float32), np.zeros(3, np.float32), 1.0, "e5", "")


def head_file(path, **changes):
    write_head(replace(HEAD, features=features_digest(), **changes), path)
    return ClassifierSettings(embedder_head=str(path), embedder_below=0.8, embedder_wait_s=0.02)


def test_no_embedder_is_asked_unless_it_is_set():
    assert second_opinion_settings(ClassifierSettings(), fleet()) is None


def test_the_settings_of_an_embedder_that_is_set(tmp_path):
    found = second_opinion_settings(head_file(tmp_path / "h.npz"), fleet())
    assert found is not None
    assert (found.below, found.wait_s, found.head.model) == (0.8, 0.02, "e5")


def test_a_head_for_a_model_that_nobody_serves_is_refused(tmp_path):
    settings = head_file(tmp_path / "h.npz", model="other")
    with pytest.raises(ConfigError, match="'other', which no endpoint serves"):
        second_opinion_settings(settings, fleet())
