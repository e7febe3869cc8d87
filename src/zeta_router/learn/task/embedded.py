"""A second opinion on the task, from an embedding of the ask.

The classifier of `learn.task.trained` sees words and shape; an embedding model has read more of the
world. Where the first is uncertain, this adds what a linear map makes of the embedding to the
logarithm of its posterior. A head belongs to one embedding model: vectors of another mean nothing.

The head is a value; `app.training.heads` reads and writes it, this module does no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zeta_router.core.query import GENERATIVE_TASKS, TaskEstimate
from zeta_router.learn.task.protocol import TaskCosts, estimate_of

LEAST_PROBABILITY: Final = 1e-4
"""A task of less than this counts as of this: no certainty is beyond a second opinion."""


@dataclass(frozen=True, slots=True)
class EmbedderHead:
    """What training found.

    Attributes:
        matrix: Dimensions of the embedding by tasks (simple, code, reasoning).
        bias: One per task.
        trust: What the logarithm of the first posterior is multiplied by.
        model: Name of the embedding model that the head was trained with.
        features: `features_digest` of the classifier whose posteriors it was trained on.
    """

    matrix: NDArray[np.float32]
    bias: NDArray[np.float32]
    trust: float
    model: str
    features: str

    @property
    def dimensions(self) -> int:
        """How long a vector it takes."""
        return len(self.matrix)


def refined(
    known: TaskEstimate, vector: Sequence[float], head: EmbedderHead, costs: TaskCosts
) -> TaskEstimate | None:
    """`known` in the light of an embedding of the same ask.

    Topics keep their share of their task's probability, so finer topics than tasks survive.

    Returns:
        None where the vector is not one that the head can read (length, or not finite).
    """
    values = np.asarray(vector, np.float32)
    size = float(np.sqrt(values.dot(values))) if values.shape == (head.dimensions,) else 0.0
    if not 0.0 < size < float("inf"):
        return None
    before = [max(LEAST_PROBABILITY, known.probability(task)) for task in GENERATIVE_TASKS]
    told = ((values / size).dot(head.matrix) + head.bias).tolist()
    scores = [head.trust * log(p) + more for p, more in zip(before, told, strict=True)]
    top = max(scores)
    masses = [exp(score - top) for score in scores]
    total = sum(masses)
    simple, code, reasoning = (mass / total for mass in masses)
    estimate = estimate_of((simple, code, reasoning), costs)
    return _with_topics(known, estimate)


def _with_topics(known: TaskEstimate, estimate: TaskEstimate) -> TaskEstimate:
    """The topics of `known`, weighed by how much more or less probable their task has become."""
    factors = {
        task: estimate.probability(task) / known.probability(task)
        for task in GENERATIVE_TASKS
        if known.probability(task) > LEAST_PROBABILITY
    }
    shares = [
        share._replace(probability=share.probability * factors[share.task])
        for share in known.topics
        if share.task in factors
    ]
    shares += [share for share in estimate.topics if share.task not in factors]
    shares.sort(key=lambda share: share.probability, reverse=True)
    return TaskEstimate(estimate.task, tuple(shares))
