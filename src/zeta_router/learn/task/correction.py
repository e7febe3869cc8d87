"""What a fleet's own queries say of the classifier's mistakes.

Some clients name the task of a query (``auto:code``). On their queries it can be seen whether the
classifier, trained elsewhere, takes one task for another here. What is learned of that is three
numbers, applied to every posterior:

    p'(task) ~ p(task) ** sharpness * exp(shift[task])

Both are bounded, so that nobody who names tasks falsely can turn one task into another where the
classifier is sure. They are fitted by retraining (`app.learning.task_trial`), not at every outcome.

Source: vector scaling, Guo et al. 2017.
"""

from __future__ import annotations

from math import exp
from typing import Any

from zeta_router.core.query import GENERATIVE_TASKS, TaskEstimate
from zeta_router.learn.task.protocol import PROBABILITY, TaskCosts, estimate_of

Posterior = tuple[float, float, float]
"""Over simple, code and reasoning, in this order."""

SHARPEST = 2.0
"""Largest `sharpness`; its inverse is the smallest."""

MOST_SHIFT = 1.0
"""Largest size of a `shift`, in nats."""

_LEAST = 1e-6
"""Probabilities count as no smaller than this."""


class TaskCorrection:
    """The three numbers; neutral ones as long as nothing was learned.

    Attributes:
        sharpness: Above 1 the classifier was too timid here, below 1 too sure.
        shift: Of simple, code and reasoning, in nats; the first is always 0.
    """

    __slots__ = ("sharpness", "shift")

    def __init__(self, sharpness: float = 1.0, shift: Posterior = (0.0, 0.0, 0.0)) -> None:
        self.sharpness = sharpness
        self.shift = shift

    @property
    def neutral(self) -> bool:
        """Whether it changes nothing."""
        return self.sharpness == 1.0 and not any(self.shift)

    def posterior(self, told: Posterior) -> Posterior:
        """What becomes of a posterior."""
        masses = [
            max(probability, _LEAST) ** self.sharpness * exp(shift)
            for probability, shift in zip(told, self.shift, strict=True)
        ]
        total = sum(masses)
        return masses[0] / total, masses[1] / total, masses[2] / total

    def corrected(self, told: TaskEstimate, costs: TaskCosts) -> TaskEstimate:
        """An estimate over generative tasks with the corrected posterior.

        Within a task its topics keep their proportions; `costs` decide which task to act on.
        """
        before = posterior_of(told)
        after = self.posterior(before)
        factor = {
            task: new / max(old, _LEAST)
            for task, old, new in zip(GENERATIVE_TASKS, before, after, strict=True)
        }
        topics = [s._replace(probability=s.probability * factor[s.task]) for s in told.topics]
        total = sum(share.probability for share in topics)
        topics = [share._replace(probability=share.probability / total) for share in topics]
        topics.sort(key=PROBABILITY, reverse=True)
        return TaskEstimate(estimate_of(after, costs).task, tuple(topics))

    def state(self) -> dict[str, Any]:
        """Everything it knows, as plain values."""
        return {"sharpness": self.sharpness, "shift": list(self.shift)}

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what it knows by an earlier `state()`.

        Raises:
            ValueError: A number is out of its bounds.
        """
        sharpness = float(state["sharpness"])
        simple, code, reasoning = (float(shift) for shift in state["shift"])
        within = 1.0 / SHARPEST <= sharpness <= SHARPEST and simple == 0.0
        if not (within and abs(code) <= MOST_SHIFT and abs(reasoning) <= MOST_SHIFT):
            raise ValueError("a correction of tasks is out of its bounds")
        self.sharpness, self.shift = sharpness, (simple, code, reasoning)


def posterior_of(told: TaskEstimate) -> Posterior:
    """The mass of each generative task."""
    simple, code, reasoning = (told.probability(task) for task in GENERATIVE_TASKS)
    return simple, code, reasoning
