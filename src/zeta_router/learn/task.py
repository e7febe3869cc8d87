"""Task classification: the protocol. Implementations turn features into a posterior over tasks."""

from __future__ import annotations

from typing import Protocol

from zeta_router.core.query import Operation, TaskEstimate


class TaskClassifier(Protocol):
    """Says what a query asks for, from numbers only."""

    def estimate(self, features: tuple[float, ...], operation: Operation) -> TaskEstimate:
        """The posterior over tasks.

        Embedding and rerank follow from `operation`; for the others, `features` is what
        `learn.features` made of the request. Empty or unknown features give a flat posterior.
        """
