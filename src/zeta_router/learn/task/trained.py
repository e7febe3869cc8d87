"""Task classification by a small trained network: the classifier the product runs with.

One hidden layer over the features of `learn.task.ask`, its scores added to those of the hand-set
rules (`learn.task.rules`). It is that small on purpose: the work is in features that mean the same
in every source and language, and what is left to learn is how they weigh against each other.
Neither half knows what the other does not: on sources that neither has seen, the sum is right more
often than either. Scaling, temperature and rules are folded into the weights, so inference is two
products of small matrices. Each call into numpy takes a microsecond, hence few of them.

The weights are values; `app.training.weights` reads and writes them, this module does no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from math import exp
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from zeta_router.core.errors import BugError
from zeta_router.core.query import Operation, TaskEstimate
from zeta_router.learn.task.ask import EXCERPT_BYTES, EXCERPT_CHARS, FEATURE_NAMES
from zeta_router.learn.task.lexicon import lexicon_digest
from zeta_router.learn.task.protocol import (
    DEFAULT_COSTS,
    FLAT,
    TaskCosts,
    estimate_of,
    needs_no_text,
)

_PACK = Struct(f"{len(FEATURE_NAMES) + 1}f").pack
"""Floats to an array in half the time of `numpy.fromiter`; the last is 1 and carries the bias."""

_FLOAT = np.dtype(np.float32)
_NO_TEXT = (Operation.EMBEDDING, Operation.RERANK)
_CHARS = FEATURE_NAMES.index("chars")
_HOUSEKEEPING = FEATURE_NAMES.index("housekeeping")
_HOUSEKEEPING_POSTERIOR = (0.96, 0.02, 0.02)


@dataclass(frozen=True, slots=True)
class ClassifierWeights:
    """What training found, ready for inference.

    Attributes:
        inner: Features by hidden units, then by tasks: the last three columns go past the hidden
            layer.
        inner_bias: One per column of `inner`.
        out: Hidden units by tasks (simple, code, reasoning).
        features: `features_digest` of the code that trained them; weights for other features would
            give confident nonsense.
    """

    inner: NDArray[np.float32]
    inner_bias: NDArray[np.float32]
    out: NDArray[np.float32]
    features: str


def features_digest() -> str:
    """Names the meaning of every feature: changes with their list, the keywords and the excerpt."""
    text = "\n".join((*FEATURE_NAMES, lexicon_digest(), f"{EXCERPT_CHARS} {EXCERPT_BYTES}"))
    return blake2b(text.encode(), digest_size=8).hexdigest()


class TrainedClassifier:
    """A `TaskClassifier` with trained weights.

    Attributes:
        columns: What `vector` is multiplied by first, so that others may add columns of their own
            and share the product.

    Args:
        weights: See `ClassifierWeights`.
        costs: What each mistake costs; decides which task to act on, not the posterior.

    Raises:
        BugError: The weights were trained for other features than this code extracts.
    """

    def __init__(self, weights: ClassifierWeights, costs: TaskCosts = DEFAULT_COSTS) -> None:
        if weights.features != features_digest():
            raise BugError(
                f"the classifier's weights belong to features {weights.features}, this code "
                f"extracts {features_digest()}: run `zeta train classifier` and ship its weights"
            )
        self.columns = np.vstack((weights.inner, weights.inner_bias))
        self._out = np.vstack((weights.out, np.eye(3, dtype=np.float32)))
        self.costs = costs

    def estimate(self, features: tuple[float, ...], operation: Operation) -> TaskEstimate:
        """See `TaskClassifier.estimate`. A request without text gets a flat posterior."""
        if is_text(features, operation):
            return self.estimate_from(vector(features).dot(self.columns))
        known = needs_no_text(operation)
        if known is not None:
            return known
        if len(features) != len(FEATURE_NAMES) or not features[_CHARS]:
            return estimate_of(FLAT, self.costs)
        return estimate_of(_HOUSEKEEPING_POSTERIOR, self.costs)

    def estimate_from(self, product: NDArray[np.float32]) -> TaskEstimate:
        """The estimate for `vector` times `columns`; `product` is overwritten."""
        hidden = product[:-3]
        np.tanh(hidden, hidden)
        scores: list[float] = product.dot(self._out).tolist()
        top = max(scores)
        simple, code, reasoning = [exp(score - top) for score in scores]
        total = simple + code + reasoning
        posterior = (simple / total, code / total, reasoning / total)
        return estimate_of(posterior, self.costs)


def is_text(features: tuple[float, ...], operation: Operation) -> bool:
    """Whether there is a text that a user wrote, so that its features say what is asked."""
    return (
        operation not in _NO_TEXT
        and len(features) == len(FEATURE_NAMES)
        and features[_CHARS] != 0.0
        and not features[_HOUSEKEEPING]
    )


def vector(features: tuple[float, ...]) -> NDArray[np.float32]:
    """The features as an array, with a 1 for the bias at its end."""
    return np.frombuffer(_PACK(*features, 1.0), _FLOAT)
