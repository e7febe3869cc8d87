"""From prompts to the arrays that the network is trained on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zeta_router.app.training.augment import augmented
from zeta_router.app.training.generate import Prompt
from zeta_router.app.training.network import Array
from zeta_router.app.training.score import TASK_NUMBER
from zeta_router.core.query import Task
from zeta_router.learn.task.ask import Ask, extract

MADE_SHARE: Final = 2.0
"""How much more the made prompts count than a labelled source of their size."""

_SYSTEM_HINTS: Final = {
    Task.CODE: "You are a coding assistant.",
    Task.REASONING: "Reason carefully.",
}
_PLAIN_SYSTEM: Final = "You are a helpful assistant."


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows of features with what is known about each; `source` is what may be held out."""

    features: Array
    tasks: NDArray[np.int64]
    sources: NDArray[np.str_]

    def where(self, mask: NDArray[np.bool_]) -> Examples:
        """The rows at which `mask` is true."""
        return Examples(self.features[mask], self.tasks[mask], self.sources[mask])


def examples(prompts: Sequence[Prompt]) -> Examples:
    """The prompts as they are."""
    return _rows(prompts, [Ask(prompt.text) for prompt in prompts])


def training_examples(prompts: Sequence[Prompt], seed: int) -> Examples:
    """Every prompt as it is, and once more as somebody else would write it."""
    draw = random.Random(seed)
    asks = [varied(prompt.text, prompt.task, draw) for prompt in prompts]
    asks += [varied(augmented(prompt.text, draw), prompt.task, draw) for prompt in prompts]
    return _rows([*prompts, *prompts], asks)


def varied(text: str, task: Task, draw: random.Random) -> Ask:
    """An ask in the settings that requests come in.

    Tools, schemas and turns are drawn without regard to the task, so that nothing is concluded from
    them. A system prompt is only a hint: one in four fits the task, one in ten is of another.
    """
    system = ""
    if draw.random() < 0.25:
        system = _SYSTEM_HINTS.get(task, _PLAIN_SYSTEM)
    elif draw.random() < 0.2:
        system = draw.choice([_PLAIN_SYSTEM, *_SYSTEM_HINTS.values()])
    return Ask(
        text,
        system=system,
        has_tools=draw.random() < 0.1,
        json_schema=draw.random() < 0.05,
        turns=1 if draw.random() < 0.7 else draw.randint(2, 10),
    )


def weights_of(rows: Examples) -> Array:
    """How much each row counts: tasks equally, and within a task sources by the root of their size.

    A source of a thousand rows of one kind must not drown one of a hundred of another.
    """
    weights = np.zeros(len(rows.tasks), np.float64)
    for source in np.unique(rows.sources):
        inside = rows.sources == source
        share = MADE_SHARE if source == "made" else 1.0
        weights[inside] = share / np.sqrt(inside.sum())
    for task in range(len(TASK_NUMBER)):
        inside = rows.tasks == task
        if inside.any():
            weights[inside] /= weights[inside].sum()
    return np.asarray(weights / weights.mean(), np.float32)


def _rows(prompts: Sequence[Prompt], asks: Sequence[Ask]) -> Examples:
    return Examples(
        np.array([extract(ask) for ask in asks], np.float32),
        np.array([TASK_NUMBER[prompt.task] for prompt in prompts], np.int64),
        np.array([prompt.source for prompt in prompts]),
    )
