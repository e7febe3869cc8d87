"""The work in a log: how long every model's answer to each query would have been.

The model that answered is known to the token. For the others the log has no answer; their lengths
come from a length head that began with the logged router's first predictions and learned from all
answers in the log, and from how this query's answer compared with what that head expects of the
model that gave it: a query whose answer was long for
one model is taken to be as far above the middle for the others (same quantile, capped at three
spreads). A query without an answer is given a quantile by lot, from its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos as _cos
from math import exp, log, pi, sqrt

from zeta_router.core.draws import Draws
from zeta_router.core.query import GENERATIVE_TASKS
from zeta_router.learn.length.head import LOG_SIGMA_FLOOR, LengthHead
from zeta_router.sim.replay.logged import LoggedQuery, Traffic, first_beliefs

BELIEF = 5.0
"""Answers that the logged router's first prediction is worth where a model was seen to answer."""

_FARTHEST = 3.0


class LoggedLengths:
    """Answer lengths for every query of a log and every model."""

    def __init__(self, traffic: Traffic) -> None:
        self._head = LengthHead()
        self._seed = traffic.seed
        for share, told in first_beliefs(traffic):
            if told.output_tokens >= 1.0:
                self._head.seed(
                    share.topic,
                    told.view.model.name,
                    told.output_tokens,
                    max(LOG_SIGMA_FLOOR, told.length_log_sigma),
                    BELIEF,
                    task=share.task,
                )
        for each in traffic.queries:
            self._learn(each)

    def tokens(self, each: LoggedQuery, model: str) -> int:
        """Tokens that `model` answers with, at least 1; what was logged where it did answer."""
        answered = each.answered
        who = each.model_of(answered.endpoint_id) if answered is not None else None
        if answered is not None and who == model and answered.outcome.output_tokens:
            return answered.outcome.output_tokens
        decision = each.decisions[0]
        if decision.task.task not in GENERATIVE_TASKS:
            return 1
        centre, spread = self._moments(each, model)
        tokens = exp(centre + spread * self._place(each, who))
        limit = each.query.max_output_tokens
        return max(1, round(tokens if limit is None else min(tokens, limit)))

    def _learn(self, each: LoggedQuery) -> None:
        answered = each.answered
        if answered is None or not answered.outcome.output_tokens:
            return
        model = each.model_of(answered.endpoint_id)
        if model is not None:
            cut = answered.outcome.finish_reason == "length"
            topics = each.decisions[0].task.topics
            self._head.observe(topics, model, answered.outcome.output_tokens, censored=cut)

    def _moments(self, each: LoggedQuery, model: str) -> tuple[float, float]:
        """Mean and spread of the logarithm."""
        mean, spread = self._head.expect(each.decisions[0].task.topics, model)
        return log(max(1.0, mean)) - 0.5 * spread * spread, spread

    def _place(self, each: LoggedQuery, who: str | None) -> float:
        """How many spreads from the middle this query's answers lie."""
        answered = each.answered
        if answered is None or who is None or not answered.outcome.output_tokens:
            draws = Draws(self._seed, f"{each.query.id}:length")
            away = sqrt(-2.0 * log(1.0 - draws.uniform())) * _cos(2.0 * pi * draws.uniform())
        else:
            centre, spread = self._moments(each, who)
            away = (log(answered.outcome.output_tokens) - centre) / spread
        return min(_FARTHEST, max(-_FARTHEST, away))


def prompt_tokens(each: LoggedQuery, ratio: float) -> int:
    """Length of the prompt as engines count it: as told, else the router's estimate times ratio."""
    told = _counted(each)
    return told if told is not None else max(1, round(each.query.prompt_tokens * ratio))


def tokens_ratio(queries: Sequence[LoggedQuery]) -> float:
    """What engines counted, over what the router had estimated; 1 where nothing was counted."""
    counted = estimated = 0
    for each in queries:
        told = _counted(each)
        if told is not None and each.query.prompt_tokens > 0:
            counted += told
            estimated += each.query.prompt_tokens
    return counted / estimated if counted and estimated else 1.0


def _counted(each: LoggedQuery) -> int | None:
    """Tokens of the prompt as the first engine that told them counted."""
    told = (attempt.outcome.prompt_tokens for attempt in each.attempts)
    return next((tokens for tokens in told if tokens is not None), None)
