"""Prior quality of a model nobody has measured yet, from its size.

A guess that is right in order is worth much: in trials a wrong order of priors cost all that
routing by quality wins, until feedback mended it. The figures are typical shares of right answers
of open instruction-tuned models of that size on grade-school maths and trivia (simple), short
programs (code) and competition mathematics (reasoning), rounded to 0.05. They weigh as much as 20
observations and are overruled by `tasks:` in the fleet file.
"""

from __future__ import annotations

from bisect import bisect_right

from zeta_router.core.query import Task

UNKNOWN_PARAMS_B = 7.0
"""Size assumed where none is given: the size most people run locally."""

CODER_BONUS = 0.10
"""Added for `code` when the model's name says that it was made for code."""

CODER_PENALTY = 0.05
"""Taken from `simple` for the same reason: such models answer plain questions a little worse."""

# Anchors: parameters in billions -> prior quality; straight lines between them.
_PARAMS_B = (0.1, 0.5, 1.5, 4.0, 7.0, 14.0, 32.0, 70.0)
_QUALITY = {
    Task.SIMPLE: (0.10, 0.30, 0.45, 0.60, 0.70, 0.80, 0.85, 0.90),
    Task.CODE: (0.05, 0.15, 0.30, 0.45, 0.55, 0.65, 0.70, 0.75),
    Task.REASONING: (0.02, 0.05, 0.15, 0.30, 0.40, 0.55, 0.65, 0.70),
}
_CODER_MARKS = ("code", "coder", "starcoder", "devstral")


def prior_quality(task: Task, params_b: float | None, name: str = "") -> float:
    """Prior probability, 0..1, that a model of this size answers a query of `task` well.

    Embedding and reranking give 1.0: what an embedder returns is right by definition of its space.
    Never decreases with size.
    """
    anchors = _QUALITY.get(task)
    if anchors is None:
        return 1.0
    size = params_b if params_b is not None and params_b > 0.0 else UNKNOWN_PARAMS_B
    quality = _interpolate(size, anchors)
    lowered = name.lower()
    if any(mark in lowered for mark in _CODER_MARKS):
        if task is Task.CODE:
            quality += CODER_BONUS
        elif task is Task.SIMPLE:
            quality -= CODER_PENALTY
    return min(0.98, max(0.02, quality))


def _interpolate(size: float, anchors: tuple[float, ...]) -> float:
    right = bisect_right(_PARAMS_B, size)
    if right == 0:
        return anchors[0]
    if right == len(_PARAMS_B):
        return anchors[-1]
    low, high = _PARAMS_B[right - 1], _PARAMS_B[right]
    share = (size - low) / (high - low)
    return anchors[right - 1] + share * (anchors[right] - anchors[right - 1])
