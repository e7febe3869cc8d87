"""What a query's own features say about quality beyond its topic: a small logistic correction.

    logit q = logit(cell mean) + clip(w · inputs, ±1)          one w per model

Measured elsewhere, such corrections rarely beat the cells (learned routers sit on one narrow band
with the averages per topic), so this one is used for a model only after 200 rewards, and only
while its progressive log-loss (each reward predicted before it is learned) is below the cell's.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, isfinite, log
from struct import Struct
from typing import Any

from zeta_router.learn.latency.rls_inputs import StandardInputs

INPUTS = (
    "chars",
    "words",
    "lines",
    "numbers",
    "non_ascii_ratio",
    "code_mark",
    "latex_mark",
    "option_mark",
    "kw_math_strong",
    "kw_code_noun",
    "kw_logic",
    "kw_fact",
    "has_tools",
    "json_schema",
)
"""Length, code, maths, tools and language: the features it looks at."""

MIN_REWARDS = 200
LEARNING_RATE = 0.02
LEAST_RATE = 0.05
"""Part of the learning rate that is left after 4,000 rewards. Steps of one size forever cost .003
to .005 nats by wandering, as much as there is to gain from weak features; what changes suddenly is
left to retraining (`app.learning`), and until then to the cells."""

L2 = 1e-3
CLIP = 1.0
_LOSS_STEP = 0.005
_EDGE = 1e-3
_PACKED = Struct(f"{len(INPUTS)}f")


class _Weights:
    """One model's correction and its score."""

    __slots__ = ("loss", "loss_with", "rewards", "w")

    def __init__(self, size: int) -> None:
        self.w = [0.0] * size
        self.rewards = 0
        self.loss = 0.0
        self.loss_with = 0.0


class QualityResidual:
    """Corrects a cell's mean for a query's features, where that was shown to help."""

    __slots__ = ("_inputs", "_models")

    def __init__(self) -> None:
        self._inputs = StandardInputs(INPUTS)
        self._models: dict[str, _Weights] = {}

    def pack(self, features: tuple[float, ...]) -> bytes:
        """What `learn` wants of a query's features, in 56 bytes to be kept; empty for no text."""
        picked = self._inputs.pick(features)
        return _PACKED.pack(*picked) if picked else b""

    def useful(self, model: str) -> bool:
        """Whether the correction has beaten the cell for `model`, over enough rewards."""
        known = self._models.get(model)
        return known is not None and known.rewards >= MIN_REWARDS and known.loss_with < known.loss

    def corrected(self, mean: float, model: str, features: tuple[float, ...]) -> float:
        """The cell's `mean` corrected, within 0..1; unchanged, and at no cost, while not `useful`.

        About 4 µs where it is useful.
        """
        if not self.useful(model):
            return mean
        inputs = self._inputs.of(features)
        return _shifted(mean, _dot(self._models[model].w, inputs)) if inputs else mean

    def learn(self, mean: float, model: str, packed: bytes, y: float, weight: float = 1.0) -> None:
        """Learn a reward `y` in [0, 1] of `weight` in (0, 1], given the cell's `mean` before it."""
        if len(packed) != _PACKED.size:
            return
        picked = _PACKED.unpack(packed)
        inputs = self._inputs.of_picked(picked)
        if not 0.0 <= y <= 1.0 or not isfinite(weight) or weight <= 0.0:
            return
        known = self._models.setdefault(model, _Weights(len(INPUTS)))
        predicted = _shifted(mean, _dot(known.w, inputs))
        known.rewards += 1
        step = max(_LOSS_STEP, 1.0 / known.rewards)
        known.loss += step * (_log_loss(mean, y) - known.loss)
        known.loss_with += step * (_log_loss(predicted, y) - known.loss_with)
        slower = max(LEAST_RATE, min(1.0, MIN_REWARDS / known.rewards))
        pull = LEARNING_RATE * slower * min(1.0, weight)
        error = y - predicted
        known.w = [w + pull * (error * x - L2 * w) for w, x in zip(known.w, inputs, strict=True)]
        self._inputs.learn_picked(picked)

    def drop(self, models: Iterable[str]) -> None:
        """Know nothing of these models any more."""
        for model in models:
            self._models.pop(model, None)

    def state(self) -> dict[str, Any]:
        """Everything it knows, as plain values."""
        models = {
            name: [known.w, known.rewards, known.loss, known.loss_with]
            for name, known in self._models.items()
        }
        return {"inputs": self._inputs.state(), "models": models}

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what it knows by an earlier `state()`; one of other inputs is left out."""
        if not self._inputs.restore(state["inputs"]):
            return
        self._models = {}
        for name, (w, rewards, loss, loss_with) in state["models"].items():
            known = self._models[name] = _Weights(len(INPUTS))
            known.w = [float(value) for value in w]
            known.rewards, known.loss, known.loss_with = int(rewards), float(loss), float(loss_with)


def _dot(w: list[float], inputs: tuple[float, ...]) -> float:
    total = sum(a * b for a, b in zip(w, inputs, strict=True))
    return min(CLIP, max(-CLIP, total))


def _shifted(mean: float, shift: float) -> float:
    inside = min(1.0 - _EDGE, max(_EDGE, mean))
    return 1.0 / (1.0 + (1.0 - inside) / inside * exp(-shift))


def _log_loss(predicted: float, y: float) -> float:
    inside = min(1.0 - _EDGE, max(_EDGE, predicted))
    return -(y * log(inside) + (1.0 - y) * log(1.0 - inside))
