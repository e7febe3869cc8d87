"""The correction of quality by a query's features, fitted to a log at once.

    logit q = logit(cell mean) + w · inputs

Online, a correction sees each reward once, in small steps. Fitted to all of them it gets where the
steps would lead in the end. Whether it helps is measured on rewards that were held out: the log is
cut into blocks of time, and each block is predicted from the others. A model whose correction does
not beat its cells there, or that has too few rewards, gets none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zeta_router.learn.latency.rls_inputs import LIMIT
from zeta_router.learn.quality.residual import CLIP, INPUTS, MIN_REWARDS
from zeta_router.learn.task.ask import FEATURE_NAMES

RIDGE: Final = 20.0
"""How many observations it takes to believe a weight: inputs are of size 1."""

_BLOCKS: Final = 5
_STEPS: Final = 8
_EDGE: Final = 1e-3
_PLACES: Final = [FEATURE_NAMES.index(name) for name in INPUTS]
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reward:
    """A judged answer: who gave it, to what, what the cells expected, what it was worth."""

    model: str
    features: tuple[float, ...]
    cell: float
    y: float


def fit_residual(rewards: Sequence[Reward]) -> dict[str, Any]:
    """A state of `QualityResidual` fitted to `rewards`, oldest first.

    Rewards of queries without text are left out.
    """
    usable = [reward for reward in rewards if len(reward.features) == len(FEATURE_NAMES)]
    if not usable:
        return {"inputs": _inputs(np.zeros(len(INPUTS)), np.ones(len(INPUTS)), 0), "models": {}}
    raw = np.array([[reward.features[place] for place in _PLACES] for reward in usable])
    means, variances = raw.mean(axis=0), raw.var(axis=0)
    x = np.clip((raw - means) / np.sqrt(variances + 1e-6), -LIMIT, LIMIT)
    models: dict[str, Any] = {}
    for name in sorted({reward.model for reward in usable}):
        mine = np.array([reward.model == name for reward in usable])
        if int(mine.sum()) >= MIN_REWARDS:
            cell = np.array([r.cell for r in usable])[mine]
            y = np.array([r.y for r in usable])[mine]
            models[name] = _fit_model(x[mine], cell, y)
    return {"inputs": _inputs(means, variances, len(usable)), "models": models}


def _fit_model(x: _Floats, cell: _Floats, y: _Floats) -> list[Any]:
    """Weights, rewards, and the held-out log-loss without and with them."""
    offset = _logit(cell)
    held_out = np.zeros(len(y))
    for block in np.array_split(np.arange(len(y)), _BLOCKS):
        others = np.setdiff1d(np.arange(len(y)), block)
        w = _weights(x[others], offset[others], y[others])
        held_out[block] = np.clip(x[block] @ w, -CLIP, CLIP)
    loss, loss_with = _log_loss(offset, y), _log_loss(offset + held_out, y)
    w = _weights(x, offset, y)
    return [w.tolist(), len(y), loss, loss_with]


def _weights(x: _Floats, offset: _Floats, y: _Floats) -> _Floats:
    """Ridge logistic regression with a given offset, by Newton's method."""
    w = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-(offset + x @ w)))
        gradient = x.T @ (y - p) - RIDGE * w
        curvature = (x * (p * (1.0 - p))[:, None]).T @ x + RIDGE * np.eye(x.shape[1])
        w = w + np.linalg.solve(curvature, gradient)
    return w


def _logit(mean: _Floats) -> _Floats:
    inside = np.clip(mean, _EDGE, 1.0 - _EDGE)
    return np.asarray(np.log(inside / (1.0 - inside)))


def _log_loss(logits: _Floats, y: _Floats) -> float:
    p = np.clip(1.0 / (1.0 + np.exp(-logits)), _EDGE, 1.0 - _EDGE)
    return float(-np.mean(y * np.log(p) + (1.0 - y) * np.log(1.0 - p)))


def _inputs(means: _Floats, variances: _Floats, seen: int) -> dict[str, Any]:
    return {
        "names": list(INPUTS),
        "means": means.tolist(),
        "variances": variances.tolist(),
        "seen": seen,
    }
