"""What the router is told beforehand, and what a bound may know: means per topic and model.

The same arithmetic on two halves of the prompts: over the known half it gives the priors that the
router starts from, over the played half the class means that `class_bound` knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, sqrt

from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Task, TaskEstimate
from zeta_router.learn.length.head import LOG_SIGMA_FLOOR, LengthHead
from zeta_router.learn.quality.head import QualityCells
from zeta_router.sim.workload.tables import Prompt

QUALITY_RANGE = (0.01, 0.99)
"""Where wrong priors are cut: a Beta prior at 0 or 1 could never be unlearned."""


@dataclass(frozen=True, slots=True)
class Mean:
    """Averages over the prompts of one topic on one model.

    Attributes:
        quality: Mean score.
        output_tokens: Mean answer length; None when no answer has one.
        log_sigma: Spread of the length's logarithm; 0 when there is no length.
        weight: Prompts in it; shares of one where a prompt's topic is uncertain.
    """

    quality: float
    output_tokens: float | None
    log_sigma: float
    weight: float


Means = Mapping[tuple[str, str], Mean]
"""By topic and model."""


def by_table(prompts: Iterable[Prompt]) -> Means:
    """Means by the tables' own topics."""
    return means((prompt, ((prompt.topic, 1.0),)) for prompt in prompts)


def by_posterior(prompts: Sequence[Prompt], estimates: Sequence[TaskEstimate]) -> Means:
    """Means by what a classifier takes the prompts for; each counts by its shares."""
    return means(
        (prompt, tuple((share.topic, share.probability) for share in estimate.topics))
        for prompt, estimate in zip(prompts, estimates, strict=True)
    )


def means(prompts: Iterable[tuple[Prompt, Sequence[tuple[str, float]]]]) -> Means:
    """Means over prompts with their shares of topics."""
    sums: dict[tuple[str, str], _Sums] = defaultdict(_Sums)
    for prompt, shares in prompts:
        for topic, share in shares:
            for model, answer in prompt.answers.items():
                sums[topic, model].add(share, answer.score, answer.output_tokens)
    return {key: total.mean() for key, total in sums.items() if total.weight > 0}


class _Sums:
    """Weighted sums behind one `Mean`."""

    def __init__(self) -> None:
        self.weight = self.score = 0.0
        self.lengths = self.tokens = self.logs = self.squares = 0.0

    def add(self, share: float, score: float, tokens: int | None) -> None:
        self.weight += share
        self.score += share * score
        if tokens is not None:
            log_tokens = log(max(1, tokens))
            self.lengths += share
            self.tokens += share * tokens
            self.logs += share * log_tokens
            self.squares += share * log_tokens * log_tokens

    def mean(self) -> Mean:
        if not self.lengths:
            return Mean(self.score / self.weight, None, 0.0, self.weight)
        log_mean = self.logs / self.lengths
        variance = max(0.0, self.squares / self.lengths - log_mean * log_mean)
        return Mean(
            self.score / self.weight, self.tokens / self.lengths, sqrt(variance), self.weight
        )


def falsified(priors: Means, how: str) -> Means:
    """Priors that are wrong on purpose, to see whether the router survives them.

    Args:
        priors: The true ones.
        how: ``true`` leaves them; ``swapped`` gives each topic's best model the figures of its
            worst, the second best those of the second worst, and so on; ``xF`` (``x2``, ``x0.5``)
            multiplies every mean quality (cut to .01 … .99) and every mean length by F.

    Raises:
        ConfigError: For any other word.
    """
    if how == "true":
        return priors
    if how == "swapped":
        return _swapped(priors)
    try:
        factor = float(how.removeprefix("x"))
    except ValueError:
        factor = 0.0
    if not (how.startswith("x") and 0 < factor < float("inf")):
        raise ConfigError("priors", f"{how!r} is not one of true, swapped, xF (such as x2)")
    return {
        key: replace(
            mean,
            quality=min(max(mean.quality * factor, QUALITY_RANGE[0]), QUALITY_RANGE[1]),
            output_tokens=None if mean.output_tokens is None else mean.output_tokens * factor,
        )
        for key, mean in priors.items()
    }


def _swapped(priors: Means) -> Means:
    swapped: dict[tuple[str, str], Mean] = {}
    for topic in {topic for topic, _ in priors}:
        models = sorted(
            (model for t, model in priors if t == topic),
            key=lambda model: (priors[topic, model].quality, model),
        )
        for model, other in zip(models, reversed(models), strict=True):
            swapped[topic, model] = priors[topic, other]
    return swapped


def seed_heads(
    priors: Means, task_of: Mapping[str, Task], quality: QualityCells, length: LengthHead
) -> None:
    """Put priors into the heads of a router, before its first query."""
    for (topic, model), mean in sorted(priors.items()):
        quality.seed(topic, model, mean.quality)
        if mean.output_tokens is not None:
            sigma = max(LOG_SIGMA_FLOOR, mean.log_sigma)
            length.seed(topic, model, mean.output_tokens, sigma, task=task_of[topic])
