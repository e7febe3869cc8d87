"""The classifier's weights as a file: plain arrays, no pickle, shipped in the package."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np

from zeta_router.app.training.arrays import UNREADABLE, text_array, text_of, write_arrays
from zeta_router.core.errors import BugError, ConfigError
from zeta_router.learn.task.trained import ClassifierWeights, TrainedClassifier

SHIPPED: Final = "classifier.npz"
_ARRAYS: Final = ("inner", "inner_bias", "out")


@cache
def shipped_weights() -> ClassifierWeights:
    """The weights that came with this package, read once."""
    return parse_weights((files("zeta_router.learn") / "weights" / SHIPPED).read_bytes(), SHIPPED)


def shipped_classifier() -> TrainedClassifier:
    """The classifier the product runs with, at default costs."""
    return TrainedClassifier(shipped_weights())


def read_weights(path: Path) -> ClassifierWeights:
    """Weights from a file that `write_weights` wrote.

    Raises:
        ConfigError: The file is missing, or is not such a file.
    """
    try:
        return parse_weights(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read: {error.strerror}") from error
    except BugError as error:
        hint = "train it again: zeta train classifier"
        raise ConfigError(str(path), str(error), hint) from error


def write_weights(weights: ClassifierWeights, path: Path) -> None:
    """Write `weights` to `path`, whole or not at all.

    Raises:
        ConfigError: The file cannot be written.
    """
    arrays = {name: getattr(weights, name) for name in _ARRAYS}
    write_arrays(path, features=text_array(weights.features), **arrays)


def parse_weights(data: bytes, name: str) -> ClassifierWeights:
    """Weights from the bytes of a file.

    Raises:
        BugError: They are not the arrays of a classifier.
    """
    try:
        with np.load(BytesIO(data), allow_pickle=False) as archive:
            inner, inner_bias, out = (archive[key].astype(np.float32) for key in _ARRAYS)
            features = text_of(archive["features"])
    except UNREADABLE as error:
        raise BugError(f"{name} does not hold a classifier's weights: {error}") from error
    if inner.shape[1:] != inner_bias.shape or out.shape != (len(inner_bias) - 3, 3):
        raise BugError(f"{name} holds arrays that do not fit each other")
    return ClassifierWeights(inner, inner_bias, out, features)
