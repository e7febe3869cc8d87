"""How long an answer will be, per topic and model, learned from the answers that came.

Output length decides most of an answer's time and work. It differs between models on the same
question, and not always in favour of the small one: a small model may ramble three times as long.
So there is a cell per (topic, model), pulled towards its (domain, model) cell where the topic is a
band of a domain, that towards its (task, model) cell, that towards the task over all models, which
starts from a guess. Reasoning tokens are output.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from math import log, sqrt
from typing import Any, ClassVar

from zeta_router.core.query import Task, TopicShare
from zeta_router.learn.length.cell import (
    MEMORY,
    NO_OUTPUT,
    Length,
    LengthCell,
    length_of,
    settle,
)
from zeta_router.learn.length.stretch import LengthStretch
from zeta_router.learn.length.tail import LengthHistogram, log_normal_beyond
from zeta_router.learn.task.topics import domain_of

LOG_SIGMA_FLOOR = 0.35
"""Least spread admitted to: a sharper one made soft objectives as brittle as hard ones."""

PULL = 5.0
"""Answers that a cell's parent is worth."""

TASK_GUESS = {
    Task.SIMPLE: length_of(150.0, 1.0),
    Task.CODE: length_of(350.0, 0.9),
    Task.REASONING: length_of(500.0, 0.8),
}
"""Lengths assumed before any answer was seen. Tasks not listed have no output."""

_LEAST_SHARE = 0.05
_LONGEST_TOKENS = 1e7
_FLOOR_VARIANCE = LOG_SIGMA_FLOOR**2


