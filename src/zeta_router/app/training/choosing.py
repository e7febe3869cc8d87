"""The classifier that a configuration asks for, and the embedder that it may ask itself."""

from __future__ import annotations

from pathlib import Path

from zeta_router.app.config import ClassifierSettings
from zeta_router.app.training.heads import read_head
from zeta_router.app.training.topic_weights import with_topics
from zeta_router.app.training.weights import read_weights, shipped_weights
from zeta_router.core.errors import BugError, ConfigError
from zeta_router.core.fleet import FleetConfig
from zeta_router.gateway.second_opinion import SecondOpinionSettings, is_embedder
from zeta_router.learn.task.protocol import TaskClassifier
from zeta_router.learn.task.trained import TrainedClassifier


def classifier_of(settings: ClassifierSettings) -> TaskClassifier:
    """A classifier with the weights and the costs that are set, its tasks refined into topics.

    Raises:
        ConfigError: The weights file is missing, is none, or was trained by another version.
    """
    if settings.weights is None:
        return with_topics(TrainedClassifier(shipped_weights(), settings.costs))
    try:
        weights = read_weights(Path(settings.weights))
        return with_topics(TrainedClassifier(weights, settings.costs))
    except BugError as error:
        hint = "train it again with this version: zeta train classifier"
        raise ConfigError(settings.weights, str(error), hint) from error


def second_opinion_settings(
    settings: ClassifierSettings, fleet: FleetConfig
) -> SecondOpinionSettings | None:
    """How an embedder is asked about uncertain tasks; None where none is set.

    Raises:
        ConfigError: The head cannot be used, or the fleet has no embedding model that it is for.
    """
    if settings.embedder_head is None:
        return None
    head = read_head(Path(settings.embedder_head))
    if not any(is_embedder(fleet.models[e.model], e, head.model) for e in fleet.endpoints):
        raise ConfigError(
            "classifier.embedder_head",
            f"is for the embedding model {head.model!r}, which no endpoint serves",
            "declare one with the task embedding and that name, upstream_model or embedding_space",
        )
    return SecondOpinionSettings(
        head, settings.costs, settings.embedder_below, settings.embedder_wait_s
    )
