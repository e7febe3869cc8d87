"""Task classification: the protocol, and what every implementation shares.

Implementations turn features into a posterior over tasks. Which task to act on is decided from
the posterior and what each mistake costs: a hard query on a weak model gets a bad answer, a simple
one on a strong model merely takes its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import Final, Protocol

from zeta_router.core.query import (
    GENERATIVE_TASKS,
    Operation,
    Task,
    TaskEstimate,
    TopicShare,
    certain,
)


@dataclass(frozen=True, slots=True)
class TaskCosts:
    """What a mistake costs, relative to each other; all >= 0.

    Attributes:
        hard_called_simple: A code or reasoning query treated as simple.
        simple_called_hard: A simple query treated as code or reasoning.
        hard_swapped: Code treated as reasoning or the reverse.
    """

    hard_called_simple: float = 1.25
    simple_called_hard: float = 1.0
    hard_swapped: float = 1.0


class TaskClassifier(Protocol):
    """Says what a query asks for, from numbers only."""

    @property
    def costs(self) -> TaskCosts:
        """What mistakes cost; decides which task to act on, not the posterior."""

    def estimate(self, features: tuple[float, ...], operation: Operation) -> TaskEstimate:
        """The posterior over tasks.

        Embedding and rerank follow from `operation`; for the others, `features` is what
        `learn.task.ask` made of the request. Empty or unknown features give a flat posterior.
        """


new_tuple: Final = tuple.__new__
"""Makes a named tuple at half the cost of calling its class."""

PROBABILITY: Final = itemgetter(TopicShare._fields.index("probability"))
"""Of a `TopicShare`: what they are sorted by."""

DEFAULT_COSTS: Final = TaskCosts()

FLAT: Final = (1 / 3, 1 / 3, 1 / 3)
"""The posterior of somebody who cannot tell."""


def estimate_of(posterior: tuple[float, float, float], costs: TaskCosts) -> TaskEstimate:
    """The estimate for a posterior over simple, code and reasoning (in this order, sum 1).

    The task is the one with the least expected cost; on a tie the later one, because the strongest
    model does least harm.
    """
    simple, code, reasoning = posterior
    called_simple = costs.hard_called_simple * (code + reasoning)
    called_code = costs.simple_called_hard * simple + costs.hard_swapped * reasoning
    called_reasoning = costs.simple_called_hard * simple + costs.hard_swapped * code
    if called_reasoning <= called_code and called_reasoning <= called_simple:
        task = _REASONING
    elif called_code <= called_simple:
        task = _CODE
    else:
        task = _SIMPLE
    shares = [
        new_tuple(TopicShare, ("simple", _SIMPLE, simple)),
        new_tuple(TopicShare, ("code", _CODE, code)),
        new_tuple(TopicShare, ("reasoning", _REASONING, reasoning)),
    ]
    shares.sort(key=PROBABILITY, reverse=True)
    return new_tuple(TaskEstimate, (task, tuple(shares)))


def needs_no_text(operation: Operation) -> TaskEstimate | None:
    """The estimate where the address that was called says it all; None where text decides."""
    return _BY_ADDRESS.get(operation)


_BY_ADDRESS: Final = {
    Operation.EMBEDDING: certain(Task.EMBEDDING),
    Operation.RERANK: certain(Task.RERANK),
}
_SIMPLE, _CODE, _REASONING = GENERATIVE_TASKS
