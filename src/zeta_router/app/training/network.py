"""A network of one hidden layer, trained by Adam on softmax cross-entropy; numpy only.

Small enough (150 × 24 × 3) that training takes seconds, so that it can be trained again for every
source that is held out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

N_TASKS: Final = 3
SCALE_FLOOR: Final = 0.15
"""Smallest standard deviation that a feature is divided by: rare features must not explode."""


@dataclass(frozen=True, slots=True)
class Dials:
    """How to train. Chosen on held-out training sources, never on the development sets."""

    hidden: int = 24
    epochs: int = 5
    batch: int = 256
    rate: float = 3e-3
    decay: float = 1e-3
    smoothing: float = 0.05
    dropout: float = 0.1


@dataclass(slots=True)
class Network:
    """Scaling and parameters; `logits` takes raw features."""

    mean: Array
    scale: Array
    hidden: Array
    hidden_bias: Array
    out: Array
    out_bias: Array

    def logits(self, features: Array) -> Array:
        """Rows of features to rows of scores for simple, code and reasoning."""
        scaled = (features - self.mean) / self.scale
        return np.tanh(scaled @ self.hidden + self.hidden_bias) @ self.out + self.out_bias


def fit(
    features: Array, tasks: NDArray[np.int64], weights: Array, dials: Dials, seed: int
) -> Network:
    """Train from scratch. `tasks` are 0, 1, 2; `weights` say how much each row counts (mean 1)."""
    rng = np.random.default_rng(seed)
    mean = features.mean(axis=0)
    scale = np.maximum(features.std(axis=0), SCALE_FLOOR).astype(np.float32)
    scaled = ((features - mean) / scale).astype(np.float32)
    parameters = _start(features.shape[1], dials.hidden, rng)
    adam = Adam(parameters, dials.decay)
    targets = np.eye(N_TASKS, dtype=np.float32)[tasks]
    targets = targets * (1 - dials.smoothing) + dials.smoothing / N_TASKS
    batches = -(-len(features) // dials.batch)
    for epoch in range(dials.epochs):
        order = rng.permutation(len(features))
        for number in range(batches):
            rows = order[number * dials.batch : (number + 1) * dials.batch]
            kept = rng.random((len(rows), features.shape[1]), dtype=np.float32) > dials.dropout
            inputs = scaled[rows] * kept / (1 - dials.dropout)
            progress = (epoch * batches + number) / (dials.epochs * batches)
            slopes = _slopes(parameters, inputs, targets[rows], weights[rows])
            adam.step(slopes, dials.rate * 0.5 * (1 + np.cos(np.pi * progress)))
    return Network(mean, scale, *parameters)


def softmax(logits: Array, temperature: float = 1.0) -> Array:
    """Rows of scores to rows of probabilities."""
    scores = logits / temperature
    masses = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(masses / masses.sum(axis=1, keepdims=True))


def fit_temperature(logits: Array, tasks: NDArray[np.int64]) -> float:
    """The temperature with the least log-loss, by golden-section search over [0.3, 5]."""

    def loss(temperature: float) -> float:
        masses = softmax(logits, temperature)[np.arange(len(tasks)), tasks]
        return float(-np.log(np.maximum(masses, 1e-9)).mean())

    low, high = 0.3, 5.0
    ratio = (5**0.5 - 1) / 2
    for _ in range(40):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return (low + high) / 2


def _start(inputs: int, hidden: int, rng: np.random.Generator) -> list[Array]:
    return [
        rng.normal(0, inputs**-0.5, (inputs, hidden)).astype(np.float32),
        np.zeros(hidden, np.float32),
        rng.normal(0, hidden**-0.5, (hidden, N_TASKS)).astype(np.float32),
        np.zeros(N_TASKS, np.float32),
    ]


def _slopes(parameters: list[Array], inputs: Array, targets: Array, weights: Array) -> list[Array]:
    hidden, hidden_bias, out, out_bias = parameters
    active = np.tanh(inputs @ hidden + hidden_bias)
    error = softmax(active @ out + out_bias) - targets
    error *= weights[:, None] / len(inputs)
    back = (error @ out.T) * (1 - active * active)
    return [inputs.T @ back, back.sum(axis=0), active.T @ error, error.sum(axis=0)]


class Adam:
    """Adam with decoupled weight decay on the matrices (Loshchilov & Hutter 2019).

    Args:
        parameters: Changed in place by every step.
        decay: What share of a matrix is taken away by a step, relative to the rate.
    """

    def __init__(self, parameters: list[Array], decay: float) -> None:
        self._parameters = parameters
        self._decay = decay
        self._first = [np.zeros_like(parameter) for parameter in parameters]
        self._second = [np.zeros_like(parameter) for parameter in parameters]
        self._steps = 0

    def step(self, slopes: list[Array], rate: float) -> None:
        """Go downhill by one step; `slopes` in the order of the parameters."""
        self._steps += 1
        for parameter, slope, first, second in zip(
            self._parameters, slopes, self._first, self._second, strict=True
        ):
            first += 0.1 * (slope - first)
            second += 0.01 * (slope * slope - second)
            size = np.sqrt(second / (1 - 0.99**self._steps)) + 1e-8
            move = first / (1 - 0.9**self._steps) / size
            if parameter.ndim == 2:
                move += self._decay * parameter
            parameter -= rate * move
