"""What the router has learned about models and queries, apart from any one endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zeta_router.core.fleet import FleetConfig, Model
from zeta_router.core.query import Query, TaskEstimate
from zeta_router.learn.forecast.arrivals import ArrivalForecaster
from zeta_router.learn.former import FormerModels
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
    former: FormerModels = field(default_factory=FormerModels)

    @classmethod
    def of(cls, fleet: FleetConfig, classifier: TaskClassifier) -> Knowledge:
        """What is known before the first outcome: the fleet file's priors."""
        former = FormerModels(fleet.models)
        return cls(QualityCells(fleet.models), LengthHead(), classifier, former=former)

    def configure(self, models: Mapping[str, Model]) -> None:
        """Take the models of a new configuration; forget those that left it long ago."""
        known = (*self.quality.known_models(), *self.length.known_models())
        gone = self.former.outlived(models, known)
        self.quality.configure(models)
        for head in (self.quality, self.length, self.residual, self.rewards):
            head.drop(gone)

    def task_of(self, query: Query) -> TaskEstimate:
        """What a query asks for: its own word, or else what its features say."""
        if query.task is not None:
            return query.task
        told = self.classifier.estimate(query.features, query.operation)
        if self.tasks.neutral or not is_text(query.features, query.operation):
            return told
        return self.tasks.corrected(told, self.classifier.costs)
