"""How good a model's answers are, per topic, learned from feedback.

One Beta cell per (topic, model). It starts from a prior worth 20 observations, and what was seen
is discounted towards that prior at every further observation, so that a cell remembers about 67
and a model that got worse is found out. The prior of a topic that is a band of a domain is its
(domain, model) cell's mean, that cell's prior the (task, model) cell's mean, and that one's prior
the fleet file's figure or the size table's. After 100 answers to prompts of three domains, the step
in between took the log-loss on others from .533 to .500.

A prior is a guess, and fades to the worth of 4 observations as its cell gets rewards of its own.
In simulation, 500 to 600 rewards after priors in the wrong order, one that stays (with a memory of
50) still cost 0.9 points of quality-goodput where all answers are rewarded and 3.2 where a tenth
is; one that fades, nothing measurable (4 seeds, about 1 point of noise).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from math import isfinite, sqrt
from typing import Any, ClassVar

from zeta_router.core.fleet import Model
from zeta_router.core.query import Task, TopicShare
from zeta_router.learn.quality.cell import PRIOR_WEIGHT_LEFT, BetaCell, Trace
from zeta_router.learn.quality.sizes import prior_quality
from zeta_router.learn.task.topics import domain_of

PRIOR_WEIGHT = 20.0

_LEAST_SHARE = 0.05
_YOUNG = 20.0

Traces = tuple[Trace, ...]
"""What one vote left in the cells it went to."""

_Line = tuple[float, tuple[BetaCell, ...]]
_Lineage = tuple[tuple[BetaCell, bool], ...]


class QualityCells:
    """Expected quality of each model on each topic, with its uncertainty.

    A topic belongs to one task.

    Args:
        models: The fleet's models, for their priors; a model not among them gets the size table's
            figure for its name.
        prior_weight: Observations that a prior is worth.
        caution: Standard deviations taken off the mean of cells with less than 20 observations;
            0 takes none. Against the optimism of choosing the largest of several guesses.
    """

    STATE_VERSION: ClassVar = 2

    __slots__ = (
        "_caution",
        "_cells",
        "_lineages",
        "_lines",
        "_models",
        "_prior_weight",
        "_seeds",
        "_settled",
        "_tasks",
    )

    def __init__(
        self,
        models: Mapping[str, Model],
        *,
        prior_weight: float = PRIOR_WEIGHT,
        caution: float = 0.0,
    ) -> None:
        self._models = models
        self._prior_weight = prior_weight
        self._caution = caution
        self._cells: dict[tuple[str, str], BetaCell] = {}
        self._tasks: dict[tuple[Task, str], BetaCell] = {}
        self._seeds: dict[tuple[str, str], float] = {}
        self._settled: dict[str, dict[str, float]] = {}
        self._lines: dict[tuple[str, str], _Line] = {}
        self._lineages: dict[tuple[str, str], _Lineage] = {}

    def configure(self, models: Mapping[str, Model]) -> None:
        """Take the models, and so the priors, of a new configuration; evidence stays."""
        self._models = models
        self._settled.clear()
        self._lines.clear()

    def mean(self, topics: Sequence[TopicShare], model: str) -> float:
        """Expected quality over the posterior `topics`, 0..1, less the caution if any."""
        settled = self._settled.get(model)
        if settled is None:
            settled = self._settled[model] = {}
        total = 0.0
        for share in topics:
            topic, _, probability = share
            known = settled.get(topic)
            if known is None:
                known = settled[topic] = self._settle(share, model)
            total += probability * known
        return total

    def sigma(self, topics: Sequence[TopicShare], model: str) -> float:
        """Standard deviation of what `mean` estimates: ignorance, not the spread of answers."""
        variance = sum(s.probability * self._sigma_of(s, model) ** 2 for s in topics)
        return sqrt(variance)

    def interval(
        self, topics: Sequence[TopicShare], model: str, z: float = 1.96
    ) -> tuple[float, float]:
        """Bounds `z` standard deviations around the mean, cut to [0, 1]."""
        mean = sum(s.probability * self._mean_of(s, model) for s in topics)
        width = z * self.sigma(topics, model)
        return max(0.0, mean - width), min(1.0, mean + width)

    def evidence(self, topic: str, model: str) -> float:
        """Observations the cell is worth beyond its prior; 0 when there is no such cell."""
        cell = self._cells.get((topic, model))
        return cell.evidence if cell is not None else 0.0

    def observe(
        self,
        topics: Sequence[TopicShare],
        model: str,
        y: float,
        weight: float = 1.0,
        voter: str = "",
        cap: float = 1.0,
    ) -> Traces:
        """Learn a reward `y` in [0, 1] of `weight` in (0, 1]; anything else is ignored.

        Each topic's cell, and its task's, learns by its share of the posterior. Of each cell the
        `voter` may hold the share `cap`. What is returned takes the reward back (`take_back`).
        """
        if not (0.0 <= y <= 1.0 and isfinite(weight) and weight > 0.0):
            return ()
        left: list[Trace] = []
        for share in topics:
            if share.probability >= _LEAST_SHARE:
                part = min(1.0, weight) * share.probability
                left += self._add(share, model, part * y, part * (1.0 - y), voter, cap)
        self._settled.pop(model, None)
        return tuple(left)

    def push(
        self,
        topics: Sequence[TopicShare],
        model: str,
        amount: float,
        voter: str = "",
        cap: float = 1.0,
    ) -> Traces:
        """Move the mean without measuring it: up by a positive `amount`, in [-1, 1], else down.

        It moves the mean m by 2m(1 - m) · amount over the cell's weight, so that pushes that cancel
        out on average leave it where it is, at any m.
        """
        if not -1.0 <= amount <= 1.0:
            return ()
        left: list[Trace] = []
        for share in topics:
            if share.probability < _LEAST_SHARE:
                continue
            mean = self._mean_of(share, model)
            part = 2.0 * share.probability * amount
            up, down = max(0.0, part * mean), max(0.0, -part * (1.0 - mean))
            left += self._add(share, model, min(1.0, up), min(1.0, down), voter, cap)
        self._settled.pop(model, None)
        return tuple(left)

    def take_back(self, traces: Traces, model: str) -> None:
        """Undo what is left of an earlier reward: there is better evidence on the same answer."""
        for trace in traces:
            trace.cell.take_back(trace)
        self._settled.pop(model, None)

    def held(self, topic: str, model: str, voter: str) -> float:
        """Share of a cell, prior included, that stems from one voter."""
        cell = self._cells.get((topic, model))
        return cell.held(voter) if cell is not None else 0.0

    def seed(self, topic: str, model: str, mean: float, weight: float | None = None) -> None:
        """Give a cell a prior of its own, e.g. from a table: `mean` in [0, 1] worth `weight`."""
        self._seeds[topic, model] = mean
        self._cell(topic, model).prior_weight = self._prior_weight if weight is None else weight
        self._settled.pop(model, None)
        self._lines.clear()
        self._lineages.clear()

    def forget(self, model: str, keep_share: float = 0.2, topic: str | None = None) -> None:
        """Keep only a share of the evidence on `model`: it changed, by all signs.

        Of one topic where that is given; its task's cell then stays. The priors count for no more
        than they would after many rewards.
        """
        cells = [c for (t, m), c in self._cells.items() if m == model and topic in (None, t)]
        if topic is None:
            cells += [cell for (_, name), cell in self._tasks.items() if name == model]
        for cell in cells:
            cell.keep(keep_share)
            cell.prior_weight = min(cell.prior_weight, PRIOR_WEIGHT_LEFT)
        self._settled.pop(model, None)

    def known_models(self) -> tuple[str, ...]:
        """Models with evidence or a seeded prior, in the order in which they got it."""
        return tuple(dict.fromkeys(model for _, model in self._cells))

    def drop(self, models: Container[str]) -> None:
        """Know nothing of these models any more, not even seeded priors."""
        self._cells = {key: c for key, c in self._cells.items() if key[1] not in models}
        self._tasks = {key: c for key, c in self._tasks.items() if key[1] not in models}
        self._seeds = {key: mean for key, mean in self._seeds.items() if key[1] not in models}
        for known in (self._settled, self._lines, self._lineages):
            known.clear()

    def state(self) -> dict[str, Any]:
        """Evidence and seeded priors, as plain lists."""
        return {
            "cells": [[topic, model, *c.state()] for (topic, model), c in self._cells.items()],
            "tasks": [[task.value, model, *c.state()] for (task, model), c in self._tasks.items()],
            "seeds": [[topic, model, mean] for (topic, model), mean in self._seeds.items()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what was learned by an earlier `state()`."""
        cells = {(t, m): BetaCell.of(*rest) for t, m, *rest in state["cells"]}
        tasks = {(Task(t), m): BetaCell.of(*rest) for t, m, *rest in state["tasks"]}
        self._seeds = {(t, m): float(mean) for t, m, mean in state["seeds"]}
        self._cells, self._tasks = cells, tasks
        for known in (self._settled, self._lines, self._lineages):
            known.clear()

    def _add(
        self, share: TopicShare, model: str, up: float, down: float, voter: str, cap: float
    ) -> list[Trace]:
        left: list[Trace] = []
        held = 0.0
        for cell, prior_is_learned in self._lineage(share, model):
            above = held if prior_is_learned else 0.0
            trace = cell.add(up, down, voter, cap, above)
            if trace is not None:
                left.append(trace)
            held = cell.held(voter)
            if above:
                held += cell.prior_part * above
        return left

    def _lineage(self, share: TopicShare, model: str) -> _Lineage:
        """A topic's cells, the most general one first, and whether each one's prior is learned."""
        topic, task, _ = share
        lineage = self._lineages.get((topic, model))
        if lineage is None:
            domain = domain_of(topic)
            own = (topic,) if domain is None else (domain, topic)
            lineage = self._lineages[topic, model] = (
                (self._task_cell(task, model), False),
                *((self._cell(name, model), (name, model) not in self._seeds) for name in own),
            )
        return lineage

    def _cell(self, topic: str, model: str) -> BetaCell:
        cell = self._cells.get((topic, model))
        if cell is None:
            cell = self._cells[topic, model] = BetaCell(self._prior_weight)
            self._lines.clear()
        return cell

    def _task_cell(self, task: Task, model: str) -> BetaCell:
        cell = self._tasks.get((task, model))
        if cell is None:
            cell = self._tasks[task, model] = BetaCell(self._prior_weight)
            self._lines.clear()
        return cell

    def _settle(self, share: TopicShare, model: str) -> float:
        mean = self._mean_of(share, model)
        if self._caution > 0.0 and self.evidence(share.topic, model) < _YOUNG:
            mean = max(0.0, mean - self._caution * self._sigma_of(share, model))
        return mean

    def _mean_of(self, share: TopicShare, model: str) -> float:
        """`BetaCell.mean` of one after the other, written out: all decisions ask for many."""
        mean, cells = self._line(share, model)
        for cell in cells:
            weight, successes = cell.prior_weight, cell.successes
            mean = (weight * mean + successes) / (weight + (successes + cell.failures))
        return mean

    def _sigma_of(self, share: TopicShare, model: str) -> float:
        prior, cells = self._line(share, model)
        for cell in cells[:-1]:
            prior = cell.mean(prior)
        return cells[-1].sigma(prior)

    def _line(self, share: TopicShare, model: str) -> _Line:
        """The prior of a topic and the cells that correct it, its own last; kept until one is new.

        A seeded prior takes the place of everything above its cell. A topic without a cell gets an
        empty one, which is not kept with the others.
        """
        topic, task, _ = share
        line = self._lines.get((topic, model))
        if line is None:
            domain = domain_of(topic) or ""
            prior = self._task_prior(task, model)
            cells = [self._tasks.get((task, model))]
            for name in (domain, topic):
                seed = self._seeds.get((name, model))
                if seed is not None:
                    prior, cells = seed, []
                cells.append(self._cells.get((name, model)))
            own = cells.pop() or BetaCell(self._prior_weight)
            line = self._lines[topic, model] = prior, (*filter(None, cells), own)
        return line

    def _task_prior(self, task: Task, model: str) -> float:
        known = self._models.get(model)
        prior = known.tasks.get(task) if known is not None else None
        if prior is None:
            prior = prior_quality(task, known.params_b if known is not None else None, model)
        return prior
