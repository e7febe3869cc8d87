"""Train the topic reader: ``zeta train topics --data DIR``.

Two small linear models over the features: per task a softmax regression over its domains, and a
ridge regression of difficulty. Linear, because a query pays for every column, and because 5,000
graded prompts of two sources bear no more: a strong ridge carried over to other sources better than
a weak one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from zeta_router.app.training.topic_data import (
    DomainPrompt,
    GradedPrompt,
    domain_prompts,
    graded_prompts,
)
from zeta_router.app.training.topic_fit import (
    Floats,
    Scaling,
    ridge,
    softmax_regression,
    spearman,
)
from zeta_router.app.training.topic_weights import write_topics
from zeta_router.core.query import GENERATIVE_TASKS, Task
from zeta_router.learn.task.ask import FEATURE_NAMES, Ask, extract
from zeta_router.learn.task.topics import BANDS, TopicWeights
from zeta_router.learn.task.trained import features_digest

Progress = Callable[[str], None]

SEED: Final = 3
SHARPNESS: Final = 2.0
"""What domain scores are multiplied by. Cells blur where a query is split over many domains: on
tables that nothing was trained on 2 to 4 predicted scores better than 1."""

_FOLDS: Final = 5

CENTRES: Final = (0.1, 0.5, 0.9)
"""Where bands have their centres: quantiles of a domain's training prompts."""

