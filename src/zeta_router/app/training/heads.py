"""A head for one embedding model: trained, measured, written and read.

The head is trained on posteriors of networks that had not seen the prompt's source, because that is
how uncertain the classifier is about prompts of the real world, and on the embeddings of the same
prompts. Every uncertain prompt is taken, and others by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zeta_router.app.training.arrays import UNREADABLE, text_array, text_of, write_arrays
from zeta_router.app.training.network import Adam, Array, softmax
from zeta_router.core.errors import ConfigError
from zeta_router.learn.task.embedded import LEAST_PROBABILITY, EmbedderHead
from zeta_router.learn.task.trained import features_digest

DECAYS: Final = (0.003, 0.01, 0.03, 0.1, 0.3)
"""What is tried against learning the sources by heart; sources held out in turn choose."""

_EPOCHS: Final = 60
_BATCH: Final = 256
_RATE: Final = 0.01
_FOLDS: Final = 5


def fit_head(
    posteriors: Array,
    vectors: Array,
    tasks: NDArray[np.int64],
    sources: NDArray[np.str_],
    model: str,
) -> EmbedderHead:
    """The head that tells `tasks` (0, 1, 2) best on sources that it was not trained on."""
    inputs = _inputs(posteriors, vectors)
    decay = _best_decay(inputs, tasks, sources)
    matrix, bias, trust = _logistic(inputs, tasks, decay)
    return EmbedderHead(matrix, bias, trust, model, features_digest())


def head_logits(head: EmbedderHead, posteriors: Array, vectors: Array) -> Array:
    """Scores of many prompts at once, as `learn.task.embedded.refined` computes them of one."""
    inputs = _inputs(posteriors, vectors)
    return np.asarray(head.trust * inputs.logs + inputs.units @ head.matrix + head.bias, np.float32)


def write_head(head: EmbedderHead, path: Path) -> None:
    """Write `head` to `path`, whole or not at all.

    Raises:
        ConfigError: The file cannot be written.
    """
    write_arrays(
        path,
        matrix=head.matrix,
        bias=head.bias,
        trust=np.array(head.trust, np.float64),
        model=text_array(head.model),
        features=text_array(head.features),
    )


def read_head(path: Path) -> EmbedderHead:
    """A head from a file that `write_head` wrote.

    Raises:
        ConfigError: The file is missing, holds no head, or one for another version's features.
    """
    hint = "train it again: zeta train classifier --embedder URL"
    try:
        with np.load(path, allow_pickle=False) as archive:
            head = EmbedderHead(
                matrix=archive["matrix"].astype(np.float32),
                bias=archive["bias"].astype(np.float32),
                trust=float(archive["trust"]),
                model=text_of(archive["model"]),
                features=text_of(archive["features"]),
            )
    except FileNotFoundError as error:
        raise ConfigError(str(path), "no such file", hint) from error
    except (*UNREADABLE, TypeError) as error:
        raise ConfigError(str(path), f"does not hold an embedder's head: {error}", hint) from error
    if head.matrix.ndim != 2 or head.matrix.shape[1:] != (3,) or head.bias.shape != (3,):
        raise ConfigError(str(path), "holds arrays that do not fit each other", hint)
    if head.features != features_digest():
        raise ConfigError(str(path), "was trained for another version's classifier", hint)
    return head


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the head sees: logarithms of posteriors, and vectors of length one."""

    logs: Array
    units: Array

    def where(self, mask: NDArray[np.bool_]) -> Inputs:
        """The rows at which `mask` is true."""
        return Inputs(self.logs[mask], self.units[mask])


def _inputs(posteriors: Array, vectors: Array) -> Inputs:
    return Inputs(np.log(np.maximum(posteriors, LEAST_PROBABILITY)), _unit(vectors))


def _unit(vectors: Array) -> Array:
    sizes = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return np.asarray(vectors / sizes, np.float32)


def _best_decay(inputs: Inputs, tasks: NDArray[np.int64], sources: NDArray[np.str_]) -> float:
    """The decay with the least loss on held-out sources; the middle one where there is just one."""
    names = np.unique(sources)
    if len(names) < 2:
        return DECAYS[len(DECAYS) // 2]
    folds = [np.isin(sources, names[start::_FOLDS]) for start in range(min(_FOLDS, len(names)))]
    return min(DECAYS, key=lambda decay: _held_out_loss(inputs, tasks, folds, decay))


def _held_out_loss(
    inputs: Inputs, tasks: NDArray[np.int64], folds: list[NDArray[np.bool_]], decay: float
) -> float:
    loss = 0.0
    for out in folds:
        matrix, bias, trust = _logistic(inputs.where(~out), tasks[~out], decay)
        inside = inputs.where(out)
        masses = softmax(trust * inside.logs + inside.units @ matrix + bias)
        loss -= float(np.log(np.maximum(masses[np.arange(out.sum()), tasks[out]], 1e-9)).sum())
    return loss


def _logistic(inputs: Inputs, tasks: NDArray[np.int64], decay: float) -> tuple[Array, Array, float]:
    """Matrix, bias and trust, the same for the same data.

    Vectors of an embedding model all point nearly the same way: they are centred and scaled while
    training, which matrix and bias undo.
    """
    centre = inputs.units.mean(axis=0)
    scale = float((inputs.units - centre).std()) or 1.0
    scaled = (inputs.units - centre) / np.float32(scale)
    targets = np.eye(3, dtype=np.float32)[tasks]
    rng = np.random.default_rng(1)
    matrix, bias = np.zeros((scaled.shape[1], 3), np.float32), np.zeros(3, np.float32)
    trust = np.ones(1, np.float32)
    adam = Adam([matrix, bias, trust], decay)
    batches = max(1, len(tasks) // _BATCH)
    for epoch in range(_EPOCHS):
        for number, rows in enumerate(np.array_split(rng.permutation(len(tasks)), batches)):
            logs = inputs.logs[rows]
            error = softmax(trust * logs + scaled[rows] @ matrix + bias) - targets[rows]
            error /= len(rows)
            slopes = [scaled[rows].T @ error, error.sum(axis=0), (error * logs).sum(keepdims=True)]
            progress = (epoch * batches + number) / (_EPOCHS * batches)
            adam.step(
                [*slopes[:2], slopes[2].ravel()], _RATE * 0.5 * (1 + np.cos(np.pi * progress))
            )
    matrix /= np.float32(scale)
    return matrix, bias - centre @ matrix, float(trust[0])
