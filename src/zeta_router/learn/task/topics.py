"""Topics: a task refined by what its text tells about domain and difficulty.

Two questions of one task may have little in common: on public tables, models that solve nine of ten
arithmetic word problems solve one of four problems of formal mathematics. So the posterior over
tasks is split further, into domains and, where difficulty can be told, into three bands. The names
are a closed set, ``task/domain`` or ``task/domain/band``, so that cells of quality and length know
what lies above them.

Bands overlap: between two of them a query belongs to both, in proportion. On tables that nothing
was trained on that predicted models' scores better than hard edges did.

Difficulty of reasoning is a regression trained on graded mathematics; it tells hard from easy in
mathematics of other sources, and little in science or logic. There is no graded code to train on:
its band is the length of what is asked. Simple queries have none, because nothing tried told hard
questions of fact from easy ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, isnan
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zeta_router.core.errors import BugError
from zeta_router.core.query import GENERATIVE_TASKS, Operation, Task, TaskEstimate, TopicShare
from zeta_router.learn.task.protocol import PROBABILITY, TaskClassifier, TaskCosts, new_tuple
from zeta_router.learn.task.trained import TrainedClassifier, features_digest, is_text, vector

BANDS: Final = ("easy", "medium", "hard")

LEAST_TASK: Final = 0.05
"""A task less probable than that is left whole: its topics would hardly count."""

LEAST_SHARE: Final = 0.12
"""A domain with less of its task is left out, and its share given to the others."""

_GENERATIVE: Final = frozenset(GENERATIVE_TASKS)


@dataclass(frozen=True, slots=True)
class TopicWeights:
    """What training found, ready for inference.

    Attributes:
        domains: Names, ``task/domain``; those of one task stand together.
        matrix: Features by columns: a score per domain, then a difficulty per generative task.
        bias: One per column.
        centres: Domains by bands: the difficulty at which a query is all of that band, rising;
            NaN for a domain without bands.
        features: `features_digest` of the code that trained them.
    """

    domains: tuple[str, ...]
    matrix: NDArray[np.float32]
    bias: NDArray[np.float32]
    centres: NDArray[np.float32]
    features: str


def domain_of(topic: str) -> str | None:
    """The domain that a topic with a band belongs to; None for any other name."""
    domain, slash, _ = topic.rpartition("/")
    return domain if slash and "/" in domain else None


class TopicReader:
    """A `TaskClassifier` that refines what another one says.

    Tasks keep their probabilities and the task to act on stays; only topics become finer.

    Args:
        classifier: Tells the tasks.
        weights: See `TopicWeights`.

    Raises:
        BugError: The weights were trained for other features than this code extracts.
    """

    def __init__(self, classifier: TaskClassifier, weights: TopicWeights) -> None:
        if weights.features != features_digest():
            raise BugError(
                f"the topics' weights belong to features {weights.features}, this code extracts "
                f"{features_digest()}: run `zeta train topics` and ship its weights"
            )
        self._classifier = classifier
        self._columns = np.vstack((weights.matrix, weights.bias))
        self._shared: tuple[TrainedClassifier, int] | None = None
        if isinstance(classifier, TrainedClassifier):
            self._shared = classifier, classifier.columns.shape[1]
            self._columns = np.hstack((classifier.columns, self._columns))
        self._domains = {task: _domains(task, weights) for task in GENERATIVE_TASKS}

    @property
    def costs(self) -> TaskCosts:
        """Those of the classifier that tells the tasks."""
        return self._classifier.costs

    def estimate(self, features: tuple[float, ...], operation: Operation) -> TaskEstimate:
        """See `TaskClassifier.estimate`; a request without text is told by its task alone."""
        if not is_text(features, operation):
            return self._classifier.estimate(features, operation)
        scores = vector(features).dot(self._columns)
        if self._shared is None:
            known = self._classifier.estimate(features, operation)
        else:
            trained, own = self._shared
            known = trained.estimate_from(scores[:own])
            scores = scores[own:]
        found: list[TopicShare] = []
        columns = scores.tolist()
        for share in known.topics:
            _, task, probability = share
            if probability < LEAST_TASK or task not in _GENERATIVE:
                found.append(share)
            else:
                _split(task, probability, self._domains[task], columns, found)
        found.sort(key=PROBABILITY, reverse=True)
        return new_tuple(TaskEstimate, (known.task, tuple(found)))


class _Domain(NamedTuple):
    """One domain of a task: its name, and its bands if it has any."""

    name: str
    bands: tuple[str, str, str]
    centres: tuple[float, float, float] | None


class _Domains(NamedTuple):
    """The domains of one task: columns from `first` to before `end`, and its difficulty's."""

    first: int
    end: int
    difficulty: int
    each: tuple[_Domain, ...]


def _domains(task: Task, weights: TopicWeights) -> _Domains:
    difficulty = len(weights.domains) + GENERATIVE_TASKS.index(task)
    columns, each = [], []
    for column, name in enumerate(weights.domains):
        if name.partition("/")[0] != task.value:
            continue
        easy, medium, hard = (float(centre) for centre in weights.centres[column])
        bands = (f"{name}/{BANDS[0]}", f"{name}/{BANDS[1]}", f"{name}/{BANDS[2]}")
        columns.append(column)
        each.append(_Domain(name, bands, None if isnan(easy) else (easy, medium, hard)))
    first = columns[0] if columns else 0
    return _Domains(first, first + len(columns), difficulty, tuple(each))


def _split(
    task: Task, probability: float, domains: _Domains, scores: list[float], found: list[TopicShare]
) -> None:
    """Add the topics of a task of this probability to `found`; theirs sum to it."""
    first, end, difficulty, each = domains
    own = scores[first:end]
    top = max(own)
    masses = [exp(score - top) for score in own]
    least = LEAST_SHARE * sum(masses)
    part = probability / sum([mass for mass in masses if mass >= least])
    for (name, bands, centres), mass in zip(each, masses, strict=True):
        if mass < least:
            continue
        if centres is None:
            found.append(new_tuple(TopicShare, (name, task, part * mass)))
        else:
            _add_bands(bands, centres, task, part * mass, scores[difficulty], found)


def _add_bands(
    bands: tuple[str, str, str],
    centres: tuple[float, float, float],
    task: Task,
    probability: float,
    difficulty: float,
    found: list[TopicShare],
) -> None:
    """Add a domain, by the one or two bands that the difficulty lies in."""
    easy, medium, hard = centres
    if difficulty <= easy:
        found.append(new_tuple(TopicShare, (bands[0], task, probability)))
        return
    if difficulty >= hard:
        found.append(new_tuple(TopicShare, (bands[2], task, probability)))
        return
    if difficulty < medium:
        low, above = 0, (difficulty - easy) / (medium - easy)
    else:
        low, above = 1, (difficulty - medium) / (hard - medium)
    found.append(new_tuple(TopicShare, (bands[low], task, probability * (1.0 - above))))
    found.append(new_tuple(TopicShare, (bands[low + 1], task, probability * above)))