_DIFFICULTY: Final[Mapping[Task, str]] = {Task.CODE: "chars", Task.REASONING: ""}
"""The feature that stands for difficulty; empty where it is the trained regression."""


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What a training run found, each figure over five folds.

    Attributes:
        rows: Prompts with a known domain, the rewritten ones included.
        graded: Graded prompts that stand in no quality table.
        domain_accuracy: Share whose most probable domain is right, by task, given the task.
        difficulty_correlation: Spearman's, by scale, of grade and predicted difficulty.
    """

    rows: int
    graded: int
    domain_accuracy: Mapping[str, float]
    difficulty_correlation: Mapping[str, float]
    weights_bytes: int

    def as_json(self) -> dict[str, Any]:
        """All figures."""
        return asdict(self)


def run(data: Path, out: Path, progress: Progress) -> TopicReport:
    """Train on the labels in `data`, write the weights to `out`, and report; about a minute.

    Args:
        data: Folder with ``labels/train.jsonl.gz`` and ``labels/difficulty.jsonl.gz``; graded
            prompts that are in one of ``quality/*.prompts.jsonl.gz`` are left out.
        out: File for the weights; replaced whole.
        progress: Called with a line of text before every step.

    Raises:
        ConfigError: The labels are missing or malformed, or `out` cannot be written.
    """
    progress("reading prompts")
    prompts, graded = domain_prompts(data, SEED), graded_prompts(data)
    inputs = _features([prompt.text for prompt in prompts])
    scaling = Scaling.of(inputs)
    graded_inputs = scaling.scaled(_features([prompt.text for prompt in graded]))
    scaled = scaling.scaled(inputs)
    progress("five folds of each")
    accuracy = {task.value: _domain_accuracy(scaled, prompts, task) for task in GENERATIVE_TASKS}
    correlation = _difficulty_correlation(graded_inputs, graded)
    progress("training on all")
    write_topics(_weights(scaling, inputs, prompts, graded_inputs, graded), out)
    return TopicReport(len(prompts), len(graded), accuracy, correlation, out.stat().st_size)


def _weights(
    scaling: Scaling,
    inputs: Floats,
    prompts: Sequence[DomainPrompt],
    graded_inputs: Floats,
    graded: Sequence[GradedPrompt],
) -> TopicWeights:
    domains: list[str] = []
    columns: list[Floats] = []
    biases: list[Floats] = []
    scaled = scaling.scaled(inputs)
    for task in GENERATIVE_TASKS:
        names = _names(prompts, task)
        inside = _rows_of(prompts, task)
        found, bias = softmax_regression(scaled[inside], [prompts[i] for i in inside], names)
        raw, raw_bias = scaling.unscaled(found, bias)
        domains += names
        columns.append(SHARPNESS * raw)
        biases.append(SHARPNESS * raw_bias)
    difficulty = ridge(graded_inputs, graded)
    for task in GENERATIVE_TASKS:
        column, bias = _difficulty_column(task, scaling, difficulty)
        columns.append(column)
        biases.append(bias)
    matrix, all_bias = np.hstack(columns), np.concatenate(biases)
    scores = inputs @ matrix + all_bias
    centres = [_centres(name, scores, prompts, domains) for name in domains]
    return TopicWeights(
        domains=tuple(domains),
        matrix=matrix.astype(np.float32),
        bias=all_bias.astype(np.float32),
        centres=np.array(centres, np.float32),
        features=features_digest(),
    )


def _difficulty_column(task: Task, scaling: Scaling, graded: Floats) -> tuple[Floats, Floats]:
    feature = _DIFFICULTY.get(task)
    if feature == "":
        return scaling.unscaled(graded[:, None], np.zeros(1, np.float32))
    column = np.zeros((len(FEATURE_NAMES), 1), np.float32)
    if feature is not None:
        column[FEATURE_NAMES.index(feature)] = 1.0
    return column, np.zeros(1, np.float32)


def _centres(
    name: str, scores: Floats, prompts: Sequence[DomainPrompt], domains: Sequence[str]
) -> list[float]:
    task = Task(name.partition("/")[0])
    if task not in _DIFFICULTY:
        return [float("nan")] * len(BANDS)
    inside = [index for index, prompt in enumerate(prompts) if prompt.domain == name]
    column = len(domains) + GENERATIVE_TASKS.index(task)
    return [float(value) for value in np.quantile(scores[inside, column], CENTRES)]


def _domain_accuracy(scaled: Floats, prompts: Sequence[DomainPrompt], task: Task) -> float:
    names, inside = _names(prompts, task), _rows_of(prompts, task)
    inputs, own = scaled[inside], [prompts[i] for i in inside]
    half = len(own) // 2  # a prompt and its rewritten copy must not be in different folds
    folds = np.arange(len(own)) % half % _FOLDS if half else np.zeros(0, np.int64)
    truth = np.array([names.index(prompt.domain) for prompt in own])
    right = np.zeros(len(own))
    for fold in range(_FOLDS):
        rest = [prompt for prompt, of in zip(own, folds, strict=True) if of != fold]
        columns, bias = softmax_regression(inputs[folds != fold], rest, names)
        called = (inputs[folds == fold] @ columns + bias).argmax(axis=1)
        right[folds == fold] = called == truth[folds == fold]
    return float(right.mean())


def _difficulty_correlation(inputs: Floats, graded: Sequence[GradedPrompt]) -> Mapping[str, float]:
    folds = np.arange(len(graded)) % _FOLDS
    predicted = np.zeros(len(graded))
    for fold in range(_FOLDS):
        rest = [prompt for prompt, of in zip(graded, folds, strict=True) if of != fold]
        predicted[folds == fold] = inputs[folds == fold] @ ridge(inputs[folds != fold], rest)
    grades = np.array([prompt.grade for prompt in graded])
    scales = np.array([prompt.scale for prompt in graded])
    return {
        str(scale): spearman(predicted[scales == scale], grades[scales == scale])
        for scale in np.unique(scales)
    }


def _names(prompts: Sequence[DomainPrompt], task: Task) -> list[str]:
    return sorted({p.domain for p in prompts if p.domain.partition("/")[0] == task.value})


def _rows_of(prompts: Sequence[DomainPrompt], task: Task) -> list[int]:
    return [i for i, p in enumerate(prompts) if p.domain.partition("/")[0] == task.value]


def _features(texts: Sequence[str]) -> Floats:
    return np.array([extract(Ask(text)) for text in texts], np.float32)
