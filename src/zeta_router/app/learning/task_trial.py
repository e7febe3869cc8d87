"""The correction of tasks on trial (see `app.learning.trials`).

It is trained from queries whose task a client named, read by the classifier as if nobody had. The
features in the log are enough for that; no text is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import Any, Final

from zeta_router.app.learning.in_time import in_time
from zeta_router.app.learning.judge import LEAST_JUDGED, Judgement, mean_within
from zeta_router.app.learning.task_fit import Named, fit_correction, weighed
from zeta_router.app.learning.trials import TRIALS, InForce, State, Trial
from zeta_router.core.query import GENERATIVE_TASKS, TaskEstimate
from zeta_router.learn.task.correction import Posterior, TaskCorrection, posterior_of
from zeta_router.learn.task.protocol import TaskClassifier
from zeta_router.learn.task.trained import is_text
from zeta_router.router.learned import version_of
from zeta_router.sim.replay.logged import LoggedQuery, Traffic
from zeta_router.sim.replay.play import Reading

LEAST_NAMED: Final = 30
"""Named queries of each task, in either part of the log, below which nothing is decided."""

LEAST_GAIN: Final = 0.01
"""Nats by which log-loss must fall for a correction to be worth having."""

_EDGE: Final = 1e-6


class TaskTrial:
    """See `Trial`; `classifier` is the one that the log's router reads with."""

    name = "tasks"

    def __init__(self, classifier: TaskClassifier) -> None:
        self._classifier = classifier

    def version(self) -> int:
        """See `Trial`."""
        return version_of(TaskCorrection())

    def fresh(self) -> State:
        """See `Trial`."""
        return TaskCorrection().state()

    def fit(self, traffic: Traffic, until_s: float, in_force: InForce) -> State:
        """See `Trial`. Neutral where some task was hardly ever named."""
        named = [each for at_s, each in self._named(traffic) if at_s < until_s]
        if _fewest(named) < LEAST_NAMED:
            return self.fresh()
        return fit_correction(weighed(named, self._shares(traffic))).state()

    def compare(
        self, traffic: Traffic, from_s: float, challenger: State, in_force: InForce
    ) -> Judgement:
        """See `Trial`."""
        named = [each for at_s, each in self._named(traffic) if at_s >= from_s]
        evidence: dict[str, Any] = {"named": len(named), "fewest_of_a_task": _fewest(named)}
        if len(named) < LEAST_JUDGED or _fewest(named) < LEAST_NAMED:
            return Judgement(False, "too few queries name their task", evidence)
        if challenger == self.fresh():
            return Judgement(False, "too few queries named their task before", evidence)
        theirs = _correction(challenger)
        champion = _correction(in_force[-1][1] if in_force else self.fresh())
        named = weighed(named, self._shares(traffic))
        mean, half = mean_within([each.weight * _gain(each, champion, theirs) for each in named])
        evidence["log_loss"] = {"difference": -mean, "low": -mean - half, "high": half - mean}
        if not mean - half > 0.0:
            return Judgement(False, "it does not tell tasks better", evidence)
        if not mean > LEAST_GAIN:
            return Judgement(False, "it tells tasks better by too little to matter", evidence)
        found = in_time(traffic, None, self._reading(theirs))
        return found.added_to(evidence, "it tells tasks better")

    def worse_by(
        self, traffic: Traffic, from_s: float, states: tuple[State, State], in_force: InForce
    ) -> Iterator[float]:
        """See `Trial`."""
        before, after = (_correction(state) for state in states)
        named = [each for at_s, each in self._named(traffic) if at_s >= from_s]
        if _fewest(named) == 0:
            return
        named = weighed(named, self._shares(traffic))
        heaviest = max(each.weight for each in named)
        for each in named:
            worse = _miss(each, after.posterior(each.told)) - _miss(
                each, before.posterior(each.told)
            )
            yield worse * each.weight / heaviest

    def _named(self, traffic: Traffic) -> Iterator[tuple[float, Named]]:
        """When queries arrived that name their task, and what the classifier takes them for."""
        for each in traffic.queries:
            query, task = each.query, _task_named(each)
            if task is not None and is_text(query.features, query.operation):
                told = self._classifier.estimate(query.features, query.operation)
                yield query.arrived_at_s, Named(posterior_of(told), task)

    def _shares(self, traffic: Traffic) -> Posterior:
        """How frequent tasks are among queries that name none; even where all name one."""
        sums = [1.0, 1.0, 1.0]
        for each in traffic.queries:
            query = each.query
            if query.task is None and is_text(query.features, query.operation):
                told = posterior_of(self._classifier.estimate(query.features, query.operation))
                sums = [have + more for have, more in zip(sums, told, strict=True)]
        total = sum(sums)
        return sums[0] / total, sums[1] / total, sums[2] / total

    def _reading(self, correction: TaskCorrection) -> Reading:
        """How the router would read with a correction."""

        def read(each: LoggedQuery) -> TaskEstimate:
            query = each.query
            if query.task is not None or not is_text(query.features, query.operation):
                return each.decisions[0].task
            told = self._classifier.estimate(query.features, query.operation)
            return correction.corrected(told, self._classifier.costs)

        return read


def all_trials(classifier: TaskClassifier) -> tuple[Trial, ...]:
    """Every head that is trained on the log of a router that reads with this classifier."""
    return (*TRIALS, TaskTrial(classifier))


def _task_named(each: LoggedQuery) -> int | None:
    """Which task a client named; None where it was left open, or an embedder was asked."""
    said = each.query.task
    if said is None or len(said.topics) != 1 or said.task not in GENERATIVE_TASKS:
        return None
    return GENERATIVE_TASKS.index(said.task)


def _fewest(named: list[Named]) -> int:
    return min(sum(each.task == task for each in named) for task in range(3))


def _correction(state: State) -> TaskCorrection:
    correction = TaskCorrection()
    correction.restore(state)
    return correction


def _gain(each: Named, champion: TaskCorrection, challenger: TaskCorrection) -> float:
    """By how many nats the named task surprises the challenger less."""
    before = champion.posterior(each.told)[each.task]
    after = challenger.posterior(each.told)[each.task]
    return log(max(after, _EDGE)) - log(max(before, _EDGE))


def _miss(each: Named, posterior: Posterior) -> float:
    """Half the squared error, in [0, 1]."""
    return 0.5 * sum((p - (t == each.task)) ** 2 for t, p in enumerate(posterior))
