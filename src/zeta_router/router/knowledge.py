"""What the router has learned about models and queries, apart from any one endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field

from zeta_router.core.fleet import FleetConfig
from zeta_router.core.query import Query, TaskEstimate
from zeta_router.learn.forecast.arrivals import ArrivalForecaster
from zeta_router.learn.length.head import LengthHead
from zeta_router.learn.quality.head import QualityCells
from zeta_router.learn.quality.residual import QualityResidual
from zeta_router.learn.quality.rewards import Rewards
from zeta_router.learn.task.correction import TaskCorrection
from zeta_router.learn.task.protocol import TaskClassifier
from zeta_router.learn.task.trained import is_text


@dataclass(slots=True)
class Knowledge:
    """The heads that every decision asks: how good, how long, what kind."""

    quality: QualityCells
    length: LengthHead
    classifier: TaskClassifier
    tasks: TaskCorrection = field(default_factory=TaskCorrection)
    residual: QualityResidual = field(default_factory=QualityResidual)
    rewards: Rewards = field(default_factory=Rewards)
    arrivals: ArrivalForecaster = field(default_factory=ArrivalForecaster)

    @classmethod
    def of(cls, fleet: FleetConfig, classifier: TaskClassifier) -> Knowledge:
        """What is known before the first outcome: the fleet file's priors."""
        return cls(QualityCells(fleet.models), LengthHead(), classifier)

    def task_of(self, query: Query) -> TaskEstimate:
        """What a query asks for: its own word, or else what its features say."""
        if query.task is not None:
            return query.task
        told = self.classifier.estimate(query.features, query.operation)
        if self.tasks.neutral or not is_text(query.features, query.operation):
            return told
        return self.tasks.corrected(told, self.classifier.costs)
