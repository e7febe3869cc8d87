"""Guessing what a model can do from its name and size.

A guess is a start: it decides the first hundred queries, and outcomes move it from there. The
table is by parameters because that is what can be known without asking the model anything, and it
holds for general instruction models of 2024–26 at four bits or more. The named adjustments are for
models made for one thing. All of it can be overruled by writing numbers into `zeta.yaml`.
"""

from __future__ import annotations

from bisect import bisect_right

from zeta_router.core.query import GENERATIVE_TASKS, Task
from zeta_router.monitor.engines.protocol import ModelKind, ServedModel
from zeta_router.monitor.modelname import is_coder, is_reasoner, kind_in, params_b_in

SIZE_STEPS_B = (1.0, 2.5, 5.0, 10.0, 22.0, 50.0)
"""Upper ends of the size classes, in billions of parameters; the last class is open."""

PRIOR_QUALITY: dict[Task, tuple[float, ...]] = {
    #              <1    <2.5  <5    <10   <22   <50   more
    Task.SIMPLE: (0.30, 0.45, 0.60, 0.70, 0.80, 0.84, 0.88),
    Task.CODE: (0.12, 0.28, 0.42, 0.58, 0.70, 0.77, 0.82),
    Task.REASONING: (0.08, 0.20, 0.33, 0.45, 0.65, 0.74, 0.80),
}
"""Expected quality in 0..1 per size class. Hand-made, in the range of public scores."""

CODER_GAIN = {Task.CODE: 0.15, Task.REASONING: -0.02, Task.SIMPLE: -0.02}
REASONER_GAIN = {Task.REASONING: 0.12, Task.CODE: 0.03, Task.SIMPLE: 0.0}
"""What a name that says "made for code" or "made to reason" adds."""

DEDICATED_QUALITY = 1.0
"""An embedder embeds and a reranker ranks; which does it better is not told by size."""

UNKNOWN_SIZE_B = 7.0
"""Size taken for a chat model whose size nobody tells: the most common one."""

BYTES_PER_PARAM = 0.62
"""Weights at about 4.9 bits (Q4_K_M), the usual download; only used when nothing else tells."""

MAX_QUALITY = 0.95

UNTOLD_SLOTS = {"ollama": 1, "lmstudio": 1, "vllm": 32, "sglang": 32, "tgi": 32, "tei": 32}
"""In-flight cap for an engine that does not tell its slots, where the general default is wrong.

Ollama and LM Studio work on one request at a time unless told otherwise and hide the rest in a
queue of their own; the others batch continuously, and four at a time would leave them idle.
"""


def kind_of(model: ServedModel) -> ModelKind:
    """What the engine says it is for, else what its name says."""
    return model.kind if model.kind is not ModelKind.UNKNOWN else kind_in(model.name)


def params_b_of(model: ServedModel) -> float | None:
    """Parameters in billions: told, else written in the name, else from the size of the weights."""
    if model.params_b is not None:
        return round(model.params_b, 3)
    written = params_b_in(model.name)
    if written is not None:
        return written
    return round(model.size_bytes / BYTES_PER_PARAM / 1e9, 1) if model.size_bytes else None


def tasks_of(model: ServedModel) -> dict[Task, float | None]:
    """The tasks a model can do with their prior quality."""
    kind = kind_of(model)
    if kind is ModelKind.EMBEDDING:
        return {Task.EMBEDDING: DEDICATED_QUALITY}
    if kind is ModelKind.RERANK:
        return {Task.RERANK: DEDICATED_QUALITY}
    size_class = bisect_right(SIZE_STEPS_B, params_b_of(model) or UNKNOWN_SIZE_B)
    return {
        task: _bounded(PRIOR_QUALITY[task][size_class] + _gain(model.name, task))
        for task in GENERATIVE_TASKS
    }


def _gain(name: str, task: Task) -> float:
    gain = CODER_GAIN[task] if is_coder(name) else 0.0
    return gain + (REASONER_GAIN[task] if is_reasoner(name) else 0.0)


def _bounded(quality: float) -> float:
    return round(min(max(quality, 0.05), MAX_QUALITY), 2)
