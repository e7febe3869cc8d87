"""The classifier that a configuration asks for."""

from __future__ import annotations

from pathlib import Path

from zeta_router.app.config import ClassifierSettings
from zeta_router.app.training.weights import read_weights, shipped_weights
from zeta_router.core.errors import BugError, ConfigError
from zeta_router.learn.task_trained import TrainedClassifier


def classifier_of(settings: ClassifierSettings) -> TrainedClassifier:
    """A classifier with the weights and the costs that are set.

    Raises:
        ConfigError: The weights file is missing, is none, or was trained by another version.
    """
    if settings.weights is None:
        return TrainedClassifier(shipped_weights(), settings.costs)
    try:
        return TrainedClassifier(read_weights(Path(settings.weights)), settings.costs)
    except BugError as error:
        hint = "train it again with this version: zeta train classifier"
        raise ConfigError(settings.weights, str(error), hint) from error