class LengthHead:
    """Expected output length and its spread; mean residual life of answers under way.

    A topic belongs to one task. Cells are made when first observed or seeded.
    """

    STATE_VERSION: ClassVar = 2

    __slots__ = (
        "_cells",
        "_histograms",
        "_lineages",
        "_lines",
        "_settled",
        "_stretches",
        "_tasks",
        "_topics",
    )

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str], LengthCell] = {}
        self._histograms: dict[tuple[str, str], LengthHistogram] = {}
        self._tasks: dict[tuple[Task, str], LengthCell] = {}
        self._topics: dict[str, Task] = {}
        self._settled: dict[str, dict[str, Length]] = {}
        self._stretches: dict[str, LengthStretch] = {}
        self._lineages: dict[tuple[str, str], tuple[LengthCell, ...]] = {}
        self._lines: dict[tuple[str, str], tuple[LengthCell, ...]] = {}

    def expect(
        self,
        topics: Sequence[TopicShare],
        model: str,
        max_output_tokens: int | None = None,
        stretch: float = 1.0,
    ) -> tuple[float, float]:
        """Mean tokens (at most `max_output_tokens`) and the spread of their logarithm.

        Embedding and rerank have no output: 0 tokens. The spread is at least `LOG_SIGMA_FLOOR`.
        `stretch` is the query's own factor, the same for every model (see `stretch`).
        """
        settled = self._settled.get(model)
        if settled is None:
            settled = self._settled[model] = {}
        mean = log_mean = log_square = 0.0
        for topic, task, probability in topics:
            length = settled.get(topic)
            if length is None:
                length = settled[topic] = self._settle(topic, task, model)
            part_mean, part_log_mean, part_log_variance = length
            mean += probability * part_mean
            log_mean += probability * part_log_mean
            log_square += probability * (part_log_variance + part_log_mean * part_log_mean)
        mean *= stretch
        if max_output_tokens is not None and mean > max_output_tokens:
            mean = float(max_output_tokens)
        variance = log_square - log_mean * log_mean
        return mean, sqrt(variance) if variance > _FLOOR_VARIANCE else LOG_SIGMA_FLOOR

    def stretch(self, topics: Sequence[TopicShare], features: tuple[float, ...]) -> float:
        """Factor by which answers to a query with these features depart from their cell's mean.

        Within 1/e and e; 1 while that was not shown to help in the most probable topic's domain.
        Work it out once per query.
        """
        known = self._stretches.get(_domain(topics)) if features else None
        return 1.0 if known is None else known.factor(features)

    def remaining(
        self,
        topics: Sequence[TopicShare],
        model: str,
        emitted_tokens: float,
        max_output_tokens: int | None = None,
    ) -> float:
        """Tokens still to come from an answer that has produced `emitted_tokens` so far.

        The mean residual life: an answer that runs long keeps looking long, instead of looking
        finished when it passes its expectation.
        """
        longer = excess = 0.0
        for share in topics:
            if share.probability < _LEAST_SHARE:
                continue
            part, more = self._beyond(share.topic, share.task, model, emitted_tokens)
            longer += share.probability * part
            excess += share.probability * more
        # Beyond everything seen, a log-normal tail grows about in proportion to what came.
        left = excess / longer if longer > 1e-9 else 0.25 * emitted_tokens
        if max_output_tokens is not None:
            left = min(left, max(0.0, max_output_tokens - emitted_tokens))
        return left

    def observe(
        self,
        topics: Sequence[TopicShare],
        model: str,
        output_tokens: float,
        *,
        censored: bool = False,
        features: tuple[float, ...] = (),
    ) -> None:
        """Learn from an answer of `output_tokens`; below 1, above 10 million and NaN are ignored.

        Args:
            topics: The query's posterior; each topic's cell learns by its share.
            model: Which model answered.
            output_tokens: Tokens it produced, reasoning included.
            censored: Whether it was cut (a token limit, a cancel), so that it would have been
                longer. It then counts as what was expected of an answer this long, at most twice
                its length: where every answer is cut, nothing limits the guess.
            features: The query's features, for its `stretch`; cut answers teach it nothing.
        """
        if not 1.0 <= output_tokens <= _LONGEST_TOKENS:
            return
        tokens = output_tokens
        if censored:
            tokens += min(output_tokens, self.remaining(topics, model, output_tokens))
        elif features:
            self._learn_stretch(topics, model, tokens, features)
        for topic, task, probability in topics:
            if probability < _LEAST_SHARE or task not in TASK_GUESS:
                continue
            self._topics[topic] = task
            for cell in self._lineage(topic, task, model):
                cell.add(tokens, probability)
            self._histogram(topic, model).add(tokens, probability)
        self._settled.pop(model, None)

    def seed(
        self,
        topic: str,
        model: str,
        mean_tokens: float,
        log_sigma: float,
        weight: float = MEMORY,
        *,
        task: Task | None = None,
    ) -> None:
        """Start a cell from a table, as if `weight` > 0 answers had been seen.

        `task` may be left out when the topic was seen before or is a task's name; else it counts
        as simple. The (task, model) cell is seeded with it, so that other topics profit.
        """
        task = task or self._topics.get(topic) or _task_named(topic)
        self._topics[topic] = task
        for cell in self._lineage(topic, task, model):
            cell.seed(length_of(mean_tokens, log_sigma), weight)
        self._settled.clear()

    def known_models(self) -> tuple[str, ...]:
        """Models with a cell of their own, in the order in which they got it."""
        return tuple(dict.fromkeys(model for _, model in self._cells))

    def drop(self, models: Container[str]) -> None:
        """Know nothing of these models any more; what they taught of tasks stays."""
        self._cells = {key: c for key, c in self._cells.items() if key[1] not in models}
        self._tasks = {key: c for key, c in self._tasks.items() if key[1] not in models}
        self._histograms = {key: h for key, h in self._histograms.items() if key[1] not in models}
        for known in (self._settled, self._lineages, self._lines):
            known.clear()

    def state(self) -> dict[str, Any]:
        """Every cell, as plain lists."""
        return {
            "cells": [[topic, model, c.state()] for (topic, model), c in self._cells.items()],
            "tasks": [[task.value, model, c.state()] for (task, model), c in self._tasks.items()],
            "tails": [[topic, model, h.state()] for (topic, model), h in self._histograms.items()],
            "topics": {topic: task.value for topic, task in self._topics.items()},
            "stretches": {domain: s.state() for domain, s in self._stretches.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what was learned by an earlier `state()`."""
        cells = {(t, m): LengthCell.restored(c) for t, m, c in state["cells"]}
        tasks = {(Task(t), m): LengthCell.restored(c) for t, m, c in state["tasks"]}
        tails = {(t, m): LengthHistogram.restored(h) for t, m, h in state["tails"]}
        topics = {topic: Task(task) for topic, task in state["topics"].items()}
        stretches = {}
        for domain, stretch in state["stretches"].items():
            stretches[domain] = LengthStretch()
            stretches[domain].restore(stretch)
        self._stretches = stretches
        self._cells, self._tasks, self._histograms, self._topics = cells, tasks, tails, topics
        for known in (self._settled, self._lineages, self._lines):
            known.clear()

    def _lineage(self, topic: str, task: Task, model: str) -> tuple[LengthCell, ...]:
        """The cell and those above it, up to the task's own over all models; made where missing."""
        lineage = self._lineages.get((topic, model))
        if lineage is None:
            domain = domain_of(topic)
            own = (topic,) if domain is None else (topic, domain)
            lineage = self._lineages[topic, model] = (
                *(self._cells.setdefault((name, model), LengthCell()) for name in own),
                self._tasks.setdefault((task, model), LengthCell()),
                self._tasks.setdefault((task, ""), LengthCell()),
            )
            self._lines.clear()
        return lineage

    def _histogram(self, topic: str, model: str) -> LengthHistogram:
        histogram = self._histograms.get((topic, model))
        if histogram is None:
            histogram = self._histograms[topic, model] = LengthHistogram()
        return histogram

    def _learn_stretch(
        self,
        topics: Sequence[TopicShare],
        model: str,
        tokens: float,
        features: tuple[float, ...],
    ) -> None:
        expected = 0.0
        for topic, task, probability in topics:
            expected += probability * self._settle(topic, task, model).log_mean
        domain = _domain(topics)
        stretch = self._stretches.get(domain)
        if stretch is None:
            stretch = self._stretches[domain] = LengthStretch()
        stretch.learn(features, log(tokens) - expected)

    def _settle(self, topic: str, task: Task, model: str) -> Length:
        guess = TASK_GUESS.get(task)
        if guess is None:
            return NO_OUTPUT
        line = self._lines.get((topic, model))
        if line is None:
            line = self._lines[topic, model] = self._line(topic, task, model)
        return settle(line, PULL, guess)

    def _line(self, topic: str, task: Task, model: str) -> tuple[LengthCell, ...]:
        """The cells of `_lineage` that there are, the most general one first."""
        line = (
            self._tasks.get((task, "")),
            self._tasks.get((task, model)),
            self._cells.get((domain_of(topic) or "", model)),
            self._cells.get((topic, model)),
        )
        return tuple([cell for cell in line if cell is not None])

    def _beyond(
        self, topic: str, task: Task, model: str, emitted_tokens: float
    ) -> tuple[float, float]:
        """Share of answers longer than `emitted_tokens`, and their mean excess times that share."""
        settled = self._settled.setdefault(model, {})
        guess = settled.get(topic)
        if guess is None:
            guess = settled[topic] = self._settle(topic, task, model)
        if guess.mean_tokens <= 0.0:
            return 0.0, 0.0
        longer, excess = log_normal_beyond(guess, emitted_tokens)
        histogram = self._histograms.get((topic, model))
        if histogram is None:
            return longer, excess
        seen, seen_longer, seen_excess = histogram.beyond(emitted_tokens)
        total = seen + PULL
        return (seen_longer + PULL * longer) / total, (seen_excess + PULL * excess) / total


def _domain(topics: Sequence[TopicShare]) -> str:
    """The domain of the most probable topic; the topic itself where it has no bands."""
    topic = topics[0].topic
    return domain_of(topic) or topic


def _task_named(topic: str) -> Task:
    try:
        return Task(topic)
    except ValueError:
        return Task.SIMPLE
