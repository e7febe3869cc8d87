"""How good a classifier is, and on what: the tables of the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zeta_router.app.training.generate import Prompt
from zeta_router.core.query import GENERATIVE_TASKS, TaskEstimate
from zeta_router.learn.task.protocol import TaskCosts, estimate_of

TASK_NUMBER = {task: number for number, task in enumerate(GENERATIVE_TASKS)}
LENGTH_BANDS = ((0, 40), (40, 80), (80, 160), (160, 400), (400, 1200), (1200, 1 << 30))
CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures over some prompts; ratios in 0..1, None where nothing could be counted.

    Attributes:
        macro_f1: Mean F1 over the tasks that occur.
        hard_called_simple: Share of code and reasoning prompts that are called simple.
        simple_called_hard: Share of simple prompts that are called code or reasoning.
        calibration_error: Expected calibration error of the most probable task, ten equal bins.
    """

    n: int
    accuracy: float
    macro_f1: float
    hard_called_simple: float | None
    simple_called_hard: float | None
    calibration_error: float


def score(truth: NDArray[np.int64], posteriors: NDArray[np.float32], costs: TaskCosts) -> Scores:
    """`posteriors` judged against `truth` (0, 1, 2), deciding at `costs`."""
    called = decide(posteriors, costs)
    hard = truth > 0
    return Scores(
        n=len(truth),
        accuracy=float((called == truth).mean()),
        macro_f1=_macro_f1(truth, called),
        hard_called_simple=float((called[hard] == 0).mean()) if hard.any() else None,
        simple_called_hard=float((called[~hard] > 0).mean()) if not hard.all() else None,
        calibration_error=_calibration_error(truth, posteriors),
    )


def decide(posteriors: NDArray[np.float32], costs: TaskCosts) -> NDArray[np.int64]:
    """The task number each row is acted on as: the product's own rule."""
    estimates: Iterable[TaskEstimate] = (
        estimate_of((float(s), float(c), float(r)), costs) for s, c, r in posteriors
    )
    return np.array([TASK_NUMBER[estimate.task] for estimate in estimates], np.int64)


def truth_of(prompts: Sequence[Prompt]) -> NDArray[np.int64]:
    """The prompts' tasks as numbers."""
    return np.array([TASK_NUMBER[prompt.task] for prompt in prompts], np.int64)


def by_source(prompts: Sequence[Prompt]) -> Mapping[str, list[int]]:
    """Row numbers by source, in alphabetical order."""
    return _grouped(prompt.source for prompt in prompts)


def by_language(prompts: Sequence[Prompt]) -> Mapping[str, list[int]]:
    """Row numbers by language, in alphabetical order."""
    return _grouped(prompt.lang for prompt in prompts)


def by_length(prompts: Sequence[Prompt]) -> Mapping[str, list[int]]:
    """Row numbers by length band, with as many simple prompts as hard ones in each.

    Simple prompts are short in every source, so that length alone looks clever; within a band and
    in equal numbers it cannot.
    """
    bands: dict[str, list[int]] = {}
    for low, high in LENGTH_BANDS:
        inside = [i for i, prompt in enumerate(prompts) if low <= len(prompt.text) < high]
        simple = [i for i in inside if prompts[i].task is GENERATIVE_TASKS[0]]
        hard = [i for i in inside if prompts[i].task is not GENERATIVE_TASKS[0]]
        few = min(len(simple), len(hard))
        if few >= 20:
            name = f"{low}-{high - 1}" if high < 1 << 30 else f"{low} and more"
            bands[name] = _spread(simple, few) + _spread(hard, few)
    return bands


def _spread(rows: list[int], count: int) -> list[int]:
    """`count` of the rows, evenly spaced: the same every time."""
    return [rows[index * len(rows) // count] for index in range(count)]


def _grouped(names: Iterable[str]) -> Mapping[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        groups.setdefault(name, []).append(index)
    return dict(sorted(groups.items()))


def _macro_f1(truth: NDArray[np.int64], called: NDArray[np.int64]) -> float:
    scores = []
    for task in np.unique(truth):
        hits = int(((truth == task) & (called == task)).sum())
        scores.append(2 * hits / int((truth == task).sum() + (called == task).sum()))
    return float(np.mean(scores))


def _calibration_error(truth: NDArray[np.int64], posteriors: NDArray[np.float32]) -> float:
    confidence = posteriors.max(axis=1)
    right = posteriors.argmax(axis=1) == truth
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    error = 0.0
    for number in np.unique(bins):
        inside = bins == number
        gap = abs(float(confidence[inside].mean()) - float(right[inside].mean()))
        error += float(inside.mean()) * gap
    return error
