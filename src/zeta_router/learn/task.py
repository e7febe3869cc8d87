"""Task classification: the protocol, and what every implementation shares.

Implementations turn features into a posterior over tasks. Which task to act on is decided from
the posterior and what each mistake costs: a hard query on a weak model gets a bad answer, a simple
one on a strong model merely takes its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from zeta_router.core.query import GENERATIVE_TASKS, Operation, Task, TaskEstimate, TopicShare


class TaskClassifier(Protocol):
    """Says what a query asks for, from numbers only."""

    def estimate(self, features: tuple[float, ...], operation: Operation) -> TaskEstimate:
        """The posterior over tasks.

        Embedding and rerank follow from `operation`; for the others, `features` is what
        `learn.features` made of the request. Empty or unknown features give a flat posterior.
        """


@dataclass(frozen=True, slots=True)
class TaskCosts:
    """What a mistake costs, relative to each other; all >= 0.

    Attributes:
        hard_called_simple: A code or reasoning query treated as simple.
        simple_called_hard: A simple query treated as code or reasoning.
        hard_swapped: Code treated as reasoning or the reverse.
    """

    hard_called_simple: float = 1.5
    simple_called_hard: float = 1.0
    hard_swapped: float = 1.0


DEFAULT_COSTS = TaskCosts()


def estimate_of(posterior: tuple[float, float, float], costs: TaskCosts) -> TaskEstimate:
    """The estimate for a posterior over simple, code and reasoning (in this order, sum 1).

    The task is the one with the least expected cost; on a tie the later one, because the strongest
    model does least harm.
    """
    simple, code, reasoning = posterior
    expected = (
        costs.hard_called_simple * (code + reasoning),
        costs.simple_called_hard * simple + costs.hard_swapped * reasoning,
        costs.simple_called_hard * simple + costs.hard_swapped * code,
    )
    least = min(expected)
    task = next(t for t, c in zip(_LAST_FIRST, reversed(expected), strict=True) if c == least)
    shares = sorted(zip(posterior, GENERATIVE_TASKS, strict=True), key=_mass, reverse=True)
    return TaskEstimate(task, tuple(TopicShare(t.value, t, mass) for mass, t in shares))


_LAST_FIRST = tuple(reversed(GENERATIVE_TASKS))


def _mass(share: tuple[float, Task]) -> float:
    return share[0]
