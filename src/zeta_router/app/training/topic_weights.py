"""The topics' weights as a file: plain arrays, no pickle, shipped in the package."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np

from zeta_router.core.errors import BugError, ConfigError
from zeta_router.core.query import GENERATIVE_TASKS
from zeta_router.learn.task.protocol import TaskClassifier
from zeta_router.learn.task.topics import BANDS, TopicReader, TopicWeights
from zeta_router.learn.task.trained import features_digest

SHIPPED: Final = "topics.npz"


@cache
def shipped_topics() -> TopicWeights:
    """The weights that came with this package, read once."""
    data = (files("zeta_router.learn") / "weights" / SHIPPED).read_bytes()
    return parse_topics(data, SHIPPED)


def with_topics(classifier: TaskClassifier) -> TaskClassifier:
    """`classifier`, its tasks refined into topics by the shipped weights.

    Where those belong to another feature list it is `classifier` as it is: tasks alone still route,
    and a test keeps such weights from being shipped.
    """
    weights = shipped_topics()
    if weights.features != features_digest():
        return classifier
    return TopicReader(classifier, weights)


def write_topics(weights: TopicWeights, path: Path) -> None:
    """Write `weights` to `path`, whole or not at all.

    Raises:
        ConfigError: The file cannot be written.
    """
    names = np.frombuffer("\n".join(weights.domains).encode(), np.uint8)
    digest = np.frombuffer(weights.features.encode(), np.uint8)
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        allow_pickle=False,
        features=digest,
        domains=names,
        matrix=weights.matrix,
        bias=weights.bias,
        centres=weights.centres,
    )
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(buffer.getvalue())
        partial.replace(path)
    except OSError as error:
        raise ConfigError(str(path), f"cannot be written: {error.strerror}") from error


def parse_topics(data: bytes, name: str) -> TopicWeights:
    """Weights from the bytes of a file.

    Raises:
        BugError: They are not the arrays of a topic reader.
    """
    try:
        with np.load(BytesIO(data), allow_pickle=False) as archive:
            matrix, bias, centres = (
                archive[key].astype(np.float32) for key in ("matrix", "bias", "centres")
            )
            domains = tuple(archive["domains"].tobytes().decode().split("\n"))
            features = archive["features"].tobytes().decode()
    except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
        raise BugError(f"{name} does not hold the topics' weights: {error}") from error
    columns = len(domains) + len(GENERATIVE_TASKS)
    if (
        matrix.shape[1:] != (columns,)
        or bias.shape != (columns,)
        or centres.shape
        != (
            len(domains),
            len(BANDS),
        )
    ):
        raise BugError(f"{name} holds arrays that do not fit each other")
    return TopicWeights(domains, matrix, bias, centres, features)
