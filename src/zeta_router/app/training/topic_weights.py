"""The topics' weights as a file: plain arrays, no pickle, shipped in the package."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np

from zeta_router.app.training.arrays import UNREADABLE, text_array, text_of, write_arrays
from zeta_router.core.errors import BugError
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
    write_arrays(
        path,
        features=text_array(weights.features),
        domains=text_array("\n".join(weights.domains)),
        matrix=weights.matrix,
        bias=weights.bias,
        centres=weights.centres,
    )


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
            domains = tuple(text_of(archive["domains"]).split("\n"))
            features = text_of(archive["features"])
    except UNREADABLE as error:
        raise BugError(f"{name} does not hold the topics' weights: {error}") from error
    columns = len(domains) + len(GENERATIVE_TASKS)
    shapes = (matrix.shape[1:], bias.shape, centres.shape)
    if shapes != ((columns,), (columns,), (len(domains), len(BANDS))):
        raise BugError(f"{name} holds arrays that do not fit each other")
    return TopicWeights(domains, matrix, bias, centres, features)
